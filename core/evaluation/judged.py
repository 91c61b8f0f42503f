"""What people judged of a split's queries: from judgements (a database or its export) or plain lines.

A plain line is {"query": "dress:0", "id": photo, "verdict": one of `core.verdicts.VOCABULARY`}, with an
"annotator" where several people judged. Judgements of the page belong to a query where their reference and
words are its own. A verdict with the role "positive" is a right answer, with "negative" a wrong one; the rest
say neither. Where people disagree the majority counts, and an even split is no verdict.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import HemlineError
from core.evaluation.answers import Answers
from core.evaluation.result import QueryRank, Result
from core.files import parse_json, read_text
from core.verdicts import VOCABULARY, Event, Verdict, fold, read_event, role_of

_SIDES = {"positive": "right", "negative": "wrong"}
_KEYS = {"query", "id", "verdict"}
_SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True)
class Vote:
    """One person's verdict on one photo of one query."""

    query: str
    id: str
    verdict: str
    annotator: str


def read_verdicts(
    path: Path,
    result: Result,
    galleries: Mapping[str, Sequence[str]],
    vocabulary: Mapping[str, Verdict] = VOCABULARY,
) -> tuple[dict[str, Answers], dict[str, int]]:
    """What is known of each judged query by key, and counts of what the file held.

    "verdicts": those that belong to queries of the result; "unmatched": judgements of other queries;
    "dropped": of queries that a partial result lacks; "disputed": photos on which people are evenly split, or
    a target that most call wrong; "no_side": photos with no verdict for or against. HemlineError for a line
    that is no verdict, a repeated one, an unknown query or a photo that is not in the query's gallery, and
    where no judgement belongs to any query.
    """
    path = Path(path)
    found, unmatched = _read(path, result, vocabulary)
    dropped = [verdict for verdict in found if verdict.query in result.dropped]
    kept = [verdict for verdict in found if verdict.query not in result.dropped]
    queries = {query.key: query for query in result.ranks}
    gone = {*result.missing, *result.corrupt}
    members = {category: {*ids} for category, ids in galleries.items()}
    for verdict in kept:
        query = queries[verdict.query]
        if verdict.id not in members[query.category] | gone | {query.reference}:
            raise HemlineError(
                f"{path} judges {verdict.id} for {verdict.query}, which is not in that query's gallery; "
                "give verdicts on photos of this split"
            )
    if not kept:
        raise HemlineError(
            f"{path} holds no verdict on a query of this split ({unmatched} are of other queries); "
            "a judgement belongs to a query whose reference and joined words are its own"
        )
    answers, counts = _weigh(kept, queries, vocabulary)
    return answers, {"verdicts": len(kept), "unmatched": unmatched, "dropped": len(dropped), **counts}


def _weigh(
    verdicts: Iterable[Vote], queries: Mapping[str, QueryRank], vocabulary: Mapping[str, Verdict]
) -> tuple[dict[str, Answers], dict[str, int]]:
    votes: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for verdict in verdicts:
        side = _SIDES.get(role_of(verdict.verdict, vocabulary), "none")
        votes[verdict.query][verdict.id][side] += 1
    counts: Counter[str] = Counter(disputed=0, no_side=0)
    answers = {}
    for key, photos in votes.items():
        sides: dict[str, set[str]] = {"right": set(), "wrong": set()}
        for photo, cast in photos.items():
            is_target = photo == queries[key].target
            if cast["right"] == cast["wrong"]:
                counts["disputed" if cast["right"] else "no_side"] += 1
            elif cast["wrong"] > cast["right"] and is_target:
                counts["disputed"] += 1
            else:
                sides["right" if cast["right"] > cast["wrong"] else "wrong"].add(photo)
        if sides["right"] or sides["wrong"]:
            answers[key] = Answers(frozenset(sides["right"]), frozenset(sides["wrong"]))
    return answers, dict(counts)


def _read(path: Path, result: Result, vocabulary: Mapping[str, Verdict]) -> tuple[list[Vote], int]:
    """The verdicts that belong to the result's queries, and how many judgements belong to none."""
    if path.is_file() and _begins(path, _SQLITE):
        from core.judgements import current, open_store

        store = open_store(path, create=False)
        try:
            return _of_queries(current(store).values(), result)
        finally:
            store.close()
    lines = [
        (number, parse_json(line, f"{path} line {number}"))
        for number, line in enumerate(read_text(path).splitlines(), start=1)
        if line.strip()
    ]
    if not lines:
        raise HemlineError(f"{path} holds no verdict; give lines of JSON or a judgements database")
    if isinstance(lines[0][1], dict) and "hit_id" in lines[0][1]:
        return _of_queries(fold(_event(path, *line) for line in lines).values(), result)
    return _plain(path, lines, result, vocabulary), 0


def _plain(
    path: Path, lines: Sequence[tuple[int, Any]], result: Result, vocabulary: Mapping[str, Verdict]
) -> list[Vote]:
    known = {*(query.key for query in result.ranks), *result.dropped}
    seen: dict[tuple[str, str, str], int] = {}
    verdicts = []
    for number, value in lines:
        where = f"{path} line {number}"
        if not isinstance(value, dict) or not _KEYS <= value.keys() <= _KEYS | {"annotator"}:
            raise HemlineError(
                f'{where} must be an object with {", ".join(sorted(_KEYS))}, and "annotator" at most'
            )
        if not all(isinstance(one, str) for one in value.values()):
            raise HemlineError(f"{where} must hold text alone")
        verdict = Vote(**{"annotator": "", **value})
        if verdict.query not in known:
            raise HemlineError(f"{where} judges {verdict.query!r}, which is no query of this split")
        if verdict.verdict not in vocabulary:
            raise HemlineError(
                f"{where} has verdict {verdict.verdict!r}; a verdict is {', '.join(vocabulary)}"
            )
        first = seen.setdefault((verdict.query, verdict.id, verdict.annotator), number)
        if first != number:
            raise HemlineError(f"{where} judges what line {first} judges already; leave one of them")
        verdicts.append(verdict)
    return verdicts


def _event(path: Path, number: int, value: Any) -> Event:
    try:
        return read_event(value)
    except HemlineError as error:
        raise HemlineError(f"{path} line {number}: {error}") from None


def _of_queries(events: Iterable[Event], result: Result) -> tuple[list[Vote], int]:
    """Judgements as verdicts on every query that asks the same words of the same reference."""
    asked: dict[tuple[str | None, str], list[str]] = defaultdict(list)
    for query in result.ranks:
        asked[query.reference, " ".join(query.text.split())].append(query.key)
    verdicts, unmatched = [], 0
    for event in events:
        judgement = event.judgement
        keys = asked.get((judgement.reference_id, " ".join(judgement.text.split())), [])
        unmatched += not keys
        verdicts += [Vote(key, judgement.hit_id, judgement.verdict, judgement.annotator) for key in keys]
    return verdicts, unmatched


def _begins(path: Path, mark: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(mark)) == mark
