"""The versions of a model's query side: which there are, which is live, and how one comes back.

    python -m core.versions list     --versions FOLDER
    python -m core.versions promote  --versions FOLDER --name NAME
    python -m core.versions rollback --versions FOLDER

A version is a folder in FOLDER: `query.safetensors`, the query side alone, and `version.json`, its card,
which is written last: a folder without one is unfinished. The weights it goes with are named by path and
fingerprint. `live.json` says which version answers; without it, or with null, that is the base model itself.
Going live and coming back change that one file, never the index, whose vectors are the target side's.
"""

import argparse
import json
import re
import shutil
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from core.cli import entry
from core.errors import HemlineError
from core.files import fingerprint, read_json, sha256_file, write_json
from core.refining import LOCK_FILE, is_running

CARD_FILE = "version.json"
QUERY_FILE = "query.safetensors"
EFFECT_FILE = "effect.json"
LIVE_FILE = "live.json"
HISTORY = 50  # earlier live versions that are remembered
_NAME = re.compile(r"\w[\w.-]{0,60}")

BETTER, NOT_WORSE, WORSE = "better", "not worse", "worse"


@dataclass(frozen=True)
class Version:
    """The card of a version.

    `base` is the path of the model folder as given and `base_fingerprint` that of its hemline.json; `query`
    the sha256 of query.safetensors; `target_fingerprint` that of the indexes it can search. `trained_on` says
    which judgements, replay, configuration and seed, `run` which code and libraries; `figures` what was
    measured before and after; `verdict` is one of `BETTER`, `NOT_WORSE` and `WORSE`.
    """

    name: str
    base: str
    base_fingerprint: str
    query: str
    target_fingerprint: str
    created: str
    verdict: str
    trained_on: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)

    @property
    def model_fingerprint(self) -> str:
        """What judgements record as the model that answered: of the base and this query side."""
        return fingerprint([self.base_fingerprint, self.query])


def check_name(name: str) -> str:
    """The name, where it can be a version's; HemlineError where not."""
    if not _NAME.fullmatch(name):
        raise HemlineError(f"a version cannot be called {name!r}; use up to 60 letters, digits, . _ and -")
    return name


def is_version(folder: Path) -> bool:
    """Whether `folder` is a finished version."""
    return (folder / CARD_FILE).is_file()


def versions(folder: Path) -> list[Version]:
    """The finished versions in `folder`, the oldest first; none where there is no such folder.

    Raises HemlineError for a card that is damaged.
    """
    cards = [read_version(path.parent) for path in folder.glob(f"[!.]*/{CARD_FILE}")]
    return sorted(cards, key=lambda version: (version.created, version.name))


def read_version(folder: Path) -> Version:
    """The card in the version's folder; HemlineError where it is missing or damaged."""
    path = folder / CARD_FILE
    if not path.is_file():
        raise HemlineError(f"there is no version at {folder}: it was never finished, or was removed")
    value = read_json(path)
    known = {item.name for item in fields(Version)}
    if not isinstance(value, dict) or set(value) != known or value["name"] != folder.name:
        raise HemlineError(f"{path} is not the card of the version {folder.name}; remove that folder")
    return Version(**value)


def base_of(version: Version) -> Path:
    """The model folder the version goes with; HemlineError where it is gone or is another model now."""
    base = Path(version.base)
    spec = base / "hemline.json"
    if not spec.is_file():
        raise HemlineError(f"the version {version.name} goes with the model {base}, which is not there")
    if fingerprint(read_json(spec)) != version.base_fingerprint:
        raise HemlineError(
            f"the version {version.name} goes with another model than {base} now holds; refine again"
        )
    return base


def base_folder(model: Path) -> Path:
    """The model folder itself, of a version the one it goes with."""
    return base_of(read_version(model)) if is_version(model) else model


def query_file(folder: Path, version: Version) -> Path:
    """The version's weights after checking their hash; HemlineError where they are not those of its card."""
    path = folder / QUERY_FILE
    if not path.is_file() or sha256_file(path) != version.query:
        raise HemlineError(
            f"{path} is missing or not what {CARD_FILE} was written with; choose another version"
        )
    return path


def live(folder: Path) -> str | None:
    """The name of the live version, None where the base model answers.

    A version that is named but no longer there is passed over for the base, so that the app always starts.
    """
    name = _live(folder)["live"]
    return name if name is not None and is_version(folder / name) else None


def promote(folder: Path, name: str | None) -> None:
    """Let the version `name` answer from now on, None for the base; HemlineError where it is not whole."""
    if name is not None:
        query_file(folder / check_name(name), read_version(folder / name))
    before = _live(folder)
    if before["live"] == name:
        return
    history = [*before["history"], before["live"]][-HISTORY:]
    write_json(folder / LIVE_FILE, {"live": name, "history": history})


def roll_back(folder: Path) -> str | None:
    """Let the version answer that did before the live one; its name, None for the base.

    Versions that are gone are passed over. Raises HemlineError where nothing was live before.
    """
    pointer = _live(folder)
    history = list(pointer["history"])
    while history:
        name = history.pop()
        if name is None or is_version(folder / name):
            write_json(folder / LIVE_FILE, {"live": name, "history": history})
            return name
    raise HemlineError(f"no version was live before in {folder}; promote one by name")


def clean(folder: Path) -> list[str]:
    """Remove what killed, failed and cancelled refinements left in `folder`; the names of it.

    Only a folder that a refinement worked in, that has no card, and in which no process works is removed.
    """
    gone = []
    for path in sorted(folder.glob(f"[!.]*/{LOCK_FILE}")):
        unfinished = path.parent
        if not is_version(unfinished) and not is_running(unfinished):
            shutil.rmtree(unfinished)
            gone.append(unfinished.name)
    return gone


def _live(folder: Path) -> dict[str, Any]:
    path = folder / LIVE_FILE
    if not path.is_file():
        return {"live": None, "history": []}
    value = read_json(path)
    named = [value.get("live"), *value.get("history", [])] if isinstance(value, dict) else [0]
    if not all(name is None or (isinstance(name, str) and _NAME.fullmatch(name)) for name in named):
        raise HemlineError(f"{path} does not say which version is live; remove it and promote one by name")
    return {"live": value.get("live"), "history": value.get("history", [])}


def main() -> None:
    """List the versions of a model's query side, choose the live one, or go back to the one before."""
    parser = argparse.ArgumentParser(prog="python -m core.versions", description=main.__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="a line of JSON each, the oldest first")
    chosen = commands.add_parser("promote", help="make one live")
    chosen.add_argument("--name", required=True, help='the version, or "base" for the model itself')
    commands.add_parser("rollback", help="make live what was live before")
    for command in commands.choices.values():
        command.add_argument("--versions", type=Path, required=True, help="the folder of the versions")
    arguments = parser.parse_args()
    folder = arguments.versions
    if not folder.is_dir():
        raise HemlineError(f"there are no versions at {folder}: no such folder")
    if arguments.command == "list":
        answers = live(folder)
        for version in versions(folder):
            print(json.dumps({"live": version.name == answers, **_brief(version)}))
        return
    if arguments.command == "promote":
        promote(folder, None if arguments.name == "base" else arguments.name)
    else:
        roll_back(folder)
    print(f"live: {live(folder) or 'base'}")


def _brief(version: Version) -> dict[str, Any]:
    told = asdict(version)
    return {name: told[name] for name in ("name", "created", "verdict", "base", "figures")}


if __name__ == "__main__":
    entry(main)
