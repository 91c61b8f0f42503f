"""Hostile zips and tables are refused whole or file by file, in little time and memory, and write nowhere."""

import resource
import time
from pathlib import Path

import pytest

from core.errors import HemlineError
from core.own.limits import Unusable
from core.own.sources import open_source
from core.pictures import MAX_BYTES, PictureError, read_picture
from demo.own import LIMITS
from tests.hostile_archives import WHOLE, hostile_sources
from tests.hostile_pieces import saved, scene

SECONDS, MEMORY = 6.0, 600  # of one source on a busy machine, and MiB that all of them may add


def taken(path: Path) -> int:
    """How many of its photos would be taken; HemlineError where the whole is refused."""
    count = 0
    with open_source(path, LIMITS) as source:
        for offer in source.offers:
            try:
                count += read_picture(offer.read(MAX_BYTES + 1)) is not None
            except (PictureError, Unusable) as error:
                assert "\n" not in str(error)
    return count


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_each_is_refused_whole_or_file_by_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.own.table.MOST_ROWS", 20_000)
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.jpg").write_bytes(saved(scene(), "JPEG"))
    before, wrong, tried = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, [], 0
    for one in hostile_sources(rows=21_000):
        tried += 1
        path = tmp_path / "in" / one.name
        path.write_bytes(one.data)
        began = time.process_time()
        try:
            count = taken(path)
            told = "" if one.fate != WHOLE else f"{count} photos were taken"
            told = told or ("" if count == one.photos else f"{count} photos, not {one.photos}")
        except HemlineError as error:
            told = "" if one.fate == WHOLE else f"refused: {error}"
            assert "\n" not in str(error) and len(str(error)) <= 1000
        if told or time.process_time() - began > SECONDS:
            wrong.append((one.name, told, time.process_time() - began))
        path.unlink()
    assert not wrong and tried > 30
    assert {path.name for path in tmp_path.iterdir()} == {"in", "secret.jpg"}
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MEMORY


def test_a_sentence_is_never_longer_than_somebody_reads() -> None:
    told = str(HemlineError(f"the catalogue {'x' * 10**6} is not there; choose another"))
    assert len(told) < 1010 and told.startswith("the catalogue x") and told.endswith("; choose another")
