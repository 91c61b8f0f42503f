"""What a wish asks for, read from a file, and whether garments meet it and keep the rest."""

import json
import random
from pathlib import Path

import pytest

from core.errors import HemlineError
from core.requests import Request, fits, kept, met, parts_met, read_requests, untouched
from core.wardrobe.design import Design, changed, sample
from core.wardrobe.records import garment_of

DRESS = Design("dress", ("red",), "solid", "short", "crew", "midi", "a-line", ("pockets", "belt"))
RNG = random.Random(0)


def values(**fields: str) -> dict[str, frozenset[str]]:
    return {name: frozenset(value.split()) for name, value in fields.items()}


def test_a_garment_meets_a_request_when_it_meets_each_part() -> None:
    request = Request(values(colors="navy blue", length="mini"), frozenset(["zip"]), frozenset(["belt"]))
    near = changed(DRESS, RNG, colors=("navy",), details=("pockets", "zip"))
    assert parts_met(request, near) == {"colors": True, "length": False, "+zip": True, "-belt": True}
    assert not met(request, near)
    assert met(request, changed(near, RNG, length="mini"))


def test_a_design_and_its_record_are_judged_alike() -> None:
    rng = random.Random(1)
    for _ in range(300):
        design, other = sample(rng), sample(rng)
        request = Request(values(kind=design.family, colors=design.colors[0]), frozenset(design.details))
        assert met(request, design) and met(request, garment_of(design, "a", "train", ""))
        record = garment_of(other, "b", "train", "")
        assert parts_met(request, other) == parts_met(request, record)
        assert kept(request, design, other) == kept(request, design, record)


def test_a_hood_is_a_detail_and_a_neckline() -> None:
    hooded = changed(DRESS, RNG, details=("hood",))
    assert hooded.neckline == "hood"
    asks, forbids = Request(add=frozenset(["hood"])), Request(remove=frozenset(["hood"]))
    assert met(asks, hooded) and not met(forbids, hooded)
    assert met(forbids, DRESS) and not met(asks, DRESS)
    assert "neckline" not in untouched(asks) and "neckline" not in untouched(forbids)


def test_what_was_not_asked_for_is_compared_with_the_reference() -> None:
    request = Request(values(colors="navy"), remove=frozenset(["belt"]))
    assert set(untouched(request)) == {"kind", "pattern", "sleeve", "neckline", "length", "fit", "details"}
    good = changed(DRESS, RNG, colors=("navy",), details=("pockets",))
    assert all(kept(request, DRESS, good).values()) and "colors" not in kept(request, DRESS, good)
    bad = changed(good, RNG, length="mini", details=("bow",))
    assert [name for name, same in kept(request, DRESS, bad).items() if not same] == ["length", "details"]


def test_what_a_wish_makes_impossible_is_not_missed() -> None:
    tee = changed(DRESS, RNG, family="t-shirt")
    assert kept(Request(values(kind="t-shirt")), DRESS, tee) == {
        "colors": True, "pattern": True, "sleeve": True, "neckline": True, "details": True,
    }  # fmt: skip
    skirt = changed(DRESS, RNG, family="skirt")
    assert not {"sleeve", "neckline"} & set(kept(Request(values(kind="skirt")), DRESS, skirt))
    strapless = changed(DRESS, RNG, neckline="strapless")
    assert "sleeve" not in kept(Request(values(neckline="strapless")), DRESS, strapless)
    assert "neckline" not in kept(Request(values(sleeve="long")), strapless, DRESS)


def test_whatever_is_changed_is_met_and_all_else_kept() -> None:
    rng = random.Random(2)
    for _ in range(2000):
        name = rng.choice(["family", "colors", "pattern", "sleeve", "neckline", "length", "fit"])
        before = sample(rng)
        other = sample(rng, None if name == "family" else before.family)
        value = getattr(other, name)
        if value is None:
            continue
        after = changed(before, rng, **{name: value})
        asked = value[0] if name == "colors" else value
        request = Request({"kind" if name == "family" else name: frozenset([asked])})
        assert met(request, after), (before, after, request)
        assert all(kept(request, before, after).values()), (before, after, request)


def line(**changes: object) -> str:
    record = {"text": "in navy", "reference": {}, "edits": {"colors": ["navy"]}, "remove": [], "add": [],
              "keep": []}  # fmt: skip
    return json.dumps(record | changes)


def test_hand_texts_are_read_with_their_references(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    reference = {"kind": "dress", "details": ["belt"]}
    path.write_text(line() + "\n\n" + line(reference=reference, keep=["fit"]) + "\n", encoding="utf-8")
    plain, about = read_requests(path)
    assert plain.request == Request(values(colors="navy"))
    assert fits(plain.reference, sample(RNG)) and fits(about.reference, DRESS)
    assert not fits(about.reference, changed(DRESS, RNG, details=()))
    assert about.request.keep == {"fit"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"edits": {"colour": ["navy"]}}, "colour is not a field"),
        ({"edits": {"colors": ["marine"]}}, "no value 'marine'"),
        ({"edits": {"details": ["belt"]}}, "add and remove"),
        ({"edits": {}}, "asks for nothing"),
        ({"add": ["wings"]}, "no value 'wings'"),
        ({"keep": ["size"]}, "keep must be"),
        ({"text": " "}, "text must be words"),
        ({"extra": 1}, "no more and no less"),
    ],
)
def test_a_fault_in_the_file_is_named_with_its_line(tmp_path: Path, changes: dict, said: str) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text(line() + "\n" + line(**changes) + "\n", encoding="utf-8")
    with pytest.raises(HemlineError, match="line 2") as caught:
        read_requests(path)
    assert said in str(caught.value)
