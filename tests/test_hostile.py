"""Every hostile picture is refused in a sentence or read as a picture, in little time and memory."""

import resource
import time
from collections import Counter

import numpy as np
import pytest

import core.pictures
from core.pictures import MAX_PIXELS, PictureError, read_picture
from tests.hostile_images import hostile_images, many_scans
from tests.hostile_pieces import EITHER, READ, REFUSE, saved, scene

# core.pictures keeps them off elsewhere
pytestmark = [pytest.mark.filterwarnings(f"ignore::{kind}") for kind in ("UserWarning", "RuntimeWarning")]

SECONDS = 5.0  # for one picture on a busy machine; alone each takes under half a second
MEMORY = 1024  # MiB that all of them together may add: one picture of the largest size, decoded and as RGB


def test_each_is_refused_in_a_sentence_or_read() -> None:
    pictures = hostile_images()
    assert len(pictures) >= 500 and len({one.kind for one in pictures}) >= 10
    before, wrong = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, []
    found: Counter[str] = Counter()
    for one in pictures:
        began = time.process_time()
        try:
            picture = read_picture(one.data)
        except PictureError as error:
            fate, told = REFUSE, str(error)
            if "\n" in told or "0x" in told or len(told) > 250:
                wrong.append((one.name, told))
        else:
            fate, told = READ, ""
            assert picture.mode == "RGB" and picture.width * picture.height <= MAX_PIXELS and not picture.info
        found[fate] += 1
        if one.fate not in (EITHER, fate) or time.process_time() - began > SECONDS:
            wrong.append((one.name, f"{fate} in {time.process_time() - began:.1f} s: {told}"))
    assert not wrong
    assert found[REFUSE] > 400 and found[READ] > 150
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MEMORY


def test_a_jpeg_of_many_passes_is_refused_before_it_is_decoded() -> None:
    assert read_picture(many_scans(core.pictures.MAX_SCANS - 1, side=64)).size == (64, 64)
    with pytest.raises(PictureError, match="more than 100 passes"):
        read_picture(many_scans(core.pictures.MAX_SCANS, side=64))
    one, other = saved(scene(), "JPEG", progressive=True), b"\xff\xda\xff\xda" * 200
    assert read_picture(saved(scene(), "JPEG", comment=other)).size == scene().size  # not its markers
    assert read_picture(one + other).size == scene().size  # behind its end


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_large_picture_is_converted_strip_by_strip_alike(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if mode == "I;16":
        data = saved(
            core.pictures.Image.fromarray(np.arange(6912, dtype=np.uint16).reshape(72, 96) * 9), "PNG"
        )
    else:
        data = saved(scene(mode=mode), "PNG", **({"transparency": 7} if mode in ("P", "L") else {}))
    whole = np.asarray(read_picture(data))
    monkeypatch.setattr(core.pictures, "LARGE", 96 * 7)
    assert (np.asarray(read_picture(data)) == whole).all()
