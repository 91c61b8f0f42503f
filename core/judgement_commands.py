"""The command `python -m core.judgements`: count, export and import, in each format."""

import argparse
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from core import exchange
from core.datasets.fashioniq import IMAGE_SUFFIXES
from core.datasets.garments import read_garments
from core.errors import HemlineError
from core.journal import Record, merge
from core.judged_triplets import read_triplets, write_triplets
from core.judgements import Store, current, events, open_store
from core.qrels import read_qrels, write_qrels
from core.verdicts import UNDO, VOCABULARY, read_vocabulary

FORMATS = ("jsonl", "parquet", "fashioniq", "trec")


def main() -> None:
    """Count the judgements of a file, write them in another format, or take some in."""
    options = _parser().parse_args()
    vocabulary = VOCABULARY if options.vocabulary is None else read_vocabulary(options.vocabulary)
    store = open_store(options.db, create=options.command == "import", vocabulary=vocabulary)
    try:
        {"count": _count, "export": _export, "import": _import}[options.command](store, options)
    finally:
        store.close()


def _count(store: Store, options: argparse.Namespace) -> None:
    del options
    standing = Counter(event.judgement.verdict for event in current(store).values())
    print(json.dumps({"events": len(events(store)), "standing": dict(sorted(standing.items()))}))
    _tell_others(store, standing)


def _export(store: Store, options: argparse.Namespace) -> None:
    history, out = events(store), options.out
    if options.current:
        history = sorted(current(store).values(), key=lambda event: event.seq)
    if options.format == "jsonl":
        exchange.write_jsonl(history, out)
    elif options.format == "parquet":
        exchange.write_parquet(history, out)
    elif options.format == "trec":
        counts = write_qrels(history, out, store.vocabulary)
        print(f"{out}: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
    else:
        garments = read_garments(options.garments) if options.garments else {}
        categories = {id_: garment.category for id_, garment in garments.items()}
        done = write_triplets(history, out, options.split, categories, store.vocabulary)
        print(f"{out}: {done.triplets} triplets, {done.negatives} negatives")
        for reason, count in done.left_out.items():
            print(f"left out: {count} judged hits ({reason})")
    if options.format in ("jsonl", "parquet"):
        print(f"{len(history)} events written to {out}")
    _tell_others(store, Counter(event.judgement.verdict for event in history))


def _import(store: Store, options: argparse.Namespace) -> None:
    records = _read(options)
    done = merge(store, records)
    known = len(records) - done.added - done.waiting
    print(f"{done.added} events added, {known} were there already")
    if done.waiting:
        print(f"{done.waiting} take back what is not there; import the file that has it, then this one again")
    if options.images is not None:
        _tell_missing(records, options.images)
    _tell_others(store, Counter(record.judgement.verdict for record in records))


def _read(options: argparse.Namespace) -> list[Record]:
    path, format_ = options.source, options.format
    if format_ in ("fashioniq", "trec") and not options.annotator:
        raise HemlineError(f"{format_} does not say who judged; name them with --annotator")
    if format_ == "jsonl":
        return exchange.read_jsonl(path)
    if format_ == "parquet":
        return exchange.read_parquet(path)
    if format_ == "trec":
        return read_qrels(path, options.annotator)
    records, missing = read_triplets(path, options.split, options.annotator)
    if missing:
        print(f"{len(missing)} references have no photo in {path}; what was judged of them is kept")
    return records


def _tell_missing(records: Iterable[Record], folder: Path) -> None:
    """Say how many of the judged photos are not in `folder`."""
    said = [record.judgement for record in records]
    ids = {id_ for one in said for id_ in (one.reference_id, one.hit_id) if id_ is not None}
    there = {path.stem for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES}
    missing = sorted(ids - there)
    if missing:
        some = ", ".join(missing[:3])
        print(f"{len(missing)} of {len(ids)} judged photos are not in {folder} ({some}); all are kept")


def _tell_others(store: Store, verdicts: Counter[str]) -> None:
    others = {name: n for name, n in sorted(verdicts.items()) if name not in {*store.vocabulary, UNDO}}
    if others:
        told = ", ".join(f"{name} {count}" for name, count in others.items())
        print(f"outside the vocabulary, kept and without effect: {told}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m core.judgements", description=main.__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    count = commands.add_parser("count", help="how many events there are, and the verdicts that stand")
    export = commands.add_parser("export", help="write every event, or what the format can say of them")
    export.add_argument("--out", type=Path, required=True, help="the file (fashioniq: the folder) to write")
    export.add_argument("--current", action="store_true", help="only the verdicts that stand")
    export.add_argument("--garments", type=Path, help="fashioniq: garments.jsonl with the photos' categories")
    import_ = commands.add_parser("import", help="add the events that are not there yet")
    import_.add_argument("--from", dest="source", type=Path, required=True, help="the file or folder to read")
    import_.add_argument("--annotator", help="fashioniq and trec: who judged")
    import_.add_argument("--images", type=Path, help="the photos' folder: say how many judged ones it lacks")
    for command in (export, import_):
        command.add_argument("--format", choices=FORMATS, default="jsonl", help="jsonl")
        command.add_argument("--split", default="train", help="fashioniq: the split's name (train)")
    for command in (count, export, import_):
        command.add_argument("--db", type=Path, required=True, help="the judgements file")
        command.add_argument("--vocabulary", type=Path, help="a file of the project's own verdicts")
    return parser
