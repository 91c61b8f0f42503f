"""Studies what a recall hides: one side of a query alone, kinds of change, negatives, other wordings.

    python -m train.study --model RUN --data CLOSET --split val --protocol closet --out FOLDER \\
        --paraphrases paraphrases.val.jsonl --verdicts judgements.db
    python -m train.study --results both.json image.json text.json --out FOLDER

Writes FOLDER/both.json, image.json and text.json, as `train.evaluate` does, and FOLDER/study.json, whose
layout `core.evaluation.study` tells. Results that were made elsewhere are studied without a model; what needs
whole rankings or other wordings is then not measured, and the study says so.
"""

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.cli import entry
from core.errors import HemlineError
from core.evaluation.answers import answers
from core.evaluation.judged import read_verdicts
from core.evaluation.paraphrases import TOP, Asked, asked_wordings, read_paraphrases, sensitivity
from core.evaluation.protocol import PRESETS, Protocol, preset, query_text
from core.evaluation.rankings import Rankings, galleries_of, rank_whole
from core.evaluation.result import MODALITIES, Result, read_result, write_result
from core.evaluation.run import Embedder, evaluate_split, photos_needed
from core.evaluation.simulated import simulated_answers
from core.evaluation.study import STUDY_FILE, Study, plain, study_results, write_study
from core.requests import Request
from train.evaluate import SPLITS, checkpoint_facts, encode, open_split
from train.study_table import table

if TYPE_CHECKING:
    from core.backbones.base import Look
    from core.datasets.fashioniq import Split


@dataclass
class Once:
    """A model that embeds each list of gallery photos once, for several evaluations of the same photos."""

    model: Embedder
    known: dict[tuple[int, ...], np.ndarray] = field(default_factory=dict)

    def embed_queries(self, looks: Sequence["Look | None"], texts: Sequence[str | None]) -> np.ndarray:
        """As the model does."""
        return self.model.embed_queries(looks, texts)

    def embed_targets(self, looks: Sequence["Look"]) -> np.ndarray:
        """As the model does; the looks must stay alive between calls."""
        key = tuple(map(id, looks))
        if key not in self.known:
            self.known[key] = self.model.embed_targets(looks)
        return self.known[key]

    def target_fingerprint(self) -> str:
        """As the model's."""
        return self.model.target_fingerprint()


def study_model(
    model: Path,
    data: Path,
    split: str,
    protocol: Protocol,
    *,
    paraphrases: Path | None = None,
    verdicts: Path | None = None,
    allow_partial: bool = False,
    cache: Path | None = None,
) -> tuple[dict[str, Result], Study]:
    """Load model and split, encode the photos once, and study; the results by modality and the study."""
    from core.backbones import load_backbone
    from core.backbones.spec import read_spec
    from core.datasets.asked import read_asked
    from core.datasets.images import check_images, require_complete

    read_spec(model)  # a wrong folder is told before the photos are looked at
    asked = open_split(data, split)
    requests = read_asked(asked)
    report = check_images(asked, photos_needed(asked, protocol))
    require_complete(report, allow_partial)
    backbone = load_backbone(model)
    facts, seeds = checkpoint_facts(model, backbone)
    looks = encode(backbone, report.found, cache)
    once = Once(backbone)
    results = {
        modality: evaluate_split(
            once,
            asked,
            protocol,
            modality,
            looks,
            corrupt=report.corrupt,
            allow_partial=allow_partial,
            requests=requests,
            model=facts,
            seeds=seeds,
        )
        for modality in MODALITIES
    }
    requests = _by_query(results["both"], requests)
    told = study_results(results, requests)
    return results, more_of(told, results["both"], once, asked, looks, requests, paraphrases, verdicts)


def more_of(
    study: Study,
    result: Result,
    model: Embedder,
    split: "Split",
    looks: Mapping[str, "Look"],
    requests: Mapping[str, Request] | None = None,
    paraphrases: Path | None = None,
    verdicts: Path | None = None,
) -> Study:
    """The study with what the model must be asked for: answers and wordings. `result` is that of "both"."""
    galleries = galleries_of(result, split.triplets, split.galleries)
    photos = tuple(dict.fromkeys(photo for ids in galleries.values() for photo in ids))
    targets = dict(zip(photos, model.embed_targets([looks[photo] for photo in photos]), strict=True))

    def ask(rows: Sequence[int], texts: Sequence[str]) -> Rankings:
        queries = [result.ranks[row] for row in rows]
        vectors = model.embed_queries([looks[query.reference] for query in queries], texts)
        return rank_whole(queries, vectors, galleries, targets, result.protocol)

    reasons = {k: why for k, why in study.not_measured.items() if k not in ("answers", "wordings")}
    found, why = _answers(result, ask, split, galleries, requests, verdicts)
    worded = _wordings(result, ask, split, paraphrases)
    if why:
        reasons["answers"] = why
    if not worded:
        reasons["wordings"] = "no query has two wordings"
    return replace(study, answers=found or None, wordings=worded or None, not_measured=reasons)


def _answers(
    result: Result,
    ask: Any,
    split: "Split",
    galleries: Mapping[str, tuple[str, ...]],
    requests: Mapping[str, Request] | None,
    verdicts: Path | None,
) -> tuple[dict[str, Any], str | None]:
    """What `core.evaluation.answers` says by source, and why nothing is said where it is nothing."""
    photos = {photo for ids in galleries.values() for photo in ids} | {q.reference for q in result.ranks}
    with_records = photos <= split.garments.keys()
    if not with_records and verdicts is None:
        return {}, "the garments have no records, and no verdicts were given"
    judged = read_verdicts(verdicts, result, galleries) if verdicts else None
    rankings = ask(range(len(result.ranks)), [query.text for query in result.ranks])
    if not np.array_equal(rankings.ranks, result.rank_array()):
        return {}, f"protocol {result.protocol.name} asks a query by more than its joined text"
    found: dict[str, Any] = {}
    if with_records:
        source = "requests" if requests else "records"
        known = simulated_answers(result.ranks, galleries, split.garments, requests)
        found[source] = plain(answers(rankings, known, source))
    if judged:
        told = plain(answers(rankings, judged[0], "verdicts"))
        found["verdicts"] = {**told, "counts": {**told["counts"], **judged[1]}}
    return found, None


def _wordings(result: Result, ask: Any, split: "Split", paraphrases: Path | None) -> dict[str, Any]:
    """`core.evaluation.paraphrases.sensitivity` of the captions asked separately, and of those supplied."""
    sets: dict[str, Mapping[str, Sequence[str]]] = {"annotators": {t.key: t.captions for t in split.triplets}}
    if paraphrases:
        sets["supplied"] = read_paraphrases(paraphrases, result)
    told = {}
    keys = [_row(query.key) for query in result.ranks]
    first = {key: row for row, key in reversed([*enumerate(keys)])}  # a row that is asked twice counts once
    for name, wordings in sets.items():
        asked = [(first[key], text) for key, text in asked_wordings(wordings, list(dict.fromkeys(keys)))]
        if not asked:
            continue
        rows = [row for row, _ in asked]
        ranked = ask(rows, [_text(text, result.protocol) for _, text in asked])
        by_row: dict[int, list[int]] = {}
        for place, row in enumerate(rows):
            by_row.setdefault(row, []).append(place)
        told[name] = sensitivity(
            [
                Asked(
                    ranks=tuple(int(ranked.ranks[place]) for place in places),
                    tops=tuple(ranked.top(place, TOP) for place in places),
                )
                for places in by_row.values()
            ],
            result.rank_array()[list(by_row)],
        )
    return plain(told)


_CLEANING = ("clip4cir", "sprc", "dqu")  # joins that clean each caption, as a wording alone is cleaned too


def _text(wording: str, protocol: Protocol) -> str:
    """One wording as the protocol would ask it: alone, nothing is joined."""
    return query_text((wording,), protocol.caption_join if protocol.caption_join in _CLEANING else "and")


def _row(key: str) -> str:
    """The row a query is of: a protocol that asks each caption calls its queries "dress:3/0", "dress:3/1"."""
    return re.sub(r"(:\d+)/\d+$", r"\1", key)


def _by_query(result: Result, requests: Mapping[str, Request]) -> dict[str, Request]:
    """The requests of rows by the keys of the result's queries; those without one are left out."""
    return {q.key: requests[_row(q.key)] for q in result.ranks if _row(q.key) in requests}


def read_modalities(paths: Sequence[Path]) -> dict[str, Result]:
    """The results by the modality each was made with; HemlineError where two have the same."""
    results: dict[str, Result] = {}
    for path in paths:
        result = read_result(path)
        if result.modality in results:
            raise HemlineError(f"two of --results have modality {result.modality!r}; give one of each")
        results[result.modality] = result
    return results


def _requests_on_file(data: Path | None, split: str, results: Mapping[str, Result]) -> dict[str, Request]:
    """What the queries of results ask for, where `data` is given and has it; the data must be theirs."""
    from core.datasets.asked import read_asked

    if data is None:
        return {}
    asked = open_split(data, split)
    for name, result in results.items():
        if result.data_fingerprint != asked.fingerprint:
            raise HemlineError(
                f"the result of {name} is not of {data}, split {split}; give the data it was made on"
            )
    requests = read_asked(asked)
    return _by_query(next(iter(results.values())), requests)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m train.study", description="Study what a recall hides.")
    parser.add_argument("--model", type=Path, help="the folder of a built or trained model")
    parser.add_argument(
        "--data", type=Path, help="a folder in FashionIQ's layout; with --results, for its requests"
    )
    parser.add_argument("--split", choices=SPLITS, default="val", help="tune: a slice held out of train")
    parser.add_argument("--protocol", choices=sorted(PRESETS), default="closet")
    parser.add_argument(
        "--results", type=Path, nargs="+", help="instead of a model: results of both, image and text"
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parser.add_argument("--paraphrases", type=Path, help="other wordings of the queries, as JSON lines")
    parser.add_argument("--verdicts", type=Path, help="judgements: a database, its export, or JSON lines")
    parser.add_argument("--allow-partial", action="store_true", help="leave lacking photos out")
    parser.add_argument("--features", type=Path, help="a folder that keeps the frozen tower's features")
    options = parser.parse_args()
    if bool(options.results) == bool(options.model) or (options.model and not options.data):
        raise HemlineError("give either --model and --data, or --results")
    if options.results and (options.paraphrases or options.verdicts):
        raise HemlineError("--paraphrases and --verdicts need the model's rankings; give --model and --data")
    return options


def main() -> None:
    """Command line: evaluate or read the three modalities, study them, print and write."""
    options = _options()
    if options.results:
        results = read_modalities(options.results)
        study = study_results(results, _requests_on_file(options.data, options.split, results))
    else:
        options.out.mkdir(parents=True, exist_ok=True)  # what cannot be written is told before the work
        results, study = study_model(
            options.model,
            options.data,
            options.split,
            preset(options.protocol),
            paraphrases=options.paraphrases,
            verdicts=options.verdicts,
            allow_partial=options.allow_partial,
            cache=options.features,
        )
    for modality in MODALITIES:
        write_result(results[modality], options.out / f"{modality}.json")
    write_study(study, options.out / STUDY_FILE)
    print(table(study))
    print(f"written: {options.out / STUDY_FILE} and the results of {', '.join(MODALITIES)} beside it")


if __name__ == "__main__":
    entry(main)
