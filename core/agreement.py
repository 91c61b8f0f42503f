"""How far people agree on the hits they judged: percent, Cohen's kappa, Krippendorff's alpha, with intervals.

    python -m core.agreement --db judgements.db [--roles] [--blind] [--json OUT.json]

A unit is an item (a query and a hit) with two opinions or more. Alpha is nominal, for any number of people,
of whom not everybody judged everything (Krippendorff 2004, ch. 11); kappa is of two people (Cohen 1960).
Values come from the libraries krippendorff and scikit-learn; intervals are 95 % percentile bootstraps over
units (`core.agreement_bootstrap`).
"""

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from core.agreement_bootstrap import (
    interval,
    nominal_alpha,
    nominal_alpha_columns,
    pair_kappa,
    ratio,
)
from core.cli import entry
from core.files import write_json
from core.judgements import events, open_store
from core.opinions import opinions
from core.verdicts import VOCABULARY, Event, Verdict, role_of

Ratings = Sequence[Mapping[str, str]]
"""Of each unit, each person's label."""


@dataclass(frozen=True)
class Measured:
    """A value and its 95 % interval; None where it is not defined (nobody in common, or one label alone)."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Overall:
    """All people: units, opinions on them, people; the mean share of agreeing pairs (percent), and alpha."""

    units: int
    opinions: int
    annotators: int
    percent: Measured
    alpha: Measured


@dataclass(frozen=True)
class OfVerdict:
    """One verdict against the rest.

    `percent` is its specific agreement (Spitzer and Fleiss 1974): of the opinions that give it and are paired
    with another person's, the share whose other gives it too. `alpha` is that of "this verdict, or another".
    """

    opinions: int
    percent: Measured
    alpha: Measured


@dataclass(frozen=True)
class OfPeople:
    """One person against each of the others, or two people: units in common, percent and kappa.

    Against several others, kappa is of the pooled pairs (the person's label, the other's).
    """

    units: int
    percent: Measured
    kappa: Measured


@dataclass(frozen=True)
class Agreement:
    """How far people agree: in all, by verdict, each person against the others, and every two of them."""

    overall: Overall
    verdicts: dict[str, OfVerdict]
    annotators: dict[str, OfPeople]
    pairs: dict[tuple[str, str], OfPeople]


def ratings(
    history: Iterable[Event],
    roles: bool = False,
    blind: bool = False,
    vocabulary: Mapping[str, Verdict] = VOCABULARY,
) -> list[dict[str, str]]:
    """Of each item with two opinions or more, each person's verdict, or with `roles` its role.

    `blind` counts beside the first opinion on an item only those that were given blindly: others may have
    been given in sight of the first.
    """
    found = []
    for said in opinions(history).values():
        kept = [event for place, event in enumerate(said) if not (blind and place) or event.judgement.blind]
        if len(kept) > 1:
            verdicts = {event.judgement.annotator: event.judgement.verdict for event in kept}
            found.append({who: role_of(v, vocabulary) if roles else v for who, v in verdicts.items()})
    return found


def agreement(units: Ratings, samples: int = 1000, seed: int = 0) -> Agreement:
    """The agreement of these units; those with fewer than two labels do not count."""
    kept = [unit for unit in units if len(unit) > 1]
    labels = sorted({label for unit in kept for label in unit.values()})
    people = sorted({name for unit in kept for name in unit})
    counts = np.array(
        [[[*unit.values()].count(label) for label in labels] for unit in kept], dtype=np.float64
    )
    counts = counts.reshape(len(kept), len(labels))  # [units, labels]
    draw = (samples, seed)
    paired = _paired(kept)
    return Agreement(
        Overall(
            len(kept),
            int(counts.sum()),
            len(people),
            _measured(_percent_columns(counts), ratio, draw),
            _alpha(counts, draw),
        ),
        {label: _of_verdict(counts, place, draw) for place, label in enumerate(labels)},
        {
            name: _of_people([paired[other] for other in paired if other[0] == name], labels, draw)
            for name in people
        },
        {
            pair: _of_people([paired[pair]], labels, draw)
            for pair in combinations(people, 2)
            if pair in paired
        },
    )


def _measured(
    columns: np.ndarray,
    measure: Callable[[np.ndarray], np.ndarray],
    draw: tuple[int, int],
    value: float | None = None,
) -> Measured:
    """The measure of columns [units, k] and its interval; `value` where a library has said it already."""
    if not len(columns):
        return Measured(None, None, None)
    point = float(measure(columns.sum(axis=0)[None])[0]) if value is None else value
    if not np.isfinite(point):
        return Measured(None, None, None)
    low, high = interval(columns, measure, *draw)
    return Measured(point, low, high)


def _percent_columns(counts: np.ndarray) -> np.ndarray:
    """[units, 2]: 100 times the share of pairs that agree, and 1."""
    size = counts.sum(axis=1)
    agreeing = (counts * (counts - 1)).sum(axis=1) / (size * (size - 1))
    return np.stack([100 * agreeing, np.ones(len(counts))], axis=1)


def _alpha(counts: np.ndarray, draw: tuple[int, int]) -> Measured:
    if len(counts) == 0 or (counts.sum(axis=0) > 0).sum() < 2:
        return Measured(None, None, None)
    import krippendorff

    value = float(krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"))
    return _measured(nominal_alpha_columns(counts), nominal_alpha, draw, value)


def _of_verdict(counts: np.ndarray, place: int, draw: tuple[int, int]) -> OfVerdict:
    given = counts[:, place]
    others = counts.sum(axis=1) - 1
    # an opinion counts by the share of the others on its unit who say the same
    columns = np.stack([100 * given * (given - 1) / others, given], axis=1)
    two = np.stack([given, counts.sum(axis=1) - given], axis=1)
    return OfVerdict(int(given.sum()), _measured(columns, ratio, draw), _alpha(two, draw))


Pairs = list[tuple[int, str, str]]
"""The unit, one person's label on it and the other's."""


def _paired(units: Ratings) -> dict[tuple[str, str], Pairs]:
    paired: dict[tuple[str, str], Pairs] = {}
    for number, unit in enumerate(units):
        for one in unit:
            for other in unit:
                if one != other:
                    paired.setdefault((one, other), []).append((number, unit[one], unit[other]))
    return paired


def _of_people(pairs: Sequence[Pairs], labels: Sequence[str], draw: tuple[int, int]) -> OfPeople:
    flat = [pair for some in pairs for pair in some]
    place = {number: row for row, number in enumerate(sorted({number for number, _, _ in flat}))}
    code = {label: number for number, label in enumerate(labels)}
    size = len(labels)
    table = np.zeros(
        (len(place), size * size)
    )  # each unit's pairs, as a row of the table of labels by labels
    for number, one, other in flat:
        table[place[number], code[one] * size + code[other]] += 1
    same = table[:, :: size + 1].sum(axis=1)
    percent = _measured(np.stack([100 * same, table.sum(axis=1)], axis=1), ratio, draw)
    return OfPeople(len(place), percent, _kappa(flat, table, draw))


def _kappa(flat: Pairs, table: np.ndarray, draw: tuple[int, int]) -> Measured:
    if len({label for _, one, other in flat for label in (one, other)}) < 2:
        return Measured(None, None, None)
    from sklearn.metrics import cohen_kappa_score

    value = float(cohen_kappa_score([one for _, one, _ in flat], [other for _, _, other in flat]))
    return _measured(table, pair_kappa, draw, value)


def as_json(found: Agreement) -> dict[str, object]:
    """Plain values for JSON; a pair is a record with its two `annotators`."""
    plain = asdict(found)
    plain["pairs"] = [{"annotators": list(pair), **asdict(told)} for pair, told in found.pairs.items()]
    return plain


def _told(name: str, measured: Measured) -> str:
    if measured.value is None:
        return f"{name} not defined"
    ends = "" if measured.low is None else f" [{measured.low:.2f}, {measured.high:.2f}]"
    return f"{name} {measured.value:.2f}{ends}"


def lines(found: Agreement) -> list[str]:
    """The agreement as lines to read."""
    all_ = found.overall
    told = [
        f"{all_.units} items with {all_.opinions} opinions of {all_.annotators} people: "
        f"{_told('percent', all_.percent)}, {_told('alpha', all_.alpha)}"
    ]
    for verdict, one in found.verdicts.items():
        told.append(
            f"  {verdict}: {one.opinions} opinions, "
            f"{_told('percent', one.percent)}, {_told('alpha', one.alpha)}"
        )
    people = {f"{name}, against the others": of for name, of in found.annotators.items()}
    people |= {" and ".join(pair): of for pair, of in found.pairs.items()}
    for name, of in people.items():
        told.append(f"  {name}: {of.units} items, {_told('percent', of.percent)}, {_told('kappa', of.kappa)}")
    return told


def main() -> None:
    """Say how far the people who judged agree: in all, by verdict and by person, with 95 % intervals."""
    parser = argparse.ArgumentParser(prog="python -m core.agreement", description=main.__doc__)
    parser.add_argument("--db", type=Path, required=True, help="the judgements file")
    parser.add_argument("--roles", action="store_true", help="compare roles, not the verdicts' names")
    parser.add_argument("--blind", action="store_true", help="beside the first opinion count only blind ones")
    parser.add_argument("--json", type=Path, help="also write it as JSON")
    arguments = parser.parse_args()
    store = open_store(arguments.db, create=False)
    try:
        units = ratings(events(store), arguments.roles, arguments.blind, store.vocabulary)
    finally:
        store.close()
    found = agreement(units)
    if arguments.json:
        write_json(arguments.json, as_json(found))
    print("\n".join(lines(found)))


if __name__ == "__main__":
    entry(main)
