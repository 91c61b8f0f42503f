"""Attack Hemline with everything hostile there is here, and count: tried, refused, read, at fault, memory.

    python -m tests.bench.attack --json assets/results/attack.json

Hostile pictures (tests/hostile_images.py) are read, brought by `core.catalogue add` as a folder and as a zip,
built by `core.catalogue build`, and uploaded to a running app as references; hostile zips and tables are
brought; hostile requests (tests/hostile_requests.py) go to that app; and payloads go through every field of
its page in Chromium. CLOSET_DIR names the photos of the small catalogue that the app shows.
"""

import argparse
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from core.cli import entry
from core.errors import HemlineError
from core.files import write_json
from core.own.limits import Unusable
from core.own.sources import PHOTO_SUFFIXES, open_source
from core.own.table import SUFFIXES
from core.pictures import MAX_BYTES, PictureError, read_picture
from core.runs import git_state, hardware, versions
from demo.own import LIMITS
from tests.bench.attack_page import inject
from tests.hostile_archives import WHOLE, hostile_sources
from tests.hostile_images import hostile_images
from tests.hostile_pieces import EITHER, READ, REFUSE, Hostile
from tests.hostile_requests import API, FILE, attack, junk, malformed, paths
from tests.running_app import ROOT, App, running_app
from tests.small_catalogue import make_model

REST = [None] * 6 + [False]  # the other arguments of /search
ENDINGS = (*PHOTO_SUFFIXES, ".svg", ".html", ".pickle", ".tiff")
EACH = 6  # junk calls of every event


def read_all() -> dict[str, Any]:
    """Every picture through core.pictures, in this process."""
    if hostile_images.__wrapped__() != hostile_images():
        raise HemlineError("the hostile pictures are other ones each time; look at tests/hostile_images.py")
    tally, before = Tally(), _peak()
    for one in hostile_images():
        began = time.perf_counter()
        try:
            read_picture(one.data)
            fate, told = READ, ""
        except PictureError as error:
            fate, told = REFUSE, str(error)
        except Exception as error:
            fate, told = "crashed", repr(error)
        tally.count(one.kind, one.fate, fate, time.perf_counter() - began, f"{one.name}: {told}")
    return tally.told() | {"memory added, MiB": round(_peak() - before)}


def bring_all(folder: Path) -> dict[str, Any]:
    """Every picture by the commands `add` (a folder, a zip) and `build`, each a process of its own."""
    model, photos = make_model(folder / "model"), folder / "photos"
    photos.mkdir()
    archive = folder / "photos.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for number, one in enumerate(hostile_images()):
            ending = Path(one.name).suffix
            (photos / f"{number:04}{ending if ending in ENDINGS else '.jpg'}").write_bytes(one.data)
            if not one.name.endswith(SUFFIXES):  # a table that is none is refused with all that comes along
                packed.writestr(one.name.encode("utf-8", "replace").decode().replace("\0", "_"), one.data)
    told = {}
    for name, line in (
        ("add a folder", ["add", "--index", folder / "a", "--model", model, photos]),
        ("add a zip", ["add", "--index", folder / "b", "--model", model, archive]),
        ("build", ["build", "--model", model, "--images", photos, "--out", folder / "c"]),
        (
            "build partly",
            ["build", "--model", model, "--images", photos, "--out", folder / "c", "--allow-partial"],
        ),
    ):
        told[name] = _command(line)
    return told


def upload_all(app: App, client: httpx.Client) -> dict[str, Any]:
    """Every picture uploaded to the app and asked for as a reference."""
    tally, before = Tally(), _resident(app)
    for one in hostile_images():
        began = time.perf_counter()
        fate, told = _asked(client, one)
        tally.count(one.kind, one.fate, fate, time.perf_counter() - began, f"{one.name}: {told}")
    return tally.told() | {"memory added, MiB": _resident(app, "VmHWM") - before}


def request_all(app: App, client: httpx.Client, seed: int) -> dict[str, Any]:
    """Every hostile request."""
    folder, rng, before = app.model.parent, random.Random(seed), _resident(app)
    asks = [*paths(folder), *malformed(), *junk(client.get("/config").json(), folder, rng, EACH)]
    places = (str(folder), str(ROOT), "site-packages", str(Path.home()) + "/")
    answers = list(attack(client, iter(asks), places))
    faults = [f"{one.ask.method} {one.ask.path[:80]}: {one.fault[:200]}" for one in answers if one.fault]
    return {
        "tried": len(answers),
        "by kind": dict(Counter(one.ask.kind for one in answers)),
        "refused": sum(one.refused for one in answers),
        "answered": sum(not one.refused for one in answers) - len(faults),
        "at fault": len(faults),
        "faults": faults[:20],
        "slowest, seconds": round(max(one.seconds for one in answers), 2),
        "memory added, MiB": _resident(app, "VmHWM") - before,
    }


def source_all(folder: Path) -> dict[str, Any]:
    """Every hostile zip and table."""
    found: Counter[str] = Counter()
    faults, slowest, before = [], 0.0, _peak()
    for one in hostile_sources():
        path = folder / one.name
        path.write_bytes(one.data)
        began, count = time.perf_counter(), 0
        try:
            with open_source(path, LIMITS) as source:
                for offer in source.offers:
                    try:
                        count += read_picture(offer.read(MAX_BYTES + 1)) is not None
                    except (PictureError, Unusable):
                        found["files refused"] += 1
            found["read in part"] += 1
            if one.fate == WHOLE or count != one.photos:
                faults.append(f"{one.name}: {count} photos were taken")
        except HemlineError as error:
            found["refused"] += 1
            if one.fate != WHOLE:
                faults.append(f"{one.name}: {error}")
        except Exception as error:
            faults.append(f"{one.name}: {error!r}")
        slowest = max(slowest, time.perf_counter() - began)
        found["tried"] += 1
        path.unlink()
    told = dict(found) | {"at fault": len(faults), "faults": faults, "slowest, seconds": round(slowest, 2)}
    return told | {"memory added, MiB": round(_peak() - before)}


class Tally:
    """What became of pictures, and which of them not what had to."""

    def __init__(self) -> None:
        self.fates: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.faults: list[str] = []
        self.slowest = (0.0, "")

    def count(self, kind: str, expected: str, fate: str, seconds: float, told: str) -> None:
        """One more."""
        self.fates[fate] += 1
        self.kinds[kind] += 1
        self.slowest = max(self.slowest, (seconds, told.split(":")[0]))
        if fate not in (READ, REFUSE) or expected not in (EITHER, fate):
            self.faults.append(f"{told}: {fate}, not {expected}")

    def told(self) -> dict[str, Any]:
        """As it is written down."""
        return {
            "tried": sum(self.fates.values()),
            "by kind": dict(self.kinds),
            "refused": self.fates[REFUSE],
            "read": self.fates[READ],
            "at fault": len(self.faults),
            "faults": self.faults[:20],
            "slowest, seconds": round(self.slowest[0], 2),
            "slowest": self.slowest[1],
        }


def _asked(client: httpx.Client, one: Hostile) -> tuple[str, str]:
    try:
        name = one.name.encode("utf-8", "replace").decode().replace("\n", " ")
        sent = client.post(f"{API}/upload", files={"files": (name, one.data, "image/jpeg")})
        if sent.status_code != 200:
            return REFUSE if sent.status_code < 500 else "crashed", sent.text[:200]
        reference = {"path": sent.json()[0], "meta": FILE}
        begun = client.post(f"{API}/call/search", json={"data": [None, reference, "in red", 3, *REST]})
        if begun.status_code != 200:
            return "crashed", begun.text[:200]
        said = client.get(f"{API}/call/search/{begun.json()['event_id']}").text
    except httpx.HTTPError as error:
        return "crashed", repr(error)
    if "event: complete" in said:
        return READ, ""
    sentence = '"error": "' in said and "Traceback" not in said
    return (REFUSE, said[-300:]) if sentence else ("crashed", said[-300:])


def _command(line: list[Any]) -> dict[str, Any]:
    began = time.perf_counter()
    program = (
        "import resource, subprocess, sys\n"
        "code = subprocess.run(sys.argv[1:]).returncode\n"
        "print('peak', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)\n"
        "raise SystemExit(code)"
    )
    command = [sys.executable, "-c", program, sys.executable, "-m", "core.catalogue", *map(str, line)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    last = done.stderr.strip().splitlines()[-1:]
    peak = re.search(r"peak (\d+)", done.stdout)
    told = {
        "exit code": done.returncode,
        "said": re.sub(r"\S*/", "", (done.stdout.split("peak")[0].strip() or " ".join(last)).split("\n")[0])[
            :300
        ],
        "seconds": round(time.perf_counter() - began, 1),
        "peak, MiB": int(peak[1]) if peak else 0,
    }
    return told | {"at fault": int(done.returncode not in (0, 2) or "Traceback" in done.stderr)}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _resident(app: App, what: str = "VmRSS") -> int:
    text = Path(f"/proc/{app.pid}/status").read_text()
    found = re.search(rf"{what}:\s+(\d+)", text)
    return int(found[1]) // 1024 if found else 0


def main() -> None:
    """Attack, count, write; exit 1 where anything was at fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.attack", description=main.__doc__)
    parser.add_argument("--json", type=Path, help="where to keep the result")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        result["pictures read"] = read_all()
        result["zips and tables"] = source_all(folder)
        result |= {f"pictures, {name}": told for name, told in bring_all(folder).items()}
        app = running_app(Path(os.environ["CLOSET_DIR"]))
        with httpx.Client(base_url=app.url, timeout=60) as client:
            result["pictures uploaded"] = upload_all(app, client)
            result["requests"] = request_all(app, client, arguments.seed)
        result["page"] = inject(app, folder / "page")
    faults = sum(part["at fault"] for part in result.values())
    for name, part in result.items():
        print(f"{name}: { ({key: value for key, value in part.items() if key != 'by kind'}) }")
    if arguments.json:
        more = {"code": git_state(), "hardware": hardware(), "versions": versions()}
        write_json(arguments.json, {"seed": arguments.seed, "at fault": faults, **result, **more})
    if faults:
        raise SystemExit(1)


if __name__ == "__main__":
    entry(main)
