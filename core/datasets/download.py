"""Fetching many small files over HTTP, each checked against its sha256 before it counts."""

import hashlib
import http.client
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import HemlineError
from core.files import sha256_file

MAX_BYTES = 32 * 2**20
"""The most bytes taken for one file; more cannot be the file asked for."""

MISMATCH = "checksum mismatch"
"""How a reason in `Outcome.failed` begins where the bytes came whole but are not those asked for."""

_RETRIED_STATUS = {408, 429, 500, 502, 503, 504}


@dataclass(frozen=True)
class Wanted:
    """A file to fetch: its address, where it goes, and the sha256 (64 hex digits) of its bytes."""

    url: str
    path: Path
    sha256: str


@dataclass
class Outcome:
    """What became of the files: names `fetched` now, names `kept` (there already), `failed` name -> why."""

    fetched: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


class Unreachable(HemlineError):
    """The server cannot be spoken with; `outcome` is what was done before that showed."""

    def __init__(self, message: str, outcome: Outcome) -> None:
        super().__init__(message)
        self.outcome = outcome


class _Fault(Exception):
    """One try that failed: whether it `reached` a server that answers, and whether to try `again`."""

    def __init__(self, message: str, *, reached: bool, again: bool) -> None:
        super().__init__(message)
        self.reached = reached
        self.again = again


def download(
    wanted: Sequence[Wanted], *, connections: int = 8, attempts: int = 3, timeout: float = 15.0
) -> Outcome:
    """Fetch what is not there yet, over several connections, with a bar on a terminal.

    A file that is there with the right sha256 is kept. Any other is written as NAME.part and moved into
    place only when its sha256 is right, so that a kill at any moment leaves whole files and the next call
    goes on from there. Passing faults (timeouts, cut transfers, busy servers, wrong bytes) are tried
    `attempts` times; `timeout` is in seconds. Raises Unreachable when `connections` files in a row find no
    server, OSError when the disk is full.
    """
    from tqdm import tqdm

    outcome = Outcome()
    alone = 0
    bar = tqdm(total=len(wanted), desc="fetching", unit="file", disable=not sys.stderr.isatty())
    with bar, ThreadPoolExecutor(connections) as pool:
        futures = {pool.submit(_bring, item, attempts, timeout): item.path.name for item in wanted}
        try:
            for future in as_completed(futures):
                bar.update()
                name = futures[future]
                alone = 0 if _note(future, name, outcome) else alone + 1
                if alone >= min(connections, len(wanted)):
                    raise Unreachable(outcome.failed[name], outcome)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return outcome


def _note(future: Future[bool], name: str, outcome: Outcome) -> bool:
    """Enter one file's end into `outcome`; False where its server was not reached."""
    try:
        (outcome.fetched if future.result() else outcome.kept).append(name)
    except _Fault as fault:
        outcome.failed[name] = str(fault)
        return fault.reached
    return True


def _bring(item: Wanted, attempts: int, timeout: float) -> bool:
    """Put the file in place; whether it had to be fetched for that. Raises _Fault after the last attempt."""
    if item.path.is_file() and sha256_file(item.path) == item.sha256:
        return False
    for left in reversed(range(attempts)):
        try:
            data = _get(item, timeout)
            break
        except _Fault as fault:
            if not (fault.again and left):
                raise
            time.sleep(0.5 * (attempts - left))
    part = item.path.with_name(f"{item.path.name}.part")
    try:
        part.write_bytes(data)
        os.replace(part, item.path)
    finally:
        part.unlink(missing_ok=True)
    return True


def _get(item: Wanted, timeout: float) -> bytes:
    """The file's bytes, with the right sha256."""
    request = urllib.request.Request(item.url, headers={"User-Agent": "hemline"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            data: bytes = answer.read(MAX_BYTES)
            length = answer.headers.get("Content-Length", "")
    except urllib.error.HTTPError as error:
        again = error.code in _RETRIED_STATUS
        raise _Fault(f"HTTP {error.code} {error.reason}", reached=True, again=again) from None
    except urllib.error.URLError as error:
        final = isinstance(error.reason, ConnectionRefusedError | socket.gaierror)
        told = getattr(error.reason, "strerror", None) or error.reason
        raise _Fault(str(told), reached=False, again=not final) from None
    except TimeoutError:
        raise _Fault("timed out", reached=False, again=True) from None
    except (OSError, http.client.HTTPException) as error:
        raise _Fault(f"the connection broke ({error})", reached=False, again=True) from None
    if length.isdigit() and len(data) != int(length):
        raise _Fault(f"cut short: {len(data)} of {length} bytes came", reached=True, again=True)
    if hashlib.sha256(data).hexdigest() != item.sha256:
        raise _Fault(f"{MISMATCH} ({len(data)} bytes came)", reached=True, again=True)
    return data
