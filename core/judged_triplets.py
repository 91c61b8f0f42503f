"""Judgements as triplets in FashionIQ's layout, and triplets of that layout as judgements.

A triplet is a query with a positive verdict: {"target": the hit, "candidate": the reference, "captions": [the
words]}, and beside what FashionIQ has "negatives" (the query's negative hits), "verdict" and
"reference_hash". It says nothing of who judged when, at which rank and under which model, of which kind a
negative is, of a query without a positive, without words or with an uploaded reference, and of verdicts that
take no side.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.consensus import Asked, agreed
from core.datasets.fashioniq import read_split
from core.datasets.garments import is_id
from core.errors import HemlineError
from core.files import read_json, sha256_file, write_atomically, write_json
from core.journal import Record, named
from core.verdicts import VOCABULARY, Event, Judgement, Verdict

CATEGORY = "garments"
"""The category of a photo of which none is known."""
ELSEWHERE = "elsewhere"
"""The model and the index of a judgement whose format names none."""
NO_TIME = "1970-01-01T00:00:00+00:00"
"""The time of a judgement whose format has none: whatever was judged here counts as later."""


@dataclass(frozen=True)
class Written:
    """How many triplets and negatives were written, and how many judged hits were left out, by reason."""

    triplets: int
    negatives: int
    left_out: Mapping[str, int]


def write_triplets(
    history: Iterable[Event],
    out: Path,
    split: str = "train",
    categories: Mapping[str, str] | None = None,
    vocabulary: Mapping[str, Verdict] = VOCABULARY,
) -> Written:
    """Write the folder `out` with a captions file and a gallery for each category, as `read_split` takes it.

    `categories` says each photo's; a triplet is in its target's. HemlineError where `out` is there already or
    there is no triplet to write.
    """
    if out.exists():
        raise HemlineError(f"{out} is there already; name a new folder to write the triplets to")
    consensus = agreed(history, vocabulary)
    left_out = Counter({"people are evenly split": consensus.disputed, "takes no side": consensus.no_side})
    rows: dict[str, list[dict[str, Any]]] = {}
    negatives = 0
    for asked, verdicts in consensus.verdicts.items():
        reason = _why_not(asked, verdicts, vocabulary)
        if reason:
            left_out[reason] += len(verdicts)
            continue
        wrong = [hit for hit, verdict in verdicts.items() if vocabulary[verdict].role == "negative"]
        negatives += len(wrong)
        for target in (hit for hit in verdicts if hit not in wrong):
            if target == asked.reference_id or not is_id(target):
                left_out["the hit is the reference, or its id no file's name"] += 1
                continue
            row = {"target": target, "candidate": asked.reference_id, "captions": [asked.text]}
            row |= {"negatives": wrong, "verdict": verdicts[target], "reference_hash": asked.reference_hash}
            rows.setdefault((categories or {}).get(target, CATEGORY), []).append(row)
    if not rows:
        raise HemlineError(
            "there is no triplet to write: none of the queries has a reference of the catalogue, words and a "
            "positive verdict"
        )
    write_atomically(out, lambda aside: _write(aside, split, rows))
    count = sum(map(len, rows.values()))
    return Written(count, negatives, {reason: number for reason, number in left_out.items() if number})


def read_triplets(root: Path, split: str, annotator: str) -> tuple[list[Record], tuple[str, ...]]:
    """The judgements that the triplets of `root` say, by `annotator`, and the references without a photo.

    Each target is a "target" (or what the row's "verdict" says), each of the row's "negatives" a "hard
    negative"; several captions are joined by " and ". The reference's sha256 is that of its photo or else of
    the row; where neither is there the judgement is kept with its id alone. HemlineError as in `read_split`.
    """
    found = read_split(root, split)
    files = {name: read_json(root / "captions" / f"cap.{name}.{split}.json") for name in found.categories}
    hashes: dict[str, str | None] = {}
    for id_ in dict.fromkeys(triplet.reference for triplet in found.triplets):
        path = found.image_path(id_)
        hashes[id_] = None if path is None else sha256_file(path)
    records: dict[str, Record] = {}
    for triplet in found.triplets:
        row = files[triplet.category][int(triplet.key.rsplit(":", 1)[1])]
        negatives = row.get("negatives", [])
        if not isinstance(negatives, list) or not all(is_id(id_) for id_ in negatives):
            raise HemlineError(f"{root} {triplet.key}: negatives must be a list of photo ids")
        known = hashes[triplet.reference] or row.get("reference_hash")
        text = " and ".join(caption for caption in triplet.captions if caption.strip())
        asked = Asked(triplet.reference, known, text)
        said = dict.fromkeys(negatives, "hard negative") | {triplet.target: row.get("verdict") or "target"}
        for hit, verdict in said.items():
            record = named(imported(asked, hit, verdict, annotator), None, None)
            records.setdefault(record.id, record)
    missing = tuple(id_ for id_, sha in hashes.items() if sha is None)
    return list(records.values()), missing


def imported(asked: Asked, hit: str, verdict: str, annotator: str) -> Judgement:
    """A judgement whose format has no rank, score, model, index and time."""
    return Judgement(
        annotator=annotator,
        hit_id=hit,
        rank=0,
        score=0.0,
        verdict=verdict,
        model_fingerprint=ELSEWHERE,
        index_fingerprint=ELSEWHERE,
        time=NO_TIME,
        **asked._asdict(),
    )


def _why_not(asked: Asked, verdicts: Mapping[str, str], vocabulary: Mapping[str, Verdict]) -> str:
    if asked.reference_id is None or not is_id(asked.reference_id):
        return "no reference of the catalogue"
    if not asked.text.strip():
        return "no words"
    positive = any(vocabulary[verdict].role == "positive" for verdict in verdicts.values())
    return "" if positive else "no positive verdict on the query"


def _write(folder: Path, split: str, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    for category, triplets in rows.items():
        ids = [id_ for row in triplets for id_ in (row["candidate"], row["target"], *row["negatives"])]
        gallery = list(dict.fromkeys(id_ for id_ in ids if is_id(id_)))
        write_json(folder / "captions" / f"cap.{category}.{split}.json", triplets)
        write_json(folder / "image_splits" / f"split.{category}.{split}.json", gallery)
