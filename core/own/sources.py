"""What people bring (a folder, a zip, files, a table, a `datasets` dataset), read as offers of photos.

Nothing is decoded or copied here. A table inside a folder, a zip or among files says what is known of the
photos beside it; a table that is the source itself chooses them.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from core.errors import HemlineError
from core.own import table as tables
from core.own.archive import Read, is_passed_over, open_archive
from core.own.limits import MOST, Limits, Refusal, Unusable, check_count
from core.own.table import About, Row, Table, read_table

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".jfif", ".png", ".webp", ".gif", ".bmp")
TABLE_NAMES = ("garments", "metadata", "captions", "catalogue", "catalog")  # chosen where there are several


@dataclass(frozen=True)
class Offer:
    """A photo offered: its name in the source, how to read it, the id asked for ("" for none), the rest."""

    name: str
    read: Read
    id: str = ""
    about: About = field(default_factory=dict)


@dataclass
class Source:
    """What a source called `name` offers, and what of it was refused without a look at the photo.

    `unknown` counts a table's values outside the vocabulary by (field, value); `unused` are its columns that
    nothing reads.
    """

    name: str
    offers: list[Offer] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)
    unused: tuple[str, ...] = ()


@contextmanager
def open_source(path: Path, limits: Limits = MOST) -> Iterator[Source]:
    """What is at `path`; its offers can be read until the block ends. HemlineError says what is wrong."""
    suffix = path.suffix.lower()
    if path.is_dir():
        from core.own.hub import is_dataset, open_dataset

        if is_dataset(path):
            with open_dataset(path, limits) as source:
                yield source
        else:
            yield _checked(_matched(path.resolve().name, _folder(path)), limits)
    elif not path.is_file():
        raise HemlineError(f"{path} is not there; give a folder, .zip, .csv, .jsonl or a dataset")
    elif suffix in tables.SUFFIXES:
        yield _checked(_chosen(path), limits)
    elif suffix == ".parquet":
        from core.own.hub import open_dataset

        with open_dataset(path, limits) as source:
            yield source
    else:
        with open_files([path], path.name, limits) as source:
            yield source


@contextmanager
def open_files(paths: Sequence[Path], name: str, limits: Limits = MOST) -> Iterator[Source]:
    """Photos, zips and at most one table given as files, as one source called `name`."""
    with ExitStack() as stack:
        files: dict[str, Read] = {}
        refused: list[Refusal] = []
        for path in paths:
            if path.suffix.lower() == ".zip":
                inside, faults = stack.enter_context(open_archive(path, limits))
                prefix = f"{path.name}/" if len(paths) > 1 else ""
                files |= {prefix + inner: read for inner, read in inside.items()}
                refused += [Refusal(prefix + fault.name, fault.reason) for fault in faults]
            else:
                taken = path.name in files  # by one of another folder, which the name then says
                files[f"{path.parent.name[:8]}/{path.name}" if taken else path.name] = read_file(path)
        yield _checked(_matched(name, files, refused), limits)


def _checked(source: Source, limits: Limits) -> Source:
    check_count(len(source.offers), limits, source.name)
    return source


def _folder(root: Path) -> dict[str, Read]:
    files: dict[str, Read] = {}
    for folder, below, names in os.walk(root):
        below[:] = sorted(name for name in below if not is_passed_over(name))
        for name in sorted(names):
            path = Path(folder, name)
            if not is_passed_over(name) and path.is_file():  # no pipes or devices
                files[path.relative_to(root).as_posix()] = read_file(path)
    return files


def read_file(path: Path) -> Read:
    """How to read the file `path`."""

    def read(most: int) -> bytes:
        try:
            with open(path, "rb") as file:
                return file.read(most)
        except OSError as error:
            raise Unusable(f"unreadable: {error.strerror}") from None

    return read


def _matched(name: str, files: Mapping[str, Read], refused: Sequence[Refusal] = ()) -> Source:
    """Every photo of `files`, with what the table among them says of it; `refused` were so before."""
    source = Source(name, refused=list(refused))
    table_name = _table_among(name, files)
    photos = {}
    for file, read in files.items():
        if file.lower().endswith(PHOTO_SUFFIXES):
            photos[file] = read
        elif not file.lower().endswith(tables.SUFFIXES):
            source.refused.append(Refusal(_text(file), "not a photo by its ending"))
    rows: dict[str, Row] = {}
    if table_name is not None:
        table = read_table(_whole(files[table_name], table_name), table_name)
        _tell(source, table)
        finder = Finder(photos)
        for row in table.rows:
            meant = finder.find(row.image, str(PurePosixPath(table_name).parent))
            if meant is None:
                source.refused.append(Refusal(f"{row.where}: {row.image}", "no such photo"))
            elif meant in rows:
                source.refused.append(Refusal(f"{row.where}: {row.image}", "the photo has a row already"))
            else:
                rows[meant] = row
    for file, read in photos.items():
        said = rows.get(file, Row("", file, "", {}))
        source.offers.append(Offer(_text(file), read, said.id, said.about))
    if not source.offers:
        told = "".join(f"; {refusal.name}: {refusal.reason}" for refusal in source.refused[:3])
        some = " ".join(PHOTO_SUFFIXES)
        raise HemlineError(f"{name} holds no photos ({some}); bring photos of garments{told}")
    return source


def _whole(read: Read, name: str) -> bytes:
    try:
        return read(tables.MAX_BYTES + 1)
    except Unusable as error:
        raise HemlineError(f"the table {name} cannot be read ({error}); bring it again") from None


def _table_among(name: str, files: Mapping[str, Read]) -> str | None:
    found = [file for file in files if file.lower().endswith(tables.SUFFIXES)]
    if len(found) > 1:
        found.sort(key=lambda file: file.count("/"))
        known = [file for file in found if PurePosixPath(file).stem.lower() in TABLE_NAMES]
        if not known:
            some = ", ".join(found[:3])
            raise HemlineError(f"{name} holds several tables ({some}); leave one, or call it captions.csv")
        found = sorted(known, key=lambda file: TABLE_NAMES.index(PurePosixPath(file).stem.lower()))
    return found[0] if found else None


def _chosen(path: Path) -> Source:
    """The photos that the rows of the table `path` name, from its folder on."""
    with open(path, "rb") as file:
        table = read_table(file.read(tables.MAX_BYTES + 1), path.name)
    source = Source(path.name)
    _tell(source, table)
    seen = set()
    for row in table.rows:
        if leads_out(row.image):
            source.refused.append(Refusal(f"{row.where}: {row.image}", "leads out of the table's folder"))
            continue
        photo = _beside(path.parent, row.image)
        if photo is None:
            source.refused.append(Refusal(f"{row.where}: {row.image}", "no such photo"))
        elif photo in seen:
            source.refused.append(Refusal(f"{row.where}: {row.image}", "the photo has a row already"))
        else:
            seen.add(photo)
            source.offers.append(Offer(row.image, read_file(photo), row.id, row.about))
    if not source.offers:
        first = table.rows[0].image
        raise HemlineError(
            f"{path} names no photo that is there (the first is {first!r}); paths count from "
            f"{path.parent} and lead nowhere else"
        )
    return source


def leads_out(name: str) -> bool:
    """Whether a path that somebody wrote down leads out of the folder it counts from."""
    return os.path.isabs(name) or os.path.normpath(name).split(os.sep)[0] == os.pardir


def _beside(folder: Path, image: str) -> Path | None:
    """The file that a row names: a path from the table's folder on, or an id of its folder `images`."""
    for place in (folder / image, folder / "images" / image):
        for suffix in ("", *PHOTO_SUFFIXES):
            try:
                if (found := place.with_name(place.name + suffix)).is_file():
                    return found
            except (OSError, ValueError):  # a name too long, or with a null character: none that a file has
                continue
    return None


def _tell(source: Source, table: Table) -> None:
    source.refused += [Refusal(where, reason) for where, reason in table.faults]
    source.unknown += table.unknown
    source.unused = table.unused


def _text(name: str) -> str:
    return name.encode("utf-8", "replace").decode()


class Finder:
    """Finds the photo that a row means: by its path, by its file's name, by that without the ending.

    Names are compared exactly first, then by their letters and digits alone (browsers change the others);
    what two photos answer to means neither.
    """

    def __init__(self, photos: Mapping[str, Read]) -> None:
        self._exact = set(photos)
        self._keys: dict[str, list[str]] = {}
        for file in photos:
            path = PurePosixPath(file)
            for key in {path.name, path.stem, _loose(path.name)}:
                self._keys.setdefault(key, []).append(file)

    def find(self, image: str, folder: str) -> str | None:
        """The photo that `image` names in a table that lies in `folder` ("." for the top); None for none."""
        asked = PurePosixPath(image.replace("\\", "/"))
        for place in (PurePosixPath(folder) / asked, asked):
            if str(place) in self._exact:
                return str(place)
        for key in (asked.name, asked.stem, _loose(asked.name)):
            found = self._keys.get(key, [])
            if len(found) == 1:
                return found[0]
        return None


def _loose(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
