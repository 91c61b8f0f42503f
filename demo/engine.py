"""The engine that answers in the model's stead where `HEMLINE_ENGINE` asks for one: kept, or made now."""

import atexit
import logging
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import HemlineError
from demo.setup import ASSETS, REPOSITORY

if TYPE_CHECKING:
    from core.backbones.base import Backbone

LOG = logging.getLogger("hemline")
SHOP = ASSETS / "wardrobe", "shop"  # what a new engine is tried on


def start_engine(
    backbone: "Backbone",
    checkpoint: Path,
    folder: Path,
    trial: tuple[Path, str] = SHOP,
    polite: bool = True,
) -> threading.Thread | None:
    """Let an engine kept in `folder` answer queries to `backbone`, loaded from `checkpoint`.

    Where none is kept, or one of other libraries, a process of its own makes one and tries it on the split
    `trial` (a folder and a name), which takes a minute or so; until then, and where it does not hold, the
    model itself answers. With `polite` that process comes after everything else on this machine. Returns the
    thread that waits for it, None where there is nothing to wait for. Whatever goes wrong is told in the log.
    """
    from core.query_engine.card import side_fingerprint
    from core.query_engine.parts import carried

    try:
        kept = folder / side_fingerprint(carried(backbone))[:16]
    except HemlineError as error:
        LOG.info("the model itself answers: %s", error)
        return None
    if (kept / "engine.json").exists() and _attach(backbone, kept):
        return None
    LOG.info("an engine for %s is being made; the model itself answers until then", checkpoint)
    waiting = threading.Thread(
        target=_make, args=(backbone, checkpoint, kept, trial, polite), name="query engine", daemon=True
    )
    waiting.start()
    return waiting


def _make(backbone: "Backbone", checkpoint: Path, kept: Path, trial: tuple[Path, str], polite: bool) -> None:
    line = [sys.executable, "-m", "core.query_engine.make", "--model", str(checkpoint.resolve())]
    line += ["--out", str(kept.resolve()), "--data", str(trial[0]), "--split", trial[1]]
    if polite and (nice := shutil.which("nice")):
        line = [nice, "-n", "10", *line]  # whoever asks meanwhile comes first
    with subprocess.Popen(
        line, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as made:
        atexit.register(made.kill)
        _, said = made.communicate()
    atexit.unregister(made.kill)
    if made.returncode:
        last = said.strip().splitlines()[-1:] or [f"exit code {made.returncode}"]
        LOG.warning("no engine was made, the model itself answers: %s", last[0])
    else:
        _attach(backbone, kept)


def _attach(backbone: "Backbone", kept: Path) -> bool:
    from core.query_engine.card import read_card
    from core.query_engine.make import told
    from core.query_engine.running import open_engine

    try:
        backbone.engine = open_engine(kept, backbone)
    except HemlineError as error:
        LOG.warning("the model itself answers: %s", error)
        return False
    LOG.info("queries are answered by an engine: %s", told(read_card(kept)))
    return True
