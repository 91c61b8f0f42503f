"""Search: the model's own ranking, the reference left out, and a sentence for every wrong input."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from core.backbones import load_backbone
from core.building import build
from core.catalogue import main
from core.cli import entry
from core.errors import HemlineError
from core.pictures import PictureError, picture_hash, read_picture
from core.search import Searcher, describe, open_searcher, search, search_many
from tests.bench import query_overhead
from tests.small_catalogue import copy_photos, make_model
from tests.tiny_backbones import tiny

ROOT = Path(__file__).parents[1]
WISH = "but red with long sleeves"


@pytest.fixture(scope="module")
def world(closet_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, thirty photos (one of them under a second id too) and their index."""
    folder = tmp_path_factory.mktemp("world")
    images = copy_photos(closet_dir, folder / "images", 29)
    shutil.copyfile(min(images.iterdir()), images / "zz-same-again.jpg")
    build(make_model(folder / "run"), images, folder / "index")
    return folder


@pytest.fixture(scope="module")
def searcher(world: Path) -> Searcher:
    return open_searcher(None, world / "index")


@pytest.fixture(scope="module")
def photo(world: Path) -> Path:
    return sorted((world / "images").iterdir())[5]


def names(hits: list) -> list[str]:
    return [hit.id for hit in hits]


def expected(searcher: Searcher, look: object, text: str | None) -> list[str]:
    """Every id, ranked by the model's own vectors."""
    query = searcher.backbone.embed_queries([look], [text])[0]
    pictures = [read_picture(path) for path in searcher.pictures.values()]
    # In float64 and rounded, as NumPy adds up the last rows of a product otherwise; copies tie.
    scores = (searcher.backbone.embed_targets(pictures).astype(np.float64) @ query).round(12)
    return [list(searcher.pictures)[row] for row in np.argsort(-scores, kind="stable")]


def test_many_queries_at_once_are_answered_as_one_by_one(searcher: Searcher, photo: Path) -> None:
    asked = [(photo.stem, WISH), (photo.stem, None), (None, WISH)]
    found = search_many(searcher, asked, top_k=6)
    for hits, (id_, text) in zip(found, asked, strict=True):
        alone = search(searcher, reference_id=id_, text=text, top_k=6)
        assert names(hits) == names(alone)  # a batch may round the last bit of a score elsewhere
        assert [hit.score for hit in hits] == pytest.approx([hit.score for hit in alone], abs=1e-5)
    assert search_many(searcher, []) == []
    with pytest.raises(HemlineError, match="a query is empty"):
        search_many(searcher, [*asked, (None, " ")])


@pytest.mark.parametrize("text", [WISH, None], ids=["photo and words", "photo"])
def test_a_reference_finds_what_the_model_ranks_first_and_never_itself(
    searcher: Searcher, photo: Path, text: str | None
) -> None:
    ranking = expected(searcher, read_picture(photo), text)
    by_id = search(searcher, reference_id=photo.stem, text=text, top_k=8)
    assert names(by_id) == [name for name in ranking if name != photo.stem][:8]
    assert [hit.rank for hit in by_id] == list(range(1, 9))
    # the file itself, its bytes and an open file are known by their hash: the same answer in every digit
    assert search(searcher, reference_image=photo, text=text, top_k=8) == by_id
    assert search(searcher, reference_image=photo.read_bytes(), text=text, top_k=8) == by_id
    with photo.open("rb") as file:
        assert search(searcher, reference_image=file, text=text, top_k=8) == by_id
    kept = search(searcher, reference_id=photo.stem, text=text, top_k=30, keep_reference=True)
    assert names(kept) == ranking
    assert len(search(searcher, reference_id=photo.stem, text=text, top_k=99)) == 29


def test_words_alone_rank_the_whole_catalogue(searcher: Searcher) -> None:
    assert names(search(searcher, text=WISH, top_k=30)) == expected(searcher, None, WISH)


def test_blank_words_are_no_words(searcher: Searcher, photo: Path) -> None:
    assert search(searcher, reference_id=photo.stem, text=" \n") == search(searcher, reference_id=photo.stem)


def test_an_upload_the_catalogue_does_not_know(searcher: Searcher, closet_dir: Path, tmp_path: Path) -> None:
    other = sorted((closet_dir / "images").glob("*.jpg"))[40]
    hits = search(searcher, reference_image=other, text=WISH, top_k=30)
    assert names(hits) == expected(searcher, read_picture(other), WISH)
    assert search(searcher, reference_image=read_picture(other), text=WISH, top_k=30) == hits
    # a phone's photo: stored sideways with a note on how to turn it, as a file and as an opened picture
    sideways = tmp_path / "sideways.png"
    exif = Image.Exif()
    exif[0x0112] = 6
    read_picture(other).transpose(Image.Transpose.ROTATE_90).save(sideways, exif=exif)
    assert search(searcher, reference_image=sideways, text=WISH, top_k=30) == hits
    assert search(searcher, reference_image=Image.open(sideways), text=WISH, top_k=30) == hits


def test_the_same_photo_under_another_id_is_the_reference_too(searcher: Searcher) -> None:
    twins = {searcher.index.ids[0], "zz-same-again"}
    for reference in twins:
        assert not twins & set(names(search(searcher, reference_id=reference, text=WISH, top_k=30)))


def test_a_catalogue_reference_needs_no_file(world: Path, tmp_path: Path, photo: Path) -> None:
    before = open_searcher(world / "run", world / "index")
    shutil.copytree(world / "index", tmp_path / "index")
    moved = open_searcher(world / "run", tmp_path / "index", images=tmp_path / "elsewhere")
    assert moved.pictures[photo.stem] == tmp_path / "elsewhere" / photo.name
    hits = search(moved, reference_id=photo.stem, text=WISH)
    assert hits == search(before, reference_id=photo.stem, text=WISH)
    assert moved.hash_of(photo.stem) == picture_hash(photo)


def test_what_cannot_be_asked_is_refused(searcher: Searcher, photo: Path, tmp_path: Path) -> None:
    fake = tmp_path / "fake.jpg"
    fake.write_text("a text file named .jpg")
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(photo.read_bytes()[:5000])
    for question, sentence in (
        ({}, "the query is empty"),
        ({"text": "  "}, "the query is empty"),
        ({"reference_id": "nope", "text": WISH}, "'nope' is not among the catalogue's 30 ids"),
        ({"reference_id": photo.stem, "reference_image": photo}, "the reference is given twice"),
        ({"text": WISH, "top_k": 0}, "top_k must be a whole number"),
        ({"text": "red " * 500}, "tokens"),
    ):
        with pytest.raises(HemlineError, match=sentence):
            search(searcher, **question)
    for path, reason in ((fake, "not a picture"), (cut, "truncated"), (tmp_path / "none.jpg", "missing")):
        with pytest.raises(PictureError, match=path.name) as error:
            search(searcher, reference_image=path, text=WISH)
        assert error.value.reason == reason


def test_a_photo_is_described_in_the_models_own_words(
    searcher: Searcher, closet_dir: Path, photo: Path, tmp_path: Path
) -> None:
    other = sorted((closet_dir / "images").glob("*.jpg"))[40]
    assert describe(searcher, reference_image=other) == ""  # an untrained model has no words
    model = make_model(tmp_path / "run", says={photo: "a red dress", other: "blue shoes"})
    taught = replace(searcher, backbone=load_backbone(model))
    assert describe(taught, reference_id=photo.stem) == "a red dress"
    assert describe(taught, reference_image=photo) == "a red dress"
    assert describe(taught, reference_image=other.read_bytes()) == "blue shoes"
    for question, sentence in (
        ({}, "there is no photo to describe"),
        ({"reference_id": "nope"}, "'nope' is not among the catalogue's 30 ids"),
        ({"reference_id": photo.stem, "reference_image": photo}, "the reference is given twice"),
    ):
        with pytest.raises(HemlineError, match=sentence):
            describe(searcher, **question)
    with pytest.raises(HemlineError, match="kind clip writes no captions"):
        describe(replace(searcher, backbone=tiny("clip-sum")), reference_id=photo.stem)


def test_an_index_built_by_another_model_is_refused(world: Path, tmp_path: Path) -> None:
    other = make_model(tmp_path / "other", seed=1)
    with pytest.raises(HemlineError, match="was built by another model") as error:
        open_searcher(other, world / "index")
    rebuild = (
        f"python -m core.catalogue build --model {other} --images {world / 'images'} --out {world / 'index'}"
    )
    assert rebuild in str(error.value)


def test_mixed_up_and_damaged_folders_are_named(world: Path, tmp_path: Path) -> None:
    with pytest.raises(HemlineError, match="index is an index, not a model"):
        open_searcher(world / "index", world / "index")
    with pytest.raises(HemlineError, match="run is a model, not an index"):
        open_searcher(world / "run", world / "run")
    index = tmp_path / "index"
    for name, data, sentence in (
        ("features.npy", lambda old: old[:-100], r"features\.npy is missing, damaged or cut short"),
        ("features.npy", lambda old: b"", r"features\.npy is missing, damaged or cut short"),
        ("pictures.json", lambda old: b"[]", r"pictures\.json is not a catalogue's table"),
        (
            "pictures.json",
            lambda old: old.replace(b'"ids_sha": "', b'"ids_sha": "0'),
            "belongs to another index",
        ),
    ):
        shutil.rmtree(index, ignore_errors=True)
        shutil.copytree(world / "index", index)
        (index / name).write_bytes(data((index / name).read_bytes()))
        with pytest.raises(HemlineError, match=sentence):
            open_searcher(world / "run", index)
    card = json.loads((index / "index.json").read_text())
    (index / "index.json").write_text(json.dumps({**card, "model": str(tmp_path / "moved away")}))
    with pytest.raises(HemlineError, match="moved away, which is not there; give --model"):
        open_searcher(None, index)


def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object
) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of the search command, run in this process, which has torch loaded."""
    monkeypatch.setattr(sys, "argv", ["catalogue", "search", *map(str, arguments)])
    capsys.readouterr()
    try:
        entry(main)
        code = 0
    except SystemExit as error:
        code = int(error.code or 0)
    return code, *capsys.readouterr()


def test_the_command_answers_as_the_api_does(
    world: Path,
    searcher: Searcher,
    photo: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    index = ["--index", world / "index"]
    code, out, _ = command(
        monkeypatch, capsys, *index, "--image", photo, "--text", WISH, "--top", 4, "--json"
    )
    assert code == 0
    assert json.loads(out) == [
        {"rank": hit.rank, "id": hit.id, "score": hit.score, "path": str(searcher.pictures[hit.id])}
        for hit in search(searcher, reference_id=photo.stem, text=WISH, top_k=4)
    ]
    code, out, _ = command(monkeypatch, capsys, *index, "--reference", photo.stem, "--top", 2)
    table = out.splitlines()
    assert [line.split()[0] for line in table] == ["rank", "1", "2"]
    assert names(search(searcher, reference_id=photo.stem, top_k=1))[0] in table[1]


def test_the_command_refuses_in_one_sentence(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = tmp_path / "fake.jpg"
    fake.write_text("a text file named .jpg")
    for arguments in (
        ["--index", world / "run", "--text", WISH],
        ["--index", world / "index", "--model", world / "index", "--text", WISH],
        ["--index", world / "index", "--reference", "nope"],
        ["--index", world / "index", "--image", fake],
        ["--index", world / "index"],
    ):
        code, out, err = command(monkeypatch, capsys, *arguments)
        assert (code, out) == (2, "")
        assert err.startswith("hemline: ") and err.count("\n") == 1, err


def test_the_benchmark_compares_with_a_forward_of_the_same_inputs(searcher: Searcher, photo: Path) -> None:
    query = query_overhead.Query(photo.stem, WISH)
    mirrored = ImageOps.mirror(read_picture(photo))
    for make, picture, closeness in (
        (query_overhead.kept, read_picture(photo), 1e-5),
        (query_overhead.uploaded_file, mirrored, 0.05),  # its JPEG is not the same pixels
        (query_overhead.decoded, mirrored, 0.05),
    ):
        whole, bare = make(searcher, query)
        vector = searcher.backbone.embed_queries([picture], [WISH])
        np.testing.assert_allclose(np.asarray(bare()), vector, atol=closeness)
        assert len(whole()) == 10


def test_the_module_is_a_command() -> None:
    line = [sys.executable, "-m", "core.catalogue", "search", "--index", "no such index", "--text", WISH]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("hemline: there is no index at no such index; give the folder")
