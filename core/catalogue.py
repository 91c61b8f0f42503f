"""A catalogue from the command line: index its photos, ask it, add to it, remove from it, make it fast.

    python -m core.catalogue build  --model RUN --images DIR --out INDEX
    python -m core.catalogue manifest --images DIR --out INDEX --shards 16
    python -m core.catalogue build  --model RUN --out INDEX --shard 3/16
    python -m core.catalogue build  --model RUN --out INDEX --gather
    python -m core.catalogue search --index INDEX --image REF.jpg --text "but red with long sleeves" --top 10
    python -m core.catalogue info   --index INDEX
    python -m core.catalogue add    --index INDEX [--model RUN] SOURCE
    python -m core.catalogue remove --index INDEX ID ...
    python -m core.catalogue compact --index INDEX
    python -m core.catalogue tune   --index INDEX [--kind ivf-sq8] [--recall 0.98]
    python -m core.catalogue move   --index INDEX --to edge | http://HOST:6333 --collection NAME | exact

See docs/catalogue.md.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from core.build_commands import add_build, add_manifest
from core.cli import entry
from core.engines.saved import has_engine, load_engine_card
from core.index import load_card
from core.indexes.saved import has_fast, load_fast_card

NAMED = 10  # how many values outside the vocabulary are told


def main() -> None:
    """Build, search, describe, extend or shrink the index of a catalogue of photos."""
    parser = argparse.ArgumentParser(prog="python -m core.catalogue", description=main.__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    add_build(commands)
    add_manifest(commands)
    _add_search(commands)
    _add_info(commands)
    _add_add(commands)
    _add_remove(commands)
    _add_compact(commands)
    _add_tune(commands)
    _add_move(commands)
    arguments = parser.parse_args()
    arguments.run(arguments)


def _add_search(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    search = commands.add_parser("search", help="ask with a photo, with words, or with both")
    search.add_argument("--index", type=Path, required=True, help="the index's folder")
    search.add_argument(
        "--model", type=Path, help="the checkpoint's folder (the one the index was built with)"
    )
    search.add_argument("--images", type=Path, help="where the photos are now, if they were moved")
    reference = search.add_mutually_exclusive_group()
    reference.add_argument("--image", type=Path, help="a photo as the reference")
    reference.add_argument("--reference", metavar="ID", help="a photo of the catalogue as the reference")
    search.add_argument("--text", help="the wish, or the whole query where there is no reference")
    search.add_argument("--top", type=int, default=10, help="how many hits (10)")
    search.add_argument("--keep-reference", action="store_true", help="let the reference be a hit")
    search.add_argument(
        "--engine", type=Path, help="answer by the engine in this folder (core.query_engine.make)"
    )
    search.add_argument("--json", action="store_true", help='a list of {"rank", "id", "score", "path"}')
    search.set_defaults(run=_search)


def _add_info(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    info = commands.add_parser("info", help="what an index holds and which model built it")
    info.add_argument("--index", type=Path, required=True, help="the index's folder")
    info.add_argument("--json", action="store_true", help="as JSON")
    info.set_defaults(run=_info)


def _add_compact(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    compact = commands.add_parser("compact", help="drop what can be computed again, to ship the index")
    compact.add_argument("--index", type=Path, required=True, help="the index's folder")
    compact.add_argument("--images", default="images", help="what to record as the photos' folder (images)")
    compact.set_defaults(run=_compact)


def _add_tune(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    tune = commands.add_parser("tune", help="give a large catalogue an index that searches fast")
    tune.add_argument("--index", type=Path, required=True, help="the index's folder")
    tune.add_argument("--kind", help="exact, ivf-sq8, ivf-rabitq or hnsw (by the catalogue's size)")
    tune.add_argument("--memory", type=float, metavar="MIB", help="what it may take; chooses the kind")
    tune.add_argument("--recall", type=float, default=0.98, help="how much of the exact ten to find (0.98)")
    tune.set_defaults(run=_tune)


def _add_move(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    move = commands.add_parser("move", help="search a catalogue by an engine; killed, it continues")
    move.add_argument("--index", type=Path, required=True, help="the index's folder")
    move.add_argument("--to", required=True, help="edge (in this machine), a Qdrant server's URL, or exact")
    move.add_argument("--collection", default="", help="the name on the server (its key: QDRANT_API_KEY)")
    move.add_argument("--images", type=Path, help="where the photos are now, if they were moved")
    move.add_argument("--recall", type=float, default=0.98, help="refuse to switch below that (0.98)")
    move.add_argument(
        "--required", action="store_true", help="without the engine fail, do not search exactly"
    )
    move.add_argument("--shards", type=int, help="over how many of the server's nodes (its own choice)")
    move.add_argument("--replicas", type=int, help="how many copies the server keeps (its own choice)")
    move.add_argument("--keep", action="store_true", help="leave the replaced collection until the next move")
    move.set_defaults(run=_move)


def _add_add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    add = commands.add_parser("add", help="bring your own photos; the index is made if it is not there")
    add.add_argument("source", type=Path, help="a folder, a .zip, .csv, .tsv, .jsonl, or a dataset's folder")
    add.add_argument(
        "--index", type=Path, required=True, help="the index's folder; the photos go to INDEX.photos"
    )
    add.add_argument("--model", type=Path, help="the checkpoint's folder (the one the index was built with)")
    add.add_argument("--batch", type=int, default=32, help="photos encoded and kept at once (32)")
    add.set_defaults(run=_bring)


def _add_remove(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    remove = commands.add_parser("remove", help="remove garments; with the last one the whole catalogue")
    remove.add_argument("ids", nargs="*", metavar="ID", help="ids of garments")
    remove.add_argument("--index", type=Path, required=True, help="the index's folder")
    remove.add_argument("--source", action="append", default=[], help="all that came in it (its name)")
    remove.add_argument("--all", action="store_true", help="the whole catalogue")
    remove.set_defaults(run=_remove)


def _search(arguments: argparse.Namespace) -> None:
    from core.search import open_searcher, search

    searcher = open_searcher(arguments.model, arguments.index, arguments.images)
    if arguments.engine is not None:
        from core.query_engine.running import open_engine

        searcher.backbone.engine = open_engine(arguments.engine, searcher.backbone)
    hits = search(
        searcher,
        reference_id=arguments.reference,
        reference_image=arguments.image,
        text=arguments.text,
        top_k=arguments.top,
        keep_reference=arguments.keep_reference,
    )
    rows = [
        {"rank": hit.rank, "id": hit.id, "score": hit.score, "path": str(searcher.pictures[hit.id])}
        for hit in hits
    ]
    if arguments.json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    width = max((len(hit.id) for hit in hits), default=2)
    print(f"rank  score   {'id':{width}}  path")
    for row in rows:
        print(f"{row['rank']:4}  {row['score']:.4f}  {row['id']:{width}}  {row['path']}")


def _info(arguments: argparse.Namespace) -> None:
    card = load_card(arguments.index)
    facts = {
        "count": card.count,
        "dim": card.dim,
        "model": card.model,
        "target_fingerprint": card.target_fingerprint,
        "fingerprint": card.fingerprint,
        "partial": card.partial,
        "left_out": card.left_out,
        "size_bytes": sum(path.stat().st_size for path in arguments.index.rglob("*")),
        "created": card.created,
        "kind": card.kind,
        **({"fast": asdict(load_fast_card(arguments.index))} if has_fast(arguments.index) else {}),
        **({"engine": asdict(load_engine_card(arguments.index))} if has_engine(arguments.index) else {}),
    }
    if arguments.json:
        print(json.dumps(facts, ensure_ascii=False, indent=1))
        return
    for name, value in facts.items():
        if name == "left_out":
            value = ", ".join(f"{id_} ({reason})" for id_, reason in card.left_out.items()) or "none"
        print(f"{name.replace('_', ' '):20}{value}")


def _compact(arguments: argparse.Namespace) -> None:
    from core.gallery import without_features

    before = load_card(arguments.index)
    without_features(arguments.index, arguments.images)
    print(f"{arguments.index}: {before.count} photos, without features; a reference is decoded when asked")


def _tune(arguments: argparse.Namespace) -> None:
    from core.tuning import tune

    memory = None if arguments.memory is None else int(arguments.memory * 2**20)
    card = tune(arguments.index, arguments.kind, arguments.recall, memory)
    if card is None:
        print(f"{arguments.index}: searched exactly, which is right for its size; no fast index is kept")
        return
    kind, probes = card.settings["kind"], card.settings["probes"]
    print(
        f"{arguments.index}: {kind}, {probes} probes; recall@10 {card.recall:.3f}, "
        f"with a filter that keeps 5 % {card.filtered_recall:.3f}"
    )
    if min(card.recall, card.filtered_recall) < arguments.recall:
        print(f"that is below {arguments.recall}; another --kind may reach it")


def _move(arguments: argparse.Namespace) -> None:
    from core.engines.moving import Where, move, move_back

    index = arguments.index
    if arguments.to == "exact":
        move_back(index)
        print(f"{index}: searched without an engine")
        return
    from core.recorded import garments_at

    where = Where(arguments.to, arguments.collection, arguments.shards, arguments.replicas, arguments.keep)
    card = move(index, garments_at(index, arguments.images), where, arguments.recall, arguments.required)
    print(
        f"{index}: {card.count} photos, {card.described} with a record, searched by {card.to} "
        f"({card.collection}); recall@10 {card.recall:.3f}, with a filter {card.filtered_recall:.3f}"
    )


def _bring(arguments: argparse.Namespace) -> None:
    from core.own.changing import REFUSED_FILE, add, photos_of
    from core.own.limits import by_reason
    from core.own.sources import open_source

    with open_source(arguments.source) as source:
        added = add(arguments.index, source, arguments.model, batch=arguments.batch)
    for (field, value), count in added.unknown.most_common(NAMED):
        print(f"kept out: {field} {value!r} is not in the vocabulary (rows: {count})")
    if added.unused:
        print(f"columns that say nothing here: {', '.join(added.unused)}")
    reasons = ", ".join(f"{count} {reason}" for reason, count in by_reason(added.refused).items())
    where = f" ({photos_of(arguments.index) / REFUSED_FILE})" if added.refused else ""
    print(
        f"{arguments.index}: {added.count} garments; {len(added.added)} added, {len(added.already)} already "
        f"there, {len(added.changed)} described anew, {len(added.refused)} refused"
        f"{': ' + reasons if reasons else ''}{where}"
    )


def _remove(arguments: argparse.Namespace) -> None:
    from core.own.changing import drop, remove

    if arguments.all:
        count = load_card(arguments.index).count
        drop(arguments.index)
        print(f"{arguments.index}: removed with its {count} garments")
        return
    gone = remove(arguments.index, arguments.ids, arguments.source)
    left = load_card(arguments.index).count if arguments.index.exists() else 0
    print(f"{arguments.index}: {len(gone)} removed, {left} left{'' if left else '; the catalogue is gone'}")


if __name__ == "__main__":
    entry(main)
