"""Building a catalogue: the same bytes after any kill, only changes encoded, nothing dropped in silence."""

import fcntl
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.building import build
from core.errors import HemlineError
from core.gallery import load_gallery, read_ids
from core.index import Index, load_card, load_index, staging_of
from core.pictures import picture_hash
from tests.forked_runs import Done, forked
from tests.small_catalogue import chunk_count, copy_photos, disk_full_at, make_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "run")


@pytest.fixture
def images(closet_dir: Path, tmp_path: Path) -> Path:
    return copy_photos(closet_dir, tmp_path / "images", 12)


def command(*arguments: object) -> Done:
    return forked()("core.catalogue", *arguments)


def contents(index: Path) -> dict[str, bytes]:
    """Everything but the card, which holds the time."""
    return {path.name: path.read_bytes() for path in index.iterdir() if path.name != "index.json"}


def test_a_build_killed_again_and_again_ends_with_the_same_bytes(
    model: Path, closet_dir: Path, tmp_path: Path
) -> None:
    images = copy_photos(closet_dir, tmp_path / "images", 40)
    (images / "broken.jpg").write_text("no picture")
    (images / "00-broken-too.jpg").write_bytes(b"")
    build(model, images, tmp_path / "at once", batch=4, allow_partial=True)
    killed = forked()("tests.small_catalogue", model, images, tmp_path / "killed")
    assert killed.code == 0, killed.err
    assert killed.out.splitlines() == [
        "before the first chunk: killed, 0 chunks, index not there",
        "before the third chunk: killed, 2 chunks, index not there",
        "before the eighth chunk: killed, 7 chunks, index not there",
        "while the index is written: killed, 11 chunks, index not there",
        "before the index is moved in: killed, 11 chunks, index not there",
        "before the kept work is removed: killed, 11 chunks, index there",
        "before the older index is removed: killed, 11 chunks, index there",
    ], killed.err
    built = build(model, images, tmp_path / "killed", batch=4, allow_partial=True)
    assert contents(tmp_path / "killed") == contents(tmp_path / "at once")
    assert built.kept > 0
    first, second = load_card(tmp_path / "killed"), load_card(tmp_path / "at once")
    assert first.fingerprint == second.fingerprint
    assert sorted(path.name for path in tmp_path.iterdir()) == ["at once", "images", "killed"]


def test_only_what_changed_is_encoded_again(
    model: Path, images: Path, tmp_path: Path, closet_dir: Path
) -> None:
    out = tmp_path / "index"
    assert build(model, images, out).encoded == 12
    before = by_id(load_index(out))
    assert build(model, images, out).encoded == 0
    assert by_id(load_index(out)).keys() == before.keys()
    changed, gone, *_ = sorted(images.iterdir())
    other = sorted((closet_dir / "images").glob("*.jpg"))[20]
    shutil.copyfile(other, changed)
    gone.unlink()
    shutil.copyfile(sorted(images.iterdir())[3], images / "copy of another.jpg")
    shutil.copyfile(sorted((closet_dir / "images").glob("*.jpg"))[21], images / "new.jpg")
    built = build(model, images, out)
    assert (built.encoded, built.kept) == (2, 11)
    after = by_id(load_index(out))
    assert after.keys() == before.keys() - {gone.stem} | {"new", "copy of another"}
    assert {name for name in after.keys() & before.keys() if after[name] != before[name]} == {changed.stem}
    assert load_gallery(out, load_index(out)).table.hashes == [
        picture_hash(images / path) for path in load_gallery(out, load_index(out)).table.paths
    ]


def by_id(index: Index) -> dict[str, bytes]:
    return {name: row.tobytes() for name, row in zip(index.ids, index.vectors, strict=True)}


def test_another_model_never_mixes_with_kept_work(model: Path, images: Path, tmp_path: Path) -> None:
    out, other = tmp_path / "index", make_model(tmp_path / "other", seed=1)
    (images / "broken.jpg").write_text("no picture")
    with pytest.raises(HemlineError, match="broken: not a picture"):
        build(model, images, out, batch=4)
    assert chunk_count(out) == 4
    (images / "broken.jpg").unlink()
    build(other, images, out, batch=4)
    build(other, images, tmp_path / "apart", batch=4)
    assert contents(out) == contents(tmp_path / "apart")
    # and over a finished index of the other model
    assert build(model, images, out).encoded == 12
    build(model, images, tmp_path / "fresh")
    assert contents(out) == contents(tmp_path / "fresh")


def test_a_new_target_side_over_the_same_tower_takes_the_features_over(
    model: Path, images: Path, tmp_path: Path
) -> None:
    from core.backbones import load_backbone
    from core.backbones.saving import save_backbone

    trained = load_backbone(model)
    trained.projection.weight.data.neg_()
    save_backbone(trained, tmp_path / "trained")
    build(model, images, tmp_path / "index")
    build(tmp_path / "trained", images, tmp_path / "fresh")
    shutil.copytree(tmp_path / "index", tmp_path / "marked")
    build(tmp_path / "trained", images, tmp_path / "index")
    assert contents(tmp_path / "index") == contents(tmp_path / "fresh")
    # the same with one photo's kept features wiped out shows that they, not the photo, were read
    features = np.load(tmp_path / "marked" / "features.npy")
    features[2] = 0
    np.save(tmp_path / "marked" / "features.npy", features)
    build(tmp_path / "trained", images, tmp_path / "marked")
    rows = by_id(load_index(tmp_path / "marked")), by_id(load_index(tmp_path / "fresh"))
    assert [name for name in rows[0] if rows[0][name] != rows[1][name]] == [list(rows[0])[2]]


def test_the_index_holds_what_the_model_says_of_each_photo(model: Path, images: Path, tmp_path: Path) -> None:
    from core.backbones import load_backbone
    from core.pictures import read_picture

    build(model, images, tmp_path / "index", batch=5)
    index = load_index(tmp_path / "index")
    gallery = load_gallery(tmp_path / "index", index)
    backbone = load_backbone(model)
    pictures = [read_picture(images / path) for path in gallery.table.paths]
    assert list(index.ids) == sorted(path.stem for path in images.iterdir())
    np.testing.assert_allclose(index.vectors, backbone.embed_targets(pictures), atol=1e-5)
    np.testing.assert_allclose(gallery.features, backbone.encode_pictures(pictures), atol=1e-2)


UNUSABLE = {
    "text": (b"these are my notes", "not a picture"),
    "empty": (b"", "empty"),
    "cut": (None, "truncated"),
}


def test_unusable_pictures_are_named_and_only_left_out_on_request(
    model: Path, images: Path, tmp_path: Path
) -> None:
    out = tmp_path / "index"
    whole = min(images.iterdir()).read_bytes()
    for name, (data, _) in UNUSABLE.items():
        (images / f"{name}.jpg").write_bytes(whole[: len(whole) // 2] if data is None else data)
    Image.new("RGB", (64, 64), "grey").save(images / "grey.png")
    with pytest.raises(HemlineError, match=r"4 of 16 pictures cannot be indexed .*--allow-partial") as error:
        build(model, images, out)
    assert all(f"{name}: {reason}" in str(error.value) for name, (_, reason) in UNUSABLE.items())
    assert not out.exists()
    built = build(model, images, out, allow_partial=True)
    assert (built.encoded, built.card.count, built.card.partial) == (0, 12, True)
    assert built.card.left_out == {
        **{name: reason for name, (_, reason) in UNUSABLE.items()},
        "grey": "placeholder: one flat colour",
    }
    assert load_card(out) == built.card


def test_ids_choose_and_order_and_missing_ones_are_refused(model: Path, images: Path, tmp_path: Path) -> None:
    names = sorted(path.stem for path in images.iterdir())
    chosen = [names[4], names[1], names[7]]
    ids = tmp_path / "ids.txt"
    ids.write_text("\n".join(chosen) + "\n")
    build(model, images, tmp_path / "a", read_ids(ids))
    assert load_index(tmp_path / "a").ids == tuple(chosen)
    with pytest.raises(HemlineError, match=r"1 of 4 pictures cannot be indexed \(nope: missing"):
        build(model, images, tmp_path / "b", ids=[*chosen, "nope"])
    card = build(model, images, tmp_path / "b", ids=[*chosen, "nope"], allow_partial=True).card
    assert (card.partial, card.left_out, card.count) == (True, {"nope": "missing"}, 3)


def test_a_datasets_gallery_is_indexed_in_its_order(closet_dir: Path, model: Path, tmp_path: Path) -> None:
    from core.datasets.fashioniq import read_split

    gallery = read_split(closet_dir, "val").union_gallery()
    few = copy_photos(closet_dir, tmp_path / "few", 3)
    present = [name for name in gallery if (few / f"{name}.jpg").exists()]
    shutil.copyfile(closet_dir / "images" / f"{gallery[9]}.jpg", few / f"{gallery[9]}.jpg")
    done = command(
        "build",
        "--model",
        model,
        "--images",
        few,
        "--data",
        closet_dir,
        "--out",
        tmp_path / "index",
        "--allow-partial",
    )
    assert done.code == 0, done.err
    expected = tuple(name for name in gallery if name in {*present, gallery[9]})
    assert load_index(tmp_path / "index").ids == expected
    assert load_card(tmp_path / "index").left_out == {
        name: "missing" for name in gallery if name not in expected
    }


def test_info_says_what_an_index_is(model: Path, images: Path, tmp_path: Path) -> None:
    build(model, images, tmp_path / "index")
    card = load_card(tmp_path / "index")
    facts = json.loads(command("info", "--index", tmp_path / "index", "--json").out)
    assert (facts["count"], facts["dim"], facts["model"], facts["partial"]) == (12, 16, str(model), False)
    assert (facts["target_fingerprint"], facts["created"]) == (card.target_fingerprint, card.created)
    assert facts["size_bytes"] == sum(path.stat().st_size for path in (tmp_path / "index").iterdir())
    plain = command("info", "--index", tmp_path / "index").out
    assert str(model) in plain and card.target_fingerprint in plain


def test_folders_without_a_catalogue_are_refused(model: Path, images: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(HemlineError, match="empty holds no pictures"):
        build(model, tmp_path / "empty", tmp_path / "index")
    with pytest.raises(HemlineError, match="none is not a folder"):
        build(model, tmp_path / "none", tmp_path / "index")
    photo = min(images.iterdir())
    (images / "below").mkdir()
    shutil.copyfile(photo, images / "below" / f"{photo.stem}.PNG")
    with pytest.raises(HemlineError, match="would have the same id") as error:
        build(model, images, tmp_path / "index")
    assert str(photo) in str(error.value) and str(images / "below" / f"{photo.stem}.PNG") in str(error.value)
    shutil.rmtree(images / "below")
    with pytest.raises(HemlineError, match="is there and is not an index"):
        build(model, images, model)
    with pytest.raises(HemlineError, match="batch must be"):
        build(model, images, tmp_path / "index", batch=0)
    build(model, images, tmp_path / "index")
    with pytest.raises(HemlineError, match="index is an index, not a model"):
        build(tmp_path / "index", images, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_two_builds_of_one_index_do_not_meet(model: Path, images: Path, tmp_path: Path) -> None:
    out = tmp_path / "index"
    staging_of(out).mkdir()
    with (staging_of(out) / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(HemlineError, match="another process is building"):
            build(model, images, out)
    assert build(model, images, out).encoded == 12


def test_a_damaged_chunk_is_made_again(model: Path, images: Path, tmp_path: Path) -> None:
    out = tmp_path / "index"
    (images / "broken.jpg").write_text("no picture")
    with pytest.raises(HemlineError, match="broken"):
        build(model, images, out, batch=4)
    (images / "broken.jpg").unlink()
    second = sorted(staging_of(out).glob("*/*.safetensors"))[1]
    second.write_bytes(second.read_bytes()[:-100])
    assert build(model, images, out, batch=4).encoded == 4
    build(model, images, tmp_path / "fresh", batch=4)
    assert contents(out) == contents(tmp_path / "fresh")


def test_a_full_disk_while_saving_leaves_the_older_index(model: Path, images: Path, tmp_path: Path) -> None:
    out = tmp_path / "index"
    names = sorted(path.stem for path in images.iterdir())
    older = build(model, images, out, ids=names[:1]).card
    one = (out / "features.npy").stat().st_size
    # room for a chunk of four photos, not for the features of all
    with disk_full_at(6 * one), pytest.raises(OSError, match="File too large"):
        build(model, images, out, batch=4)
    assert load_card(out) == older
    load_gallery(out, load_index(out))
    assert chunk_count(out) == 3  # the work is kept
    assert build(model, images, out, batch=4).encoded == 0
