"""Writing so that a kill or a full disk never loses what was there, and reading JSON with clear faults."""

import ctypes
import errno
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from core.errors import HemlineError

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` make a file or a folder at a temporary path beside `path`, then move it into place.

    Everything is synced to disk before the move, and an old folder is replaced as a whole. Whatever `write`
    raises (a full disk's OSError, Ctrl-C) goes on to the caller after the temporary file or folder is
    removed; what was at `path` before is then untouched. Missing parent folders are made. HemlineError
    where a file would replace a folder or the other way round.
    """
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.part")
    try:
        write(aside)
        _sync(aside)
        _move_into_place(aside, path)
    finally:
        _remove(aside)
    _sync_one(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as UTF-8 JSON, atomically.

    What JSON cannot say (NaN, infinity, objects) raises ValueError or TypeError before anything is written.
    """
    data = (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()

    def write(aside: Path) -> None:
        aside.write_bytes(data)

    write_atomically(Path(path), write)


def read_json(path: Path) -> Any:
    """The value in the JSON file `path` (UTF-8); HemlineError naming the file where there is none."""
    return parse_json(read_text(path), str(path))


def read_text(path: Path) -> str:
    """The text of the UTF-8 file `path` (a byte order mark is dropped); HemlineError naming the file."""
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise HemlineError(f"{path} does not exist") from None
    except OSError as error:
        raise HemlineError(f"{path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise HemlineError(f"{path} is not UTF-8 text; bring the file again from its source") from None


def parse_json(text: str, where: str) -> Any:
    """The value that JSON `text` says; HemlineError beginning with `where`. NaN and Infinity are refused."""
    try:
        return _STRICT.decode(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise HemlineError(
            f"{where} is not JSON ({error.msg} at {place}); it may be cut short: bring it again"
        ) from None
    except (ValueError, RecursionError) as error:
        raise HemlineError(f"{where} is not JSON that can be used ({error})") from None


def sha256_file(path: Path) -> str:
    """The sha256 of the file's bytes as 64 hex digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(value: Any) -> str:
    """The sha256 (64 hex digits) of `value` as canonical JSON: sorted keys, no spaces, tuples as lists."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def take_lock(file: TextIO, shared: bool = False) -> None:
    """Lock an open file for this process, or for all who share it; BlockingIOError where another holds it.

    On a file system without locks, as some mounted volumes are, there is none: nothing is refused there.
    """
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK):
            raise


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


_STRICT = json.JSONDecoder(parse_constant=_refuse_constant)


def _sync(path: Path) -> None:
    """fsync a file, or a folder with all it holds."""
    if path.is_dir():
        for folder, _, names in os.walk(path):
            for name in names:
                _sync_one(Path(folder, name))
            _sync_one(Path(folder))
    else:
        _sync_one(path)


def _sync_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _move_into_place(aside: Path, path: Path) -> None:
    if path.exists() and path.is_dir() != aside.is_dir():
        is_now = "folder" if path.is_dir() else "file"
        raise HemlineError(f"{path} is a {is_now} and is left as it is; choose another name to write to")
    # os.replace cannot replace a folder that holds something: exchange the two, or move the old one away.
    if not path.is_dir():
        os.replace(aside, path)
    elif not _exchange(aside, path):
        old = aside.with_suffix(".old")
        os.replace(path, old)
        try:
            os.replace(aside, path)
        except OSError:
            os.replace(old, path)
            raise
        _remove(old)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two paths in one step, so that no kill finds neither; False where the system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None)
    if renameat2 is None:
        return False
    done: int = renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
    return done == 0


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
