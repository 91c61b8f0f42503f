"""Adding photos to a catalogue and removing garments from it; killed, the older catalogue stands.

Beside the index lies `INDEX.photos`: the photos as ID.ENDING, what is known of them (`garments.jsonl`), and
what the last add refused (`refused.jsonl`). The index is replaced as a whole by core.building; photos are
copied before that and removed after it, so it never names one that is not there. What a kill leaves over is
swept away by the next add or remove.
"""

import json
import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from glob import escape
from pathlib import Path

import numpy as np

from core.building import build
from core.engines.moving import drop_collection, engine_of
from core.engines.saved import EDGE
from core.errors import HemlineError
from core.files import take_lock, write_atomically
from core.gallery import FEATURES_FILE, load_gallery, write_gallery
from core.index import build_index, load_card, load_index, recover, refuse_unlike, save_index, staging_of
from core.own.limits import MOST, Limits, Refusal
from core.own.records import described, read_records, write_records
from core.own.sources import Source
from core.own.taking import Standing, sweep, take
from core.staging import locked

REFUSED_FILE = "refused.jsonl"


@dataclass(frozen=True)
class Added:
    """What an add came to: how many garments there are now, ids by what became of them, and refusals.

    `unknown` counts values outside the vocabulary by (field, value); `unused` are columns nothing read.
    """

    count: int
    added: tuple[str, ...]
    already: tuple[str, ...]
    changed: tuple[str, ...]
    refused: tuple[Refusal, ...]
    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)
    unused: tuple[str, ...] = ()


def photos_of(index: Path) -> Path:
    """Where the photos that were brought to `index` are kept."""
    return index.with_name(index.name + ".photos")


def add(
    index: Path, source: Source, model: Path | None = None, limits: Limits = MOST, batch: int = 32
) -> Added:
    """Take the photos of `source` in and index them; the index is made where it is not there yet.

    `model` None is the one the index was built with; another one encodes everything anew. An index that was
    built over a folder of its own first gets copies of its photos. HemlineError, with the older catalogue
    intact, where the source has more than `limits` allow, or not one photo can be used.
    """
    index = index.absolute()  # it records where its photos are
    refuse_unlike(index)
    with _alone(index) as folder:
        recover(index)
        checkpoint = model if model is not None else _model_of(index)
        if not checkpoint.is_dir():
            raise HemlineError(f"there is no model at {checkpoint}; give the folder of one with --model")
        standing = _standing(index, folder)
        sweep(folder, standing.files.values())
        before = len(standing.files)
        try:
            taken = take(source, standing, folder, limits)
            _write_refused(folder, taken.refused)
            if not standing.files:
                raise HemlineError(_nothing(source, taken.refused))
            records = {**standing.records, **taken.changed, **taken.new}
            if taken.new or taken.changed or standing.adopted:
                write_records(folder, [records[id_] for id_ in standing.files if id_ in records])
            if taken.new or standing.adopted or model is not None:
                build(checkpoint, folder, index, list(standing.files), batch=batch)
        except Exception:
            sweep(folder, list(standing.files.values())[:before])
            raise
    return Added(
        len(standing.files),
        tuple(taken.new),
        tuple(taken.already),
        tuple(taken.changed),
        tuple(taken.refused),
        source.unknown,
        source.unused,
    )


def remove(index: Path, ids: Collection[str] = (), sources: Collection[str] = ()) -> tuple[str, ...]:
    """Remove garments by id, or all that came in one of `sources`; with the last one the whole catalogue.

    Answers the ids that were removed. Photos that were brought are deleted, photos in a folder of the user's
    own are not. HemlineError, with nothing changed, for an id or a source that is not there.
    """
    if not index.exists() and not any(index.parent.glob(f".{escape(index.name)}.????????.old")):
        load_card(index)  # which says that there is none, before any folder is made
    with _alone(index) as folder, locked(index):
        loaded = load_index(index)
        gallery = load_gallery(index, loaded)
        records = read_records(folder)
        _refuse_strangers(index, "id", ids, loaded.ids)
        _refuse_strangers(index, "source", sources, [record.source for record in records.values()])
        named = {id_ for id_, record in records.items() if record.source in sources} | set(ids)
        gone = named & set(loaded.ids)
        if not gone:
            raise HemlineError("nothing was named; give ids, or the name of a source")
        rows = [row for row, id_ in enumerate(loaded.ids) if id_ not in gone]
        if rows:
            left_out = {id_: why for id_, why in loaded.card.left_out.items() if id_ not in gone}
            card = replace(loaded.card, left_out=left_out, partial=bool(left_out))
            smaller = build_index(np.array(loaded.vectors[rows]), [loaded.ids[row] for row in rows], card)
            table = replace(
                gallery.table,
                ids_sha=smaller.card.ids_sha,
                paths=[gallery.table.paths[row] for row in rows],
                hashes=[gallery.table.hashes[row] for row in rows],
            )
            features = gallery.features

            def beside(aside: Path) -> None:
                kept = () if features is None else ((at, features[row]) for at, row in enumerate(rows))
                write_gallery(aside, table, kept)
                if features is None:
                    (aside / FEATURES_FILE).unlink()

            save_index(smaller, index, beside)
            if records:
                write_records(folder, [record for id_, record in records.items() if id_ not in gone])
            sweep(folder, table.paths)
        else:
            drop(index)
    return tuple(id_ for id_ in loaded.ids if id_ in gone)


def reindex(index: Path, model: Path) -> None:
    """Index brought photos again with another model; the older index stands until that is done."""
    with _alone(index) as folder:
        recover(index)
        build(model, folder, index, list(load_index(index).ids))


def drop(index: Path) -> None:
    """Remove the whole catalogue: the index, what a server holds of it, kept work, and brought photos."""
    load_card(index)
    engine = engine_of(index)
    # the index first: without it the rest is only a left-over
    aside = index.with_name(f".{index.name}.dropping.part")
    shutil.rmtree(aside, ignore_errors=True)
    index.rename(aside)
    for folder in (aside, staging_of(index), photos_of(index)):
        shutil.rmtree(folder, ignore_errors=True)
    if engine is not None and engine.to != EDGE:
        drop_collection(engine)


@contextmanager
def _alone(index: Path) -> Iterator[Path]:
    """The folder of the brought photos, with no other add or remove at work in it."""
    folder = photos_of(index)
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with open(folder / ".lock", "w") as lock:
            try:
                take_lock(lock)
            except BlockingIOError:
                raise HemlineError(f"another process is changing {index}; wait for it") from None
            yield folder
    finally:
        if made and {path.name for path in folder.glob("*")} <= {".lock"}:
            shutil.rmtree(folder, ignore_errors=True)


def _model_of(index: Path) -> Path:
    if not index.exists():
        raise HemlineError(f"there is no index at {index} yet; say with --model which model shall make it")
    model = Path(load_card(index).model)
    if not model.is_dir():
        raise HemlineError(f"{index} was built with the model {model}, which is not there; give --model")
    return model


def _standing(index: Path, folder: Path) -> Standing:
    """The catalogue in `index`, its photos all in `folder`: those of a folder of its own are copied there."""
    if not index.exists():
        return Standing()
    loaded = load_index(index)
    table = load_gallery(index, loaded).table
    hashes = dict(zip(loaded.ids, table.hashes, strict=True))
    files = dict(zip(loaded.ids, table.paths, strict=True))
    adopted = not all((folder / name).is_file() for name in table.paths)
    if adopted:
        known = described(Path(table.root).parent)
        files = {id_: _copy(Path(table.root) / path, folder, id_) for id_, path in files.items()}
    else:
        known = read_records(folder)
    return Standing(hashes, files, {id_: known[id_] for id_ in files if id_ in known}, adopted)


def _copy(photo: Path, folder: Path, id_: str) -> str:
    if not photo.is_file():
        raise HemlineError(f"{photo} of the catalogue is not there any more; build the index again first")
    name = id_ + photo.suffix.lower()
    write_atomically(folder / name, lambda aside: _copy_bytes(photo, aside))
    return name


def _copy_bytes(photo: Path, aside: Path) -> None:
    shutil.copyfile(photo, aside)


def _write_refused(folder: Path, refused: Sequence[Refusal]) -> None:
    rows = [json.dumps({"name": r.name, "reason": r.reason}, ensure_ascii=False) + "\n" for r in refused]
    write_atomically(folder / REFUSED_FILE, lambda aside: _write_lines(aside, rows))


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(lines), encoding="utf-8")


def _nothing(source: Source, refused: Sequence[Refusal]) -> str:
    first = "; ".join(f"{refusal.name}: {refusal.reason}" for refusal in refused[:3])
    return f"{source.name} holds no photo that can be used, so nothing was made ({first})"


def _refuse_strangers(index: Path, what: str, named: Collection[str], known: Collection[str]) -> None:
    unknown = sorted(set(named) - set(known))
    if unknown:
        raise HemlineError(
            f"{index} has no garment with the {what} {', '.join(unknown[:5])}; nothing was removed"
        )
