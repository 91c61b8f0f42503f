"""What is made once of a catalogue: its map, its captions, and an index small enough to ship."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from core import atlas, catalogue
from core.atlas import load_captions
from core.building import build
from core.errors import HemlineError
from core.index import load_card
from core.map import load_map, make_map, neighbours_kept
from core.pictures import read_picture
from core.search import describe, open_searcher, search
from tests.small_catalogue import copy_photos, make_model


@pytest.fixture(scope="module")
def photos(closet_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_photos(closet_dir, tmp_path_factory.mktemp("photos") / "images", 70)


@pytest.fixture(scope="module")
def model(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    first, second = sorted(photos.iterdir())[:2]
    says = {first: "a red dress", second: "striped shirt"}
    return make_model(tmp_path_factory.mktemp("model") / "run", says=says)


@pytest.fixture(scope="module")
def made(photos: Path, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index with what the command makes of it."""
    index = tmp_path_factory.mktemp("made") / "index"
    build(model, photos, index)
    with pytest.MonkeyPatch.context() as monkeypatch:
        _run(monkeypatch, atlas, "--index", index)
    return index


@pytest.fixture
def index(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "index")


def _run(monkeypatch: pytest.MonkeyPatch, module: object, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["command", *map(str, arguments)])
    module.main()  # type: ignore[attr-defined]


def test_the_map_has_a_place_for_each_garment_and_is_the_same_for_a_seed(index: Path) -> None:
    made = load_map(index)
    assert made is not None
    places = np.array(made.coordinates)
    assert places.shape == (70, 2) and places.min() >= 0 and places.max() <= 1
    assert np.ptp(places, axis=0).min() > 0.9
    assert make_map(index, seed=made.seed) == made
    assert 0 < made.neighbours_kept <= 1


def test_neighbours_kept_is_one_where_the_map_keeps_all_and_small_where_it_is_random() -> None:
    angles = np.linspace(0, 3, 60)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert neighbours_kept(ring, ring, 10).tolist() == [10] * 60
    shuffled = ring[np.random.default_rng(0).permutation(60)]
    assert neighbours_kept(ring, shuffled, 10).mean() < 4


def test_captions_made_beforehand_are_what_the_page_is_told(index: Path) -> None:
    card = load_card(index)
    captions = load_captions(index, card.target_fingerprint, card.ids_sha)
    searcher = open_searcher(None, index)
    first, second = searcher.index.ids[:2]
    assert captions[first] == "a red dress" and captions[second] == "striped shirt"
    pictures = [read_picture(searcher.pictures[id_]) for id_ in (first, second)]
    assert searcher.backbone.caption(pictures) == [captions[first], captions[second]]
    searcher.pictures[first].rename(searcher.pictures[first].with_suffix(".gone"))
    assert describe(searcher, reference_id=first) == "a red dress"  # no photo is needed
    searcher.pictures[first].with_suffix(".gone").rename(searcher.pictures[first])
    assert load_captions(index, "another model", card.ids_sha) == {}


def test_a_compact_index_answers_as_the_whole_one_did(
    index: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = open_searcher(None, index)
    reference = whole.index.ids[5]
    before = search(whole, reference_id=reference, text="but blue", top_k=5)
    size = sum(path.stat().st_size for path in index.iterdir())
    _run(monkeypatch, catalogue, "compact", "--index", index)
    assert sum(path.stat().st_size for path in index.iterdir()) < size
    assert str(photos) not in (index / "pictures.json").read_text("utf-8")
    small = open_searcher(None, index, photos)
    after = search(small, reference_id=reference, text="but blue", top_k=5)
    assert [hit.id for hit in after] == [hit.id for hit in before]
    np.testing.assert_allclose([hit.score for hit in after], [hit.score for hit in before], atol=1e-6)


def test_a_map_of_too_few_garments_is_refused(photos: Path, model: Path, tmp_path: Path) -> None:
    ids = sorted(path.stem for path in photos.iterdir())[:3]
    build(model, photos, tmp_path / "few", ids)
    with pytest.raises(HemlineError, match="needs 5 or more"):
        make_map(tmp_path / "few")
