"""What each query of a split asks for, where that is on file beside its captions.

`requests/req.CATEGORY.SPLIT.jsonl` has a line for each row of `captions/cap.CATEGORY.SPLIT.json`, in its
order: {"edits", "add", "remove", "keep"}, as in a file of hand texts (`core.requests`). Closet and FashionIQ
have none; whoever writes texts to known changes, as Wardrobe does, can say exactly what they ask for.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import HemlineError
from core.files import parse_json, read_text
from core.requests import Request, met, request_of

if TYPE_CHECKING:
    from core.datasets.fashioniq import Split

_KEYS = {"edits", "add", "remove", "keep"}


def read_asked(split: "Split") -> dict[str, Request]:
    """The request of each of the split's queries by key; empty where the folder has no `requests`.

    HemlineError, naming the file and the line, where a category has no file though the folder has requests,
    where the lines are not as many as the captions' rows, and where a line is not a request or its query's
    target does not meet it: then the lines are another version's.
    """
    folder = split.root / "requests"
    if not folder.is_dir():
        return {}
    asked: dict[str, Request] = {}
    files: dict[tuple[str, str], list[Request]] = {}
    for triplet in split.triplets:
        name = (triplet.category, triplet.split)
        path = folder / f"req.{triplet.category}.{triplet.split}.jsonl"
        if name not in files:
            files[name] = _read(path, split.root / "captions" / f"cap.{'.'.join(name)}.json")
        row = int(triplet.key.rsplit(":", 1)[1])
        asked[triplet.key] = files[name][row]
        target = split.garments.get(triplet.target)
        if target is not None and not met(files[name][row], target):
            raise HemlineError(
                f"{path} line {row + 1}: the target {triplet.target} is not what it asks for; "
                "requests and captions are of different versions, write both again"
            )
    return asked


def _read(path: Path, captions: Path) -> list[Request]:
    if not path.is_file():
        raise HemlineError(f"{path} is missing; bring it, or remove the requests folder beside {captions}")
    requests = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        where = f"{path} line {number}"
        record = parse_json(line, where)
        if not isinstance(record, dict) or set(record) != _KEYS:
            raise HemlineError(f"{where} must be an object with {', '.join(sorted(_KEYS))}")
        try:
            requests.append(request_of(record))
        except (ValueError, TypeError, KeyError) as error:
            raise HemlineError(f"{where}: {error}") from None
    rows = len(parse_json(read_text(captions), str(captions)))
    if len(requests) != rows:
        raise HemlineError(f"{path} has {len(requests)} lines for the {rows} rows of {captions}")
    return requests
