"""Bringing one's own photos: what is read, what is refused and why, removal, and a kill in between."""

import csv
import io
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from core.datasets.garments import read_garments
from core.errors import HemlineError
from core.gallery import load_gallery
from core.index import load_index
from core.own.changing import REFUSED_FILE, Added, add, photos_of, remove
from core.own.limits import MOST, Limits, by_reason
from core.own.records import read_records
from core.own.sources import open_files, open_source
from core.search import open_searcher, search
from tests.data_folder import photo, write_lines
from tests.forked_runs import Done, forked
from tests.running_app import small_closet
from tests.small_catalogue import chunk_count, copy_photos, make_model

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model") / "model")


@pytest.fixture(scope="module")
def other_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model") / "other", seed=1)


@pytest.fixture
def photos(closet_dir: Path, tmp_path: Path) -> Path:
    return copy_photos(closet_dir, tmp_path / "photos", 6)


def bring(index: Path, source: Path, model: Path | None = None, limits: Limits = MOST) -> Added:
    with open_source(source, limits) as opened:
        return add(index, opened, model, limits)


def names(photos: Path) -> list[str]:
    return sorted(path.stem for path in photos.glob("*.jpg"))


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def jpeg(seed: int) -> bytes:
    out = io.BytesIO()
    photo(seed).save(out, "JPEG")
    return out.getvalue()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_becomes_a_catalogue_that_answers(photos: Path, model: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    (photos / "more").mkdir()
    first, second = sorted(photos.glob("*.jpg"))[:2]
    shutil.copy(first, photos / "more" / "again.jpg")  # the same bytes
    (photos / "more" / first.name).write_bytes(jpeg(1))  # another photo of the same name
    (photos / "cut.jpg").write_bytes(second.read_bytes()[:900])
    (photos / "page.jpg").write_text("<html>not found</html>")
    Image.new("RGB", (90, 90), "white").save(photos / "blank.png")
    photo(2).save(photos / "old.bmp")
    (photos / "notes.txt").write_text("mine")
    added = bring(index, photos, model)
    assert (added.count, len(added.added), added.already) == (8, 8, ())
    assert by_reason(added.refused) == {
        "not a photo by its ending": 1,
        "placeholder": 1,
        "truncated": 1,
        "not a picture": 1,
        "duplicate": 1,
    }
    told = [json.loads(line) for line in (photos_of(index) / REFUSED_FILE).read_text().splitlines()]
    assert {row["name"]: row["reason"] for row in told}["cut.jpg"] == "truncated"
    ids = load_index(index).ids
    assert {"old", first.stem} <= set(ids) and sum(id_.startswith(first.stem) for id_ in ids) == 2
    shutil.rmtree(photos)  # the catalogue has copies
    hits = search(open_searcher(None, index), reference_id=first.stem, text="in red", top_k=20)
    assert len(hits) == 7
    assert read_records(photos_of(index))[first.stem].source == "photos"


def test_adding_again_changes_nothing_and_encodes_nothing(photos: Path, model: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    bring(index, photos, model)
    before = contents(index)
    again = bring(index, photos)
    assert (len(again.added), len(again.already), again.refused) == (0, 6, ())
    assert contents(index) == before


def test_a_table_says_what_is_known_in_many_spellings(photos: Path, model: Path, tmp_path: Path) -> None:
    one, two, three = names(photos)[:3]
    rows = [
        ["File Name", "SKU", "Title", "Colour", "Pattern", "Sleeves", "Price"],
        [f"photos/{one}.jpg", "A-1", "A dress, with a comma", "Red; Gray", "Striped", "Long", "9"],
        [f"photos/{two}", "", "", "mauve", "solid", "none", "9"],
        ["photos/nowhere.jpg", "", "", "", "", "", ""],
        ["", "", "no photo", "", "", "", ""],
        [f"photos/{three}.jpg", "A-1", "", "", "", "", ""],
        [f"photos/{one}.jpg", "", "", "", "", "", ""],
    ]
    table = tmp_path / "shop.csv"
    with table.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    added = bring(tmp_path / "index", table, model)
    assert added.added == ("A-1", two)
    assert dict(added.unknown) == {("colors", "mauve"): 1} and added.unused == ("Price",)
    assert sorted((refusal.name.split(":")[0], refusal.reason) for refusal in added.refused) == [
        ("line 4", "no such photo"),
        ("line 5", "the row names no photo"),
        ("line 7", "the photo has a row already"),
        (f"photos/{three}.jpg", "the id is taken by another photo"),
    ]
    known = read_records(photos_of(tmp_path / "index"))
    assert known["A-1"].about == {
        "caption": "A dress, with a comma",
        "pattern": "stripes",
        "sleeve": "long",
        "colors": ["red", "grey"],
    }
    assert known[two].about == {"pattern": "solid", "sleeve": "none"}
    garment = known["A-1"].garment
    assert (garment.colors, garment.category, garment.fit) == (("red", "grey"), "", None)


def test_a_table_that_comes_later_describes_what_is_there(photos: Path, model: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    bring(index, photos, model)
    before = contents(index)
    write_lines(tmp_path / "about.jsonl", [{"image": name, "caption": name} for name in names(photos)])
    (tmp_path / "about.jsonl").rename(photos / "about.jsonl")
    again = bring(index, photos)
    assert len(again.changed) == 6 and contents(index) == before
    assert {r.id: r.about["caption"] for r in read_records(photos_of(index)).values()} == {
        name: name for name in names(photos)
    }


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("t.csv", "colour,price\nred,3\n", "no column of photos"),
        ("t.csv", "image,title\n", "no row that names a photo"),
        ("t.csv", "image,title\ngone.jpg,x\n", "names no photo that is there"),
        ("t.jsonl", "[1]\nnonsense\n", "no column of photos"),
        ("t.csv", 'image\n"half', "CSV table that can be read"),
    ],
)
def test_tables_of_no_use_are_refused(name: str, text: str, says: str, model: Path, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(HemlineError, match=says):
        bring(tmp_path / "index", tmp_path / name, model)
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]


def test_a_hostile_zip_writes_nowhere_and_its_photos_are_taken(model: Path, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    (tmp_path / "in").mkdir()
    path = zipped(
        tmp_path / "in" / "hostile.zip",
        {
            "good/a.jpg": jpeg(1),
            "good/deep/er/b.jpg": jpeg(2),
            "good/again.jpg": jpeg(1),
            "../../../escape.jpg": jpeg(3),
            "/etc/absolute.jpg": jpeg(4),
            "..\\windows.jpg": jpeg(5),
            "__MACOSX/._a.jpg": b"resource fork",
            ".DS_Store": b"x",
            "inner.zip": b"PK",
            "bomb.jpg": b"\xff\xd8\xff" + bytes(40 * 2**20),
            "good/captions.csv": b"file,title\na.jpg,first\n",
        },
    )
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("spoilt.jpg", jpeg(6))
    data = bytearray(path.read_bytes())
    at = data.rfind(b"spoilt.jpg", 0, data.rfind(b"PK\x01\x02"))
    data[at + 200] ^= 0xFF  # the check sum of this entry no longer fits
    path.write_bytes(data)
    added = bring(tmp_path / "out" / "index", path, model)
    assert set(added.added) == {"a", "b"}
    assert by_reason(added.refused) == {
        "unsafe name": 3,
        "a link, not a file": 1,
        "an archive in the archive": 1,
        "duplicate": 1,
        "too large": 1,
        "damaged in the archive": 1,
    }
    assert read_records(photos_of(tmp_path / "out" / "index"))["a"].about == {"caption": "first"}
    found = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*")}
    assert found == {"in", "out"}
    assert {path.name for path in photos_of(tmp_path / "out" / "index").glob("*.jpg")} == {"a.jpg", "b.jpg"}


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (Limits(photos=3), "holds 4 photos, more than the 3"),
        (Limits(bytes=6000), "bring the photos in parts"),
    ],
)
def test_more_than_the_limits_allow_is_refused_whole(
    limits: Limits, says: str, model: Path, tmp_path: Path
) -> None:
    files = {f"{n}.jpg": jpeg(n) for n in range(4)}
    path = zipped(tmp_path / "many.zip", files)
    folder = tmp_path / "many"
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    for source in (path, folder):
        with pytest.raises(HemlineError, match=says):
            bring(tmp_path / "index", source, model, limits)
    assert {path.name for path in tmp_path.iterdir()} == {"many.zip", "many"}


def test_a_zip_that_is_none_is_refused(model: Path, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04 no zip")
    with pytest.raises(HemlineError, match="not a zip that can be read"):
        bring(tmp_path / "index", tmp_path / "x.zip", model)


def test_files_whose_names_a_browser_changed_still_meet_their_rows(model: Path, tmp_path: Path) -> None:
    (tmp_path / "my dress 1.jpg").write_bytes(jpeg(1))
    (tmp_path / "list.csv").write_text("image,caption\nmy dress (1).jpg,mine\n")
    with open_files([tmp_path / "my dress 1.jpg", tmp_path / "list.csv"], "mine") as source:
        add(tmp_path / "index", source, model)
    assert read_records(photos_of(tmp_path / "index"))["my dress 1"].about == {"caption": "mine"}


@pytest.mark.parametrize("kind", ["saved", "parquet"])
def test_a_dataset_is_brought(kind: str, photos: Path, model: Path, tmp_path: Path) -> None:
    import datasets

    files = sorted(photos.glob("*.jpg"))
    columns = {
        "photo": [{"bytes": path.read_bytes(), "path": None} for path in files],
        "item_id": [path.stem for path in files],
        "title": ["one", "two", "three", "four", "five", "six"],
        "color": [["red"], ["blue"], [], ["nonsense"], ["red"], ["red", "white"]],
    }
    made = datasets.Dataset.from_dict(columns).cast_column("photo", datasets.Image())
    if kind == "saved":
        datasets.DatasetDict(train=made.select(range(4)), test=made.select([4, 5])).save_to_disk(
            str(tmp_path / "data")
        )
    else:
        (tmp_path / "data").mkdir()
        made.to_parquet(str(tmp_path / "data" / "part.parquet"))
    added = bring(tmp_path / "index", tmp_path / "data", model)
    assert added.added == tuple(path.stem for path in files) and not added.refused
    assert dict(added.unknown) == {("colors", "nonsense"): 1}
    known = read_records(photos_of(tmp_path / "index"))
    assert known[files[5].stem].about == {"caption": "six", "colors": ["red", "white"]}


def test_removing_by_id_by_source_and_the_last(photos: Path, model: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    bring(index, photos, model)
    bring(index, zipped(tmp_path / "more.zip", {"x.jpg": jpeg(1), "y.jpg": jpeg(2)}))
    whole = open_searcher(None, index)
    first = names(photos)[0]
    assert remove(index, [first]) == (first,)
    assert not (photos_of(index) / f"{first}.jpg").exists()
    left = load_index(index)
    load_gallery(index, left)
    assert first not in left.ids and len(left.ids) == 7
    kept = whole.index.positions
    assert (left.vectors == whole.index.vectors[[kept[id_] for id_ in left.ids]]).all()
    hits = search(open_searcher(None, index), reference_id="x", text="in red")
    assert {hit.id for hit in hits} == set(left.ids) - {"x"}
    with pytest.raises(HemlineError, match="no garment with the id gone"):
        remove(index, ["gone", "x"])
    assert set(remove(index, sources=["more.zip"])) == {"x", "y"}
    remove(index, names(photos)[1:])
    assert not index.exists() and not photos_of(index).exists()


def test_an_index_over_a_folder_of_its_own_keeps_that_folder(
    photos: Path, model: Path, other_model: Path, tmp_path: Path
) -> None:
    from core.building import build

    index = tmp_path / "index"
    build(model, photos, index)
    before = contents(photos)
    gone = names(photos)[0]
    remove(index, [gone])
    bring(index, zipped(tmp_path / "more.zip", {"x.jpg": jpeg(1)}))
    assert contents(photos) == before
    assert set(load_index(index).ids) == {*names(photos)[1:], "x"}
    bring(index, tmp_path / "more.zip", other_model)  # another model: all of it is encoded anew
    assert load_index(index).card.model == str(other_model)
    shutil.rmtree(photos)
    assert len(search(open_searcher(None, index), text="in red")) == 6


def test_two_changes_of_one_catalogue_do_not_meet(photos: Path, model: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    with open_source(photos) as source:
        reads = source.offers[0].read

        def meddle(most: int) -> bytes:
            with pytest.raises(HemlineError, match="another process is changing"):
                bring(index, photos, model)
            return reads(most)

        object.__setattr__(source.offers[0], "read", meddle)
        assert add(index, source, model).count == 6


KILLED = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
import torch
torch.set_num_threads(1)
from core.own import changing, sources
index, source, model, event, part, *ids = sys.argv[1:]
def hook(name, args):
    if name == event and any(part in str(value) for value in args[:2]):
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
if ids:
    changing.remove(Path(index), ids)
else:
    with sources.open_source(Path(source)) as opened:
        changing.add(Path(index), opened, Path(model), batch=4)
"""


def killed(index: Path, source: Path, model: Path, event: str, part: str, *ids: str) -> None:
    line = [sys.executable, "-c", KILLED, str(index), str(source), str(model), event, part, *ids]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]


def test_a_killed_change_leaves_the_older_catalogue_and_goes_on(
    closet_dir: Path, photos: Path, model: Path, tmp_path: Path
) -> None:
    index, more = tmp_path / "index", copy_photos(closet_dir, tmp_path / "more", 14)
    bring(index, photos, model)
    before = contents(index)
    for event, part in (("open", "index.photos/005"), ("os.rename", "000001.safetensors")):
        killed(index, more, model, event, part)
        assert contents(index) == before
        assert len(search(open_searcher(None, index), text="in red")) == 6
    assert chunk_count(index) == 1
    added = bring(index, more)
    assert (added.count, len(added.added), len(added.already)) == (14, 8, 6)
    whole = contents(index)
    gone = names(more)[:3]
    killed(index, more, model, "open", ".part/vectors", *gone)
    assert contents(index) == whole
    killed(index, more, model, "os.remove", "index.photos/", *gone)  # the photos are what goes last
    assert len(load_index(index).ids) == 11
    bring(index, photos)
    stored = {path.stem for path in photos_of(index).glob("*.jpg")}
    assert stored == set(load_index(index).ids) and len(stored) == 14


def test_the_commands(photos: Path, model: Path, tmp_path: Path) -> None:
    (photos / "cut.jpg").write_bytes(b"\xff\xd8\xff")
    index = str(tmp_path / "index")

    def command(*arguments: str) -> Done:
        return forked()("core.catalogue", *arguments)

    nowhere = command("remove", "--index", str(tmp_path / "no" / "index"), "x")
    assert nowhere.code == 2 and "there is no index" in nowhere.err
    nowhere = command("remove", "--index", index, "x")
    assert nowhere.code == 2 and "there is no index" in nowhere.err
    assert {path.name for path in tmp_path.iterdir()} == {"photos"}
    lacking = command("add", "--index", index, str(photos))
    assert lacking.code == 2 and "say with --model" in lacking.err
    done = command("add", "--index", index, "--model", str(model), str(photos))
    assert done.code == 0 and "checking photos" in done.err
    assert f"{index}: 6 garments; 6 added, 0 already there, 0 described anew, 1 refused" in done.out
    done = command("remove", "--index", index, *names(photos)[:2])
    assert done.out == f"{index}: 2 removed, 4 left\n"
    done = command("remove", "--index", index, "--all")
    assert done.code == 0 and not Path(index).exists()


def test_closets_own_records_are_a_table(closet_dir: Path, model: Path, tmp_path: Path) -> None:
    """What `make closet` adds: garments.jsonl, whose ids are those of the photos in the folder `images`."""
    data = small_closet(closet_dir, tmp_path / "closet")
    added = bring(tmp_path / "index", data / "garments.jsonl", model)
    assert (added.count, added.refused, dict(added.unknown)) == (40, (), {})
    garments = read_garments(data / "garments.jsonl")
    known = read_records(photos_of(tmp_path / "index"))
    for id_, garment in garments.items():
        if garment.caption.split() == garment.caption.split(" "):
            assert known[id_].garment == replace(garment, split="")
