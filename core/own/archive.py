"""A zip of photos, which may be hostile: nothing in it says where a file is written, since none is extracted.

Each entry is read into memory when it is its turn, up to a photo's largest size whatever its header says.
Links, encrypted entries and archives in the archive are refused by name. Entries are counted before one is
looked at.
"""

import io
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from core.errors import HemlineError
from core.own.limits import Limits, Refusal, Unusable, check_bytes, check_count

ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
PASSED_OVER = ("__MACOSX", "Thumbs.db", "desktop.ini")
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others may ask for any memory, and no photo needs them
_SPARE_ENTRIES = 1000  # folders and the like, beside the photos
_ENTRY = b"PK\x01\x02"  # begins an entry of the zip's list
_LONGEST_ENTRY = 1024  # bytes of that list; a name has at most 255 where it came from a disk

Read = Callable[[int], bytes]
"""Reads a file of the source, at most so many bytes; raises Unusable."""


class _Listed(io.FileIO):
    """The zip's file; while its list is read, HemlineError where that has more than `most` entries.

    zipfile makes an object of half a kilobyte of each entry, whatever the zip says of their number.
    """

    def __init__(self, path: Path, most: int) -> None:
        super().__init__(path)
        self.most: int | None = most

    def read(self, size: int | None = -1, /) -> bytes:
        if self.most is not None and size is not None and size > self.most * _LONGEST_ENTRY:
            raise HemlineError(f"{Path(str(self.name)).name} lists more files than may be brought at once")
        data = super().read(-1 if size is None else size) or b""
        if self.most is not None and data.count(_ENTRY) > self.most:
            raise HemlineError(
                f"{Path(str(self.name)).name} holds more than {self.most:,} files, more than may be brought "
                "at once; bring them in parts"
            )
        return data


def _opened(file: io.FileIO, path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except HemlineError:
        raise
    except Exception as error:  # zipfile raises many kinds on a hostile list
        raise HemlineError(f"{path.name} is not a zip that can be read ({error}); make it again") from None


@contextmanager
def open_archive(path: Path, limits: Limits) -> Iterator[tuple[dict[str, Read], list[Refusal]]]:
    """The files of the zip `path` by name, in its order, and the entries that are refused.

    HemlineError where it is no zip, is damaged, or holds more entries or bytes than `limits` allow.
    """
    most = limits.photos + _SPARE_ENTRIES
    with _Listed(path, most) as file, _opened(file, path) as archive:
        file.most = None
        infos = [info for info in archive.infolist() if not info.is_dir()]
        check_count(len(archive.infolist()) - _SPARE_ENTRIES, limits, path.name)
        check_bytes(sum(info.file_size for info in infos), limits, path.name)
        files: dict[str, Read] = {}
        refused = []
        for info in infos:
            name = info.filename.replace("\\", "/")
            if is_passed_over(name):
                continue
            fault = _fault(info, name, files)
            if fault:
                refused.append(Refusal(_told(name), fault))
            else:
                files[name] = _reader(archive, info)
        yield files, refused


def is_passed_over(name: str) -> bool:
    """Whether a file is a system's own (hidden, or of macOS or Windows), of which nothing is said."""
    parts = PurePosixPath(name).parts
    return any(part in PASSED_OVER or (part.startswith(".") and part not in (".", "..")) for part in parts)


def _fault(info: zipfile.ZipInfo, name: str, files: dict[str, Read]) -> str:
    if name.startswith("/") or ".." in PurePosixPath(name).parts or ":" in name.split("/")[0]:
        return "unsafe name: it leads out of the archive"
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "a link, not a file"
    if info.flag_bits & 0x1:
        return "encrypted"
    if info.compress_type not in PACKED:
        return "packed in a way that is not read: only stored and deflated files are"
    if name.lower().endswith(ARCHIVES):
        return "an archive in the archive"
    return "the same name twice in the archive" if name in files else ""


def _told(name: str) -> str:
    return name.encode("utf-8", "replace").decode()


def _reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Read:
    def read(most: int) -> bytes:
        try:
            with archive.open(info) as file:
                return file.read(most)
        except Exception as error:  # zipfile and its decompressors raise many kinds on hostile bytes
            raise Unusable(f"damaged in the archive: {error}") from None

    return read
