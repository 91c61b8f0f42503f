"""A build shared out among processes: the same bytes as by one, and shards that are not right are named."""

import os
import shutil
import signal
import sys
from pathlib import Path

import pyarrow.parquet
import pytest

from core.building import build
from core.errors import HemlineError
from core.index import load_card, staging_of
from core.sharding import gather, share, work
from tests.forked_runs import Done, forked
from tests.small_catalogue import copy_photos, make_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "run")


@pytest.fixture
def images(closet_dir: Path, tmp_path: Path) -> Path:
    folder = copy_photos(closet_dir, tmp_path / "images", 20)
    shutil.copyfile(min(folder.iterdir()), folder / "again.jpg")
    (folder / "broken.jpg").write_text("no picture")
    return folder


def command(*arguments: object) -> Done:
    return forked()("core.catalogue", *arguments)


def contents(index: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in index.iterdir() if path.name != "index.json"}


def test_shards_by_commands_end_with_the_bytes_of_one_build(
    model: Path, images: Path, tmp_path: Path
) -> None:
    out = tmp_path / "shared"
    build(model, images, tmp_path / "alone", batch=4, allow_partial=True)
    done = command("manifest", "--images", images, "--out", out, "--shards", 2, "--batch", 4)
    assert "22 photos in 2 shards" in done.out, done.err
    rows = pyarrow.parquet.read_table(staging_of(out) / "manifest.parquet").to_pylist()
    shard_of = {row["id"]: row["shard"] for row in rows}
    assert set(shard_of.values()) == {1, 2}
    twin = min(images.iterdir(), key=lambda path: path.read_bytes() != (images / "again.jpg").read_bytes())
    assert shard_of["again"] == shard_of[twin.stem]
    assert all((images / row["path"]).stat().st_size == row["bytes"] for row in rows)
    for shard in (2, 1):  # in any order
        told = command("build", "--model", model, "--out", out, "--shard", f"{shard}/2")
        assert told.code == 0 and "a second" in told.out, told.err
    refused = command("build", "--model", model, "--out", out, "--gather")
    assert refused.code == 2 and "broken: not a picture" in refused.sentence
    told = command("build", "--model", model, "--out", out, "--gather", "--allow-partial")
    assert told.code == 0 and "partial: 1 left out" in told.out, told.err
    assert contents(out) == contents(tmp_path / "alone")
    assert load_card(out).fingerprint == load_card(tmp_path / "alone").fingerprint
    assert not staging_of(out).exists()


def test_two_workers_at_once_of_which_one_is_killed(model: Path, images: Path, tmp_path: Path) -> None:
    import torch

    (images / "broken.jpg").unlink()
    out = tmp_path / "shared"
    build(model, images, tmp_path / "alone", batch=2)
    share(images, out, 2, batch=2)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # no thread pool, so a fork is safe
    children = []
    for shard in (1, 2):
        child = os.fork()
        if child == 0:
            if shard == 1:
                sys.addaudithook(kill_before_the_third_chunk)
            try:
                work(model, out, shard, 2)
            finally:
                os._exit(0)
        children.append(child)
    ended = [os.WIFSIGNALED(os.waitpid(child, 0)[1]) for child in children]
    torch.set_num_threads(threads)
    assert ended == [True, False]
    with pytest.raises(
        HemlineError, match=r"cannot be gathered \(not finished: 1/2\); run build with --shard"
    ):
        gather(model, out)
    again = work(model, out, 1, 2)
    assert 0 < again.encoded < again.photos
    assert work(model, out, 1, 2).encoded == 0
    gather(model, out)
    assert contents(out) == contents(tmp_path / "alone")


def kill_before_the_third_chunk(event: str, arguments: tuple) -> None:
    if event == "os.rename" and str(arguments[1]).endswith("000002.safetensors"):
        os.kill(os.getpid(), signal.SIGKILL)


def test_missing_and_foreign_shards_are_refused_by_name(model: Path, images: Path, tmp_path: Path) -> None:
    (images / "broken.jpg").unlink()
    out, other = tmp_path / "index", make_model(tmp_path / "other", seed=1)
    with pytest.raises(HemlineError, match=r"there is no manifest .*manifest.parquet; write it again"):
        work(model, out, 1, 3)
    share(images, out, 3, batch=4)
    with pytest.raises(HemlineError, match="has 3 shards, not 4; say --shard I/3"):
        work(model, out, 1, 4)
    with pytest.raises(HemlineError, match="no shard 0 of 3"):
        work(model, out, 0, 3)
    work(model, out, 1, 3)
    work(other, out, 2, 3)
    with pytest.raises(HemlineError, match=r"\(of another model: 2/3; missing: 3/3\)"):
        gather(model, out)
    work(model, out, 2, 3)
    work(model, out, 3, 3)
    (images / "new.jpg").write_bytes(max(images.iterdir()).read_bytes() + b"more")
    share(images, out, 3, batch=4)
    with pytest.raises(HemlineError, match=r"\(of another manifest: 1/3, 2/3, 3/3\)"):
        gather(model, out)
    encoded = [work(model, out, shard, 3).encoded for shard in (1, 2, 3)]
    assert sum(encoded) < 10, "what was encoded is kept where the shard is the same"
    chunk = next(iter(staging_of(out).glob("*/shard-0002-of-0003/*.safetensors")))
    chunk.write_bytes(chunk.read_bytes()[:-9])
    with pytest.raises(HemlineError, match="chunks of shards 2/3 are damaged or gone"):
        gather(model, out)
    work(model, out, 2, 3)
    build(model, images, tmp_path / "alone", batch=4)
    gather(model, out)
    assert contents(out) == contents(tmp_path / "alone")


def test_a_worker_whose_photos_lie_elsewhere(model: Path, images: Path, tmp_path: Path) -> None:
    (images / "broken.jpg").unlink()
    out = tmp_path / "index"
    share(images, out, 1)
    images.rename(tmp_path / "moved")
    with pytest.raises(HemlineError, match=r"20 photos of shard 1/1 cannot be read below .*--images"):
        work(model, out, 1, 1)
    assert work(model, out, 1, 1, tmp_path / "moved").encoded == 20
    assert gather(model, out, tmp_path / "moved").card.count == 21


def test_what_is_no_manifest_or_no_shard_is_one_sentence(model: Path, images: Path, tmp_path: Path) -> None:
    out = tmp_path / "index"
    with pytest.raises(HemlineError, match="--shards must be"):
        share(images, out, 0)
    build_ = ("build", "--model", model, "--out", out)
    assert "say which of how many, as in 3/16" in command(*build_, "--shard", "three").sentence
    assert "leave --ids, --data and --batch out" in command(*build_, "--gather", "--batch", 3).sentence
    staging_of(out).mkdir(exist_ok=True)
    (staging_of(out) / "manifest.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(HemlineError, match="is no manifest that can be read"):
        gather(model, out)
    with pytest.raises(HemlineError, match=r"1 of 23 pictures cannot be indexed \(nope: missing"):
        share(images, out, 2, [*sorted(path.stem for path in images.iterdir()), "nope"])
