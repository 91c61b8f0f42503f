"""What recall hides, of one model on one split: the layout of study.json, written by `python -m train.study`.

study.json is one object. A *share* is {"percent", "low", "high", "queries"}: percent with its 95 % bootstrap
interval, over so many queries (a gap or a mean count has the same shape; its unit is said). K are strings.
Every section but the facts may be null, and then `not_measured` says why in a sentence; sections and keys may
be added, so read the ones you know.

    version         1
    model, split, protocol, counts, partial, data_fingerprint, gallery_hash, query_hash, git, versions
                    facts, as in the result of "both"
    results         {"both": "both.json", "image": …, "text": …}, beside study.json; their ranks beside them
    modalities      {"metrics": {modality: {"R@1": percent, …}}          the protocol's leading average
                     "ci95": {modality: {"R@1": [low, high], …}}
                     "at": {K: SHORTCUTS}, "per_category": {category: {K: SHORTCUTS}}}
                    SHORTCUTS are shares over queries by name (`core.evaluation.shortcuts.shortcuts`): both,
                    image, text, shortcut_solvable, composition_required, unresolved, spoiled,
                    composition_gap (points), normalised_gap
    groups          {"average" | "category" | "kind" | "request" | "length": {group: {"R@1": share, …}}}
                    (`core.evaluation.groups.groups`), of "both"; "request" only where requests are on file
    lexicon         {kind: {"precision": share, "recall": share}}: how far "kind" (by words) agrees with
                    "request"; null without requests
    attributes      {modality: edit accuracy and preservation as a result holds them, or null}
    answers         {SOURCE: ANSWERS}, SOURCE "verdicts" (people), "requests" or "records" (simulated)
                    (`core.evaluation.answers.answers`): {"source", "counts": {name: number},
                     "target" | "found" | "map" | "map_all" | "neg_recall" | "neg_in_top" | "any_negative":
                     {K: share}, "outranked": share, "negatives_ahead": share}; what no query counts for is
                     left out. Of "verdicts" `counts` also says what the file held
                     (`core.evaluation.judged.read_verdicts`)
    wordings        {"annotators" | "supplied": WORDINGS} (`core.evaluation.paraphrases.sensitivity`):
                    {"counts": {"queries", "wordings"}, "as_evaluated": {"R@1": share, …},
                     "recall": {"mean" | "all" | "any": {"R@1": share, …}, "each": [{"R@1": share, …}]},
                     "flips": {K: share}, "overlap": share, "rank_spread": {"median", "p90", "mean"}}
    not_measured    {section: why}
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

from core.errors import HemlineError
from core.evaluation.groups import agreement, groups
from core.evaluation.protocol import Protocol, from_dict
from core.evaluation.result import MODALITIES, Result
from core.evaluation.shortcuts import check_modalities, shortcuts
from core.files import read_json, write_json
from core.requests import Request

VERSION = 1
STUDY_FILE = "study.json"


@dataclass(frozen=True)
class Study:
    """The facts and sections of study.json; see the module."""

    model: dict[str, Any]
    split: str
    protocol: Protocol
    counts: dict[str, int]
    partial: bool
    data_fingerprint: str
    gallery_hash: str
    query_hash: str
    git: dict[str, Any] | None
    versions: dict[str, str]
    results: dict[str, str]
    modalities: dict[str, Any] | None = None
    groups: dict[str, Any] | None = None
    lexicon: dict[str, Any] | None = None
    attributes: dict[str, Any] | None = None
    answers: dict[str, Any] | None = None
    wordings: dict[str, Any] | None = None
    not_measured: dict[str, str] = field(default_factory=dict)
    version: int = VERSION


def study_results(results: Mapping[str, Result], requests: Mapping[str, Request] | None = None) -> Study:
    """What can be told from the three results alone: modalities, groups and attributes.

    `results` by modality. HemlineError where they are not of one model, protocol, gallery and set of queries.
    """
    check_modalities(results)
    both = results["both"]
    attributes = {m: plain(results[m].attributes) for m in MODALITIES}
    reasons = {
        "answers": "the whole rankings are not known from results alone; give the model",
        "wordings": "other wordings were not asked; give the model",
        **({} if requests else {"lexicon": "no requests are on file beside the captions"}),
    }
    if not any(attributes.values()):
        reasons["attributes"] = "the garments have no records"
    return Study(
        model=both.model,
        split=both.split,
        protocol=both.protocol,
        counts=both.counts,
        partial=both.partial,
        data_fingerprint=both.data_fingerprint,
        gallery_hash=both.gallery_hash,
        query_hash=both.query_hash,
        git=both.git,
        versions=both.versions,
        results={m: f"{m}.json" for m in MODALITIES},
        modalities=plain(_modalities(results)),
        groups=plain(groups(both, requests)),
        lexicon=plain(agreement(both, requests)) if requests else None,
        attributes=attributes if any(attributes.values()) else None,
        not_measured=reasons,
    )


def write_study(study: Study, path: Path) -> None:
    """Write the study as JSON, whole or not at all."""
    write_json(path, plain(study))


def read_study(path: Path) -> Study:
    """The study in `path`; sections that it lacks are None, keys of later versions are left out.

    HemlineError for a file that is missing or no study.
    """
    value = read_json(path)
    if not isinstance(value, dict) or not {"model", "protocol", "results", "version"} <= value.keys():
        raise HemlineError(f"{path} is not a study of train.study; study the model again")
    known = {item.name for item in fields(Study)}
    return Study(
        **{k: v for k, v in value.items() if k in known} | {"protocol": from_dict(value["protocol"])}
    )


def plain(value: Any) -> Any:
    """Dataclasses as dicts, at any depth, so that JSON can say them."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def _modalities(results: Mapping[str, Result]) -> dict[str, Any]:
    ranks = {m: results[m].rank_array() for m in MODALITIES}
    of = results["both"].categories()
    rows = {c: [row for row, category in enumerate(of) if category == c] for c in dict.fromkeys(of)}
    return {
        "metrics": {m: results[m].metrics for m in MODALITIES},
        "ci95": {m: results[m].ci95 for m in MODALITIES},
        "at": shortcuts(ranks),
        "per_category": {c: shortcuts({m: ranks[m][some] for m in MODALITIES}) for c, some in rows.items()},
    }
