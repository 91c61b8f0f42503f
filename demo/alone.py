"""One app for one data folder: a lock held as long as the app runs, which a killed one leaves to the next."""

import errno
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from core.errors import HemlineError
from core.files import take_lock

LOCK_FILE = "app.lock"
PATIENCE = 5.0  # seconds that an app which is just ending is waited for


@contextmanager
def alone(folder: Path, address: str, patience: float = PATIENCE) -> Iterator[None]:
    """Within this no other app starts on the data `folder`, which an app at `address` uses.

    HemlineError where another one runs there, named by its process and address. The system frees the lock of
    an app that was killed; on a file system without locks, as some volumes are, there is none.
    """
    with open(folder / LOCK_FILE, "a+", encoding="utf-8") as file:
        until = time.monotonic() + patience
        while True:
            try:
                take_lock(file)
                break
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    raise
                if time.monotonic() > until:
                    raise HemlineError(_told(folder)) from None
            time.sleep(0.1)
        file.truncate(0)
        said = {
            "process": os.getpid(),
            "address": address,
            "since": datetime.now(UTC).isoformat("T", "seconds"),
        }
        file.write(json.dumps(said))
        file.flush()
        yield


def _told(folder: Path) -> str:
    who = ""
    with suppress(OSError, ValueError, KeyError, TypeError):
        said = json.loads((folder / LOCK_FILE).read_text("utf-8"))
        who = f" (process {said['process']}, at {said['address']}, since {said['since']})"
    return (
        f"another Hemline runs on the data folder {folder}{who}; use that one, stop it, or give this one a "
        "folder of its own with HEMLINE_DATA"
    )
