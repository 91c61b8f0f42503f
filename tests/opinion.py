"""Events of several people for the tests of agreement, second judgements, adjudication and the guard."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from core.verdicts import Event, Judgement

ROOT = Path(__file__).parents[1]


def judged_by(
    annotator: str, verdict: str, hit: str, text: str = "in red", seq: int = 1, **more: Any
) -> Event:
    """An event of this person on a hit of the query `text`, saved as number `seq`, at that second."""
    judgement = Judgement(
        annotator=annotator, verdict=verdict, hit_id=hit, text=text, rank=3, score=0.5,
        model_fingerprint="m" * 64, index_fingerprint="i" * 64, reference_id="ref", reference_hash="ab" * 32,
        **{"time": f"2026-01-31T09:{seq // 60:02d}:{seq % 60:02d}.000000+00:00", **more},
    )  # fmt: skip
    return Event(seq, judgement)


def run_module(module: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """What `python -m module` says and ends with."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
