"""Which garments of a drawn dataset belong together: `lines.json`, a list of lines of ids."""

from pathlib import Path

from core.datasets.fashioniq import Split
from core.errors import HemlineError
from core.files import read_json

LINES_FILE = "lines.json"


def read_lines(folder: Path, split: Split) -> list[list[str]]:
    """The lines (`core.wardrobe.lines`) of a dataset's split; empty where the folder has no `lines.json`.

    HemlineError where the file is not a list of lines of two or more ids of the split, each once.
    """
    path = folder / LINES_FILE
    if not path.is_file():
        return []
    lines = read_json(path)
    if not isinstance(lines, list) or not all(
        isinstance(line, list) and len(line) > 1 and all(isinstance(id_, str) for id_ in line)
        for line in lines
    ):
        raise HemlineError(f"{path} must be a list of lines, each a list of two or more ids")
    ids = [id_ for line in lines for id_ in line]
    if len(set(ids)) != len(ids) or set(ids) != set(split.union_gallery()) or set(ids) - set(split.garments):
        raise HemlineError(f"{path} must name every garment of the {split.split} split once; draw it again")
    return lines
