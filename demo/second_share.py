"""Which share of the judgements is judged a second time: one number for everybody, beside the judgements."""

from pathlib import Path

from core.errors import HemlineError
from core.files import read_json, write_json
from core.judgements import Store

DEFAULT = 10  # percent
FILE = "second-judgements.json"


def read_share(store: Store) -> int:
    """The share in percent, 0 to 100; DEFAULT where none was chosen or the file says nothing usable."""
    try:
        return _whole(read_json(_path(store))["percent"])
    except (HemlineError, TypeError, KeyError):
        return DEFAULT


def write_share(store: Store, percent: object) -> int:
    """Choose the share for everybody; HemlineError for what is no percentage or cannot be written."""
    share = _whole(percent)
    try:
        write_json(_path(store), {"percent": share})
    except OSError as error:
        raise HemlineError(f"the share could not be saved: {error.strerror}") from None
    return share


def _path(store: Store) -> Path:
    return store.path.with_name(FILE)


def _whole(percent: object) -> int:
    if isinstance(percent, bool) or not isinstance(percent, int | float) or not 0 <= percent <= 100:
        raise HemlineError(f"the share of second judgements is 0 to 100 percent; it is {percent!r}")
    return round(percent)
