"""Writing files so that a kill or a full disk never loses the old ones, and reading JSON with clear faults."""

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.errors import HemlineError


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` make a file or a folder at a temporary path beside `path`, then move it into place.

    Everything is synced to disk before the move. Whatever `write` raises (a full disk, Ctrl-C) is raised again after
    the temporary file or folder is removed; what was at `path` before is then untouched. Missing parents are made.
    """
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        write(aside)
        _sync(aside)
        _move_into_place(aside, path)
    finally:
        _remove(aside)
    _sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as UTF-8 JSON, atomically; NaN and infinity are refused (ValueError) as JSON has no such numbers."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    data = text.encode()
    write_atomically(Path(path), lambda aside: _write_bytes(aside, data))


def read_json(path: Path) -> Any:
    """The value in the UTF-8 JSON file `path`; HemlineError naming the file where it is missing or not JSON."""
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise HemlineError(f"{path} does not exist") from None
    except OSError as error:
        raise HemlineError(f"{path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise HemlineError(f"{path} is not JSON: it is not UTF-8 text") from None
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise HemlineError(
            f"{path} is not JSON ({error.msg} at {where}); it may be cut short, bring it again"
        ) from None
    except (ValueError, RecursionError) as error:
        raise HemlineError(f"{path} is not JSON that can be used ({error})") from None


def sha256_file(path: Path) -> str:
    """The sha256 of the file's bytes as 64 hex digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(value: Any) -> str:
    """The sha256 (64 hex digits) of `value` as canonical JSON: sorted keys, no spaces, tuples as lists."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _write_bytes(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _sync(path: Path) -> None:
    """fsync a file, or every file of a folder and the folders themselves."""
    if not path.is_dir():
        with open(path, "rb+") as file:
            os.fsync(file.fileno())
        return
    for folder, _, names in os.walk(path):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                os.fsync(file.fileno())
        _sync_folder(Path(folder))


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _move_into_place(aside: Path, path: Path) -> None:
    if not path.is_dir():
        os.replace(aside, path)
        return
    # A folder that holds something cannot be replaced in one step: the old one goes aside first.
    old = path.with_name(f"{aside.name}.old")
    os.replace(path, old)
    try:
        os.replace(aside, path)
    except OSError:
        os.replace(old, path)
        raise
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
