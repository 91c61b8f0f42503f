"""Measures a model on texts written by hand, put to several references of a catalogue each.

    python -m train.handwritten --model assets/model --index INDEX --garments garments.jsonl \\
        --texts changes.jsonl own.jsonl --json OUT.json --sheet OUT.png

A text says what its reference must be like and exactly what it asks for (`core.requests`); so any hit of the
catalogue can be judged by its record, and nobody has to name one right answer.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core import runs
from core.cli import entry
from core.errors import HemlineError
from core.evaluation.kinds import length_of_text
from core.evaluation.preservation import DEEP, summarise
from core.evaluation.shares import Share, shares
from core.files import fingerprint, sha256_file, write_json
from core.requests import read_requests
from core.types import Garment, values
from train.answers import REFERENCES, Answered, answer_all
from train.evaluate import attribute_lines, checkpoint_facts
from train.references import References

if TYPE_CHECKING:
    from core.search import Searcher


def report(rows: Sequence[Answered], drawn: Mapping[str, References]) -> dict[str, Any]:
    """What the answers come to; shares in percent with 95 % intervals over texts, each text weighing one.

    "edit_accuracy" and "preservation" as in `core.evaluation.preservation.Attributes`; "best": the share
    whose top hit is right and keeps as many fields as any right answer does; "ceiling": "met", the share that
    has a right answer in the catalogue, "preservation" and "strict", what the best right answers keep;
    "groups": the same in short "by change", "by number of changes", "by words" and "by file"; "left_out":
    texts that no garment of the catalogue can be asked.
    """
    texts = _clusters(rows)
    told = summarise([row.outcome for row in rows], "requests", texts)
    standings: Counter[str] = Counter()
    for references in drawn.values():
        standings.update(references.counts)
    return {
        "texts": len(set(texts)),
        "queries": len(rows),
        "references_by_text": dict(sorted(Counter(len(r.ids) for r in drawn.values()).items())),
        "fitting_references": dict(standings),
        "left_out": [{"text": t, "fitting": r.counts} for t, r in drawn.items() if not r.ids],
        "edit_accuracy": _told(told.edit_accuracy),
        "preservation": _told(told.preservation),
        "best": asdict(shares({"best": np.array([_is_best(row) for row in rows])}, texts)["best"]),
        "ceiling": _told(_ceiling(rows)),
        "groups": {
            name: {key: _in_short(some) for key, some in _grouped(rows, keys).items()}
            for name, keys in _GROUPS.items()
        },
    }


def _is_best(row: Answered) -> float:
    same = row.outcome.kept
    if not row.outcome.met or row.best_kept is None:
        return 0.0
    return float(sum(same.values()) / len(same) >= row.best_kept)


def _ceiling(rows: Sequence[Answered]) -> dict[str, Share]:
    best = [np.nan if row.best_kept is None else row.best_kept for row in rows]
    columns = {
        "met": np.array([float(row.answerable) for row in rows]),
        "preservation": np.array(best),
        "strict": np.array([float(value == 1) if value == value else np.nan for value in best]),
    }
    return shares(columns, _clusters(rows))


def _clusters(rows: Sequence[Answered]) -> list[str]:
    return [row.text.text for row in rows]


def _told(measured: Mapping[str, Share]) -> dict[str, dict[str, Any]]:
    return {name: asdict(share) for name, share in measured.items()}


def _in_short(rows: Sequence[Answered]) -> dict[str, Any]:
    texts = _clusters(rows)
    told = summarise([row.outcome for row in rows], "requests", texts)
    chosen = {
        "top1": told.edit_accuracy.get("top1"),
        "top10": told.edit_accuracy.get("top10"),
        "preservation": told.preservation.get("mean"),
        "answerable": _ceiling(rows).get("met"),
    }
    return {"texts": len(set(texts)), **_told({name: s for name, s in chosen.items() if s is not None})}


def _grouped(
    rows: Sequence[Answered], keys: Callable[[Answered], Sequence[str]]
) -> dict[str, list[Answered]]:
    groups: dict[str, list[Answered]] = {}
    for row in rows:
        for key in keys(row):
            groups.setdefault(key, []).append(row)
    return dict(sorted(groups.items()))


def _changes(row: Answered) -> list[str]:
    request = row.text.request
    others = [name for name in ("add", "remove") if getattr(request, name)]
    return [*request.edits, *others]


def _number(row: Answered) -> list[str]:
    request = row.text.request
    count = len(request.edits) + len(request.add) + len(request.remove)
    return [str(count) if count < 3 else "3 or more"]


_GROUPS: dict[str, Callable[[Answered], Sequence[str]]] = {
    "by change": _changes,
    "by number of changes": _number,
    "by words": lambda row: [length_of_text(row.text.text)],
    "by file": lambda row: [row.source],
}


def summary(value: Mapping[str, Any]) -> str:
    """A report as text for a terminal."""
    from core.evaluation.preservation import from_dict

    shown = {side: value[side] for side in ("edit_accuracy", "preservation")}
    told = from_dict({"source": "requests", "queries": value["queries"], "asked": value["queries"], **shown})
    ceiling = {name: f"{share['percent']:.1f}" for name, share in value["ceiling"].items()}
    lines = [
        f"{value['texts']} texts, {value['queries']} queries; {len(value['left_out'])} texts left out",
        "",
        *attribute_lines(told),
        f"the top hit is the best answer there is in {value['best']['percent']:.1f}",
        f"the catalogue has an answer for {ceiling['met']}; the best answers keep "
        f"{ceiling.get('preservation', '-')} of the fields",
    ]
    for name, groups in value["groups"].items():
        lines += ["", f"{name:<24}{'texts':>7}{'top 1':>9}{'top 10':>9}{'kept':>9}{'has any':>9}"]
        for key, cells in groups.items():
            parts = [cells[part]["percent"] for part in ("top1", "top10", "preservation", "answerable")]
            lines.append(f"{key:<24}{cells['texts']:>7}" + "".join(f"{part:>9.1f}" for part in parts))
    return "\n".join(lines)


def catalogue_records(searcher: "Searcher", path: Path) -> dict[str, Garment]:
    """The record of every garment of the index, by id in its order; HemlineError where one has none."""
    from core.datasets.garments import read_garments

    known = read_garments(path)
    lacking = [id_ for id_ in searcher.index.ids if id_ not in known]
    if lacking:
        raise HemlineError(
            f"{path} has no record of {len(lacking)} of the index's {len(searcher.index.ids)} garments "
            f"(first: {lacking[0]}); give the garments.jsonl of the catalogue"
        )
    return {id_: known[id_] for id_ in searcher.index.ids}


def main() -> None:
    """Command line: search for every text, print the shares, write the report and the sheet."""
    parser = argparse.ArgumentParser(
        prog="python -m train.handwritten", description="Measure a model on hand-written texts."
    )
    parser.add_argument("--model", type=Path, help="the model (the one that the index was built with)")
    parser.add_argument("--index", type=Path, required=True, help="the catalogue's index")
    parser.add_argument("--images", type=Path, help="its pictures, where they are not as on record")
    parser.add_argument("--garments", type=Path, required=True, help="its records, a garments.jsonl")
    parser.add_argument("--texts", type=Path, nargs="+", required=True, help="as changes.jsonl")
    parser.add_argument("--references", type=int, default=REFERENCES, help="garments a text is put to")
    parser.add_argument("--seed", type=int, default=0, help="of the draw of references")
    parser.add_argument("--json", type=Path, required=True, help="where to write the report")
    parser.add_argument("--sheet", type=Path, help="a PNG that shows some failures")
    options = parser.parse_args()
    if options.references < 1:
        raise HemlineError(f"--references is {options.references}; it must be 1 or more")
    texts = {path.name: read_requests(path) for path in options.texts}
    if len(texts) < len(options.texts):
        raise HemlineError("two files of --texts have one name, by which the report tells them apart")
    options.json.parent.mkdir(parents=True, exist_ok=True)

    from core.search import open_searcher, search
    from train.failures import draw_sheet, failures

    searcher = open_searcher(options.model, options.index, options.images)
    model = options.model or Path(searcher.index.card.model)
    garments = catalogue_records(searcher, options.garments)
    rows, drawn = answer_all(
        texts,
        garments,
        lambda id_, text: search(searcher, reference_id=id_, text=text, top_k=DEEP),
        options.references,
        options.seed,
    )
    value = {
        "model": checkpoint_facts(model, searcher.backbone)[0],
        "index": searcher.index.card.fingerprint,
        "garments": fingerprint([values(garment) for garment in garments.values()]),
        "catalogue": len(garments),
        "files": {path.name: sha256_file(path) for path in options.texts},
        "references": options.references,
        "seed": options.seed,
        **report(rows, drawn),
        "git": runs.git_state(),
        "versions": runs.versions(),
        "failures": failures(rows, garments),
    }
    write_json(options.json, value)
    print(summary(value))
    if options.sheet:
        draw_sheet(rows, garments, searcher.pictures, options.sheet)
        print(f"written: {options.sheet}")
    print(f"written: {options.json}")


if __name__ == "__main__":
    entry(main)
