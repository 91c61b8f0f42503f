"""The captioning command on a small dataset: what it leaves, what a kill costs, what it refuses."""

import hashlib
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from core.backbones import load_backbone
from core.backbones.features import encode_all
from core.backbones.mllm import MllmBackbone
from core.backbones.saving import save_backbone
from core.datasets.fashioniq import read_split
from core.files import sha256_file
from core.pictures import read_picture
from tests.data_folder import write
from tests.forked_runs import Done, Runner, forked
from tests.tiny_backbones import teach, tiny
from tests.tiny_released import released
from tests.train_folder import make_train_folder, tiny_start
from train.caption import CaptionConfig, write_texts
from train.describing import WORDED, Describer
from train.material import gather
from train.neighbours import Pair
from train.text_filter import REASONS
from train.written import in_batches, read_lines

FILES = ("captions.jsonl", "changes.jsonl", "dropped.jsonl")
CHAT = ("llava", "llava_next", "llava_onevision", "internvl", "qwen2_5_vl", "qwen3_vl", "smolvlm", "blip2")
SEVERAL = ("llava_onevision", "internvl", "qwen2_5_vl", "qwen3_vl", "smolvlm")
EACH = 9
OPTIONS = ("--batch", 4, "--threads", 1, "--nearest", 3)


class Place:
    """A dataset, a model that describes its photos, and the runner of commands."""

    def __init__(self, root: Path, run: Runner) -> None:
        self.run, self.cache = run, root / "cache"
        self.data = make_train_folder(root / "data", each=EACH)
        self.model = tiny_start(self.data, root / "untaught")
        backbone = load_backbone(self.model)
        garments = list(read_split(self.data, "train").garments.values())
        pictures = [read_picture(self.data / "images" / f"{g.id}.jpg") for g in garments]
        teach(backbone, pictures, [g.caption for g in garments])
        self.model = root / "taught"
        save_backbone(backbone, self.model)

    def write(self, out: Path, *options: Any, kill_at: int | None = None) -> Done:
        where = ("--model", self.model, "--data", self.data, "--out", out, "--cache", self.cache)
        return self.run("train.caption", *where, *OPTIONS, *options, kill_at=kill_at)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("captions"), forked())


@pytest.fixture(scope="module")
def whole(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unbroken run."""
    out = tmp_path_factory.mktemp("whole") / "written"
    done = place.write(out)
    assert done.code == 0, done.err
    return out


def everything(folder: Path) -> dict[str, str]:
    """Every file but the card, which has times in it."""
    files = (p for p in folder.rglob("*") if p.is_file() and p.name != "run.json")
    return {str(p.relative_to(folder)): sha256_file(p) for p in files}


def card(folder: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((folder / "run.json").read_text("utf-8"))
    return value


def test_texts_come_with_their_provenance_and_nothing_vanishes(place: Place, whole: Path) -> None:
    captions, changes, dropped = (read_lines(whole / name) for name in FILES)
    assert len(captions) > 10 and len(changes) > 5
    garments = read_split(place.data, "train").garments
    fingerprint = sha256_file(place.model / "hemline.json")
    for line in (*captions, *changes, *dropped):
        assert (line["model"], line["model_fingerprint"]) == ("taught", fingerprint)
        assert line["generation"]["decoding"] == "greedy" and line["generation"]["seed"] == 0
    for line in captions:
        photo = place.data / "images" / f"{line['photo']}.jpg"
        assert line["photo_sha256"] == hashlib.sha256(photo.read_bytes()).hexdigest()
        assert line["prompt"] == "<image><caption>{caption}<eos>"
        assert line["category"] == garments[line["photo"]].category
    for line in changes:
        assert garments[line["reference"]].category == garments[line["target"]].category == line["category"]
        assert line["prompt"] == WORDED and 1 <= len(line["texts"]) <= 2
    found = card(whole)["results"]
    told = Counter((line["kind"], line["reason"]) for line in dropped)
    for kind, kept in (("caption", len(captions)), ("change", sum(len(c["texts"]) for c in changes))):
        assert found[kind]["kept"] == kept
        assert found[kind]["written"] == kept + sum(found[kind]["dropped"].values())
        assert found[kind]["dropped"] == {reason: n for (k, reason), n in told.items() if k == kind}
        assert found[kind]["dropped"].keys() <= REASONS.keys()
    assert found["caption"]["written"] == len(garments)
    assert card(whole)["command"] == "train.caption" and card(whole)["finished"]
    assert {"torch", "transformers"} <= card(whole)["versions"].keys()
    assert not (whole / "work").exists()


def test_the_changes_are_fashioniq_s_rows(place: Place, whole: Path, tmp_path: Path) -> None:
    """Put in place of the human captions, the project's own strict reader takes them."""
    data = shutil.copytree(place.data, tmp_path / "data")
    files = sorted((whole / "captions").iterdir())
    assert {path.name for path in files} <= {"cap.dress.train.json", "cap.shirt.train.json"}
    for path in files:
        shutil.copy(path, data / "captions" / path.name)
    split = read_split(data, "train", [path.name.split(".")[1] for path in files])
    lines = read_lines(whole / "changes.jsonl")
    assert sorted((t.reference, t.target, list(t.captions)) for t in split.triplets) == sorted(
        (line["reference"], line["target"], line["texts"]) for line in lines
    )


def test_killed_at_any_batch_it_ends_with_the_same_bytes(place: Place, whole: Path, tmp_path: Path) -> None:
    """Killed among the descriptions, among the changes, and when some of the files are written already."""
    out, described = tmp_path / "written", -(-2 * EACH // 4)
    lines = [*read_lines(whole / "changes.jsonl"), *read_lines(whole / "dropped.jsonl")]
    pairs = len({(line["reference"], line["target"]) for line in lines if "reference" in line})
    for kill in (2, described + 1, -(-pairs // 4)):
        assert place.write(out, kill_at=kill).code == -9
        assert list((out / "work").iterdir())
        assert card(out)["finished"] is None
    assert (out / "captions.jsonl").exists() and not (out / "captions").exists()
    done = place.write(out)
    assert done.code == 0, done.err
    assert everything(out) == everything(whole)
    assert card(out)["resumes"] == 3 and card(out)["results"] == card(whole)["results"]


def test_what_is_done_is_not_written_again(tmp_path: Path) -> None:
    asked: list[int] = []

    def shout(items: Any) -> list[str]:
        asked.extend(items)
        return [str(item) for item in items]

    assert in_batches(tmp_path, "some", range(5), 2, shout) == ["0", "1", "2", "3", "4"]
    (tmp_path / "work" / "some-000001.json").unlink()
    assert in_batches(tmp_path, "some", range(5), 2, shout) == ["0", "1", "2", "3", "4"]
    assert asked == [0, 1, 2, 3, 4, 2, 3]


def test_a_finished_folder_is_left_alone(place: Place, whole: Path) -> None:
    before = everything(whole), card(whole)
    done = place.write(whole)
    assert (done.code, done.out) == (0, f"{whole} is finished; remove it to write it again\n")
    assert (everything(whole), card(whole)) == before


def test_another_model_other_data_or_options_are_refused(place: Place, tmp_path: Path) -> None:
    out = tmp_path / "written"
    assert place.write(out, kill_at=2).code == -9
    before = everything(out)
    done = place.write(out, "--seed", 1)
    assert done.code == 2 and "begun with another seed; choose another --out" in done.sentence
    other = tiny_start(place.data, tmp_path / "other")
    done = place.write(out, "--model", other)
    assert done.code == 2 and "begun with another model, model_fingerprint;" in done.sentence
    data = shutil.copytree(place.data, tmp_path / "data")
    shutil.copy(data / "images" / "dress1.jpg", data / "images" / "dress0.jpg")
    done = place.write(out, "--data", data)
    assert done.code == 2 and "begun with another data;" in done.sentence
    assert everything(out) == before
    done = place.write(place.model)
    assert done.code == 2 and "holds something else than written texts" in done.sentence
    done = place.write(tmp_path / "new", "--near", "colour")
    assert done.code == 2 and "--near is one of auto, records, vectors" in done.sentence


def test_a_photo_of_val_or_test_is_refused_and_never_written_about(place: Place, tmp_path: Path) -> None:
    data = shutil.copytree(place.data, tmp_path / "data")
    write(data / "image_splits/split.dress.val.json", ["dress4"])
    (data / "images" / "held.jpg").write_bytes((data / "images" / "shirt2.jpg").read_bytes())
    write(data / "image_splits/split.shirt.test.json", ["held"])
    out = tmp_path / "written"
    done = place.write(out, "--data", data)
    assert done.code == 2 and not out.exists()
    assert f"2 of {2 * EACH} train photos" in done.sentence and "(1 by id, 1 by their bytes;" in done.sentence
    done = place.write(out, "--data", data, "--leave-out")
    assert done.code == 0, done.err
    text = "".join((out / name).read_text("utf-8") for name in FILES)
    assert '"dress4"' not in text and '"shirt2"' not in text and '"dress5"' in text
    assert card(out)["results"]["left_out"] == 2


def test_neighbours_are_found_by_vectors_where_there_are_no_records(place: Place, tmp_path: Path) -> None:
    data = make_train_folder(tmp_path / "data", each=EACH, records=False)
    done = place.write(tmp_path / "refused", "--data", data, "--near", "records", "--photos", 8)
    assert done.code == 2 and "find neighbours with --near vectors" in done.sentence
    done = place.write(tmp_path / "written", "--data", data, "--photos", 12)
    assert done.code == 0, done.err
    found = card(tmp_path / "written")["results"]
    assert found["caption"]["written"] == 12 and found["change"]["written"] > 0


def test_a_model_that_cannot_caption_is_refused(place: Place, tmp_path: Path) -> None:
    clip = tiny_start(place.data, tmp_path / "clip", "clip-combiner")
    done = place.write(tmp_path / "written", "--model", clip)
    assert done.code == 2 and "writes no captions" in done.sentence
    assert not (tmp_path / "written").exists()


@pytest.mark.parametrize("name", [*CHAT, "minigpt4-vicuna", "minigpt4-llama2"])
def test_every_chat_model_is_asked_in_its_own_template(place: Place, name: str, tmp_path: Path) -> None:
    """Both instructions reach it through the same code; a pair's answer does not depend on its batch."""
    backbone = tiny(name) if name.startswith("minigpt4") else released(name)
    assert isinstance(backbone, MllmBackbone)
    assert backbone.shows_pictures("change") == (name in SEVERAL)
    photos = ["dress0", "dress1", "shirt2"]
    features = encode_all(backbone, {p: place.data / "images" / f"{p}.jpg" for p in photos}, tmp_path)
    writer = Describer(backbone, features, 6, 6)
    assert writer.follows
    assert "{text}" in writer.change_prompt or name in SEVERAL
    described = writer.describe(photos)
    assert len(described) == 3 and all(len(text.split()) <= 7 for text in described)
    said = {
        "dress0": "a red dress",
        "dress1": "a long blue dress with a bow and pockets",
        "shirt2": "a shirt",
    }
    pairs = [Pair("dress", "dress0", "dress1"), Pair("dress", "dress0", "shirt2")]
    together = writer.change(pairs, said)
    assert together == [writer.change([pair], said)[0] for pair in pairs]


def test_a_chat_model_goes_the_whole_way(place: Place, tmp_path: Path) -> None:
    save_backbone(released("qwen2_5_vl"), tmp_path / "model")
    config = CaptionConfig(photos=6, batch=4, description_words=8, change_words=8)
    found = write_texts(tmp_path / "model", place.data, tmp_path / "out", tmp_path / "cache", config)
    assert found is not None and found["caption"]["written"] == 6
    lines = [line for name in FILES for line in read_lines(tmp_path / "out" / name)]
    assert all("Describe only the garment" in line["prompt"] for line in lines if "photo" in line)


def test_an_embedder_follows_no_instruction(place: Place, tmp_path: Path) -> None:
    save_backbone(released("qwen3_vl-embedding"), tmp_path / "model")
    done = place.write(tmp_path / "out", "--model", tmp_path / "model")
    assert done.code == 2 and "writes no captions" in done.sentence


# --- what the stages make of it ---------------------------------------------------------------------------


def test_both_stages_train_on_what_was_written(place: Place, whole: Path, tmp_path: Path) -> None:
    data = make_train_folder(tmp_path / "data", each=EACH, records=False)
    few = ("--steps", 3, "--batch", 8, "--views", 1, "--threads", 1, "--cache", place.cache, "--no-hold-out")
    where = ("--data", data, "--init", place.model)
    refused = place.run("train.stage1", *where, *few, "--out", tmp_path / "s1")
    assert refused.code == 2 and "--written" in refused.sentence
    done = place.run("train.stage1", *where, *few, "--out", tmp_path / "s1", "--written", whole)
    assert done.code == 0, done.err
    bare = ("--bank-steps", 2, "--generated", 0, "--words", 0, "--soft", 0, "--attribute", 0)
    for name, more in (("with", ("--written", whole)), ("without", ())):
        done = place.run("train.stage2", *where, *few, *bare, *more, "--out", tmp_path / name)
        assert done.code == 0, done.err
    cards = card(tmp_path / "with"), card(tmp_path / "without")
    assert cards[0]["data_fingerprint"] != cards[1]["data_fingerprint"]


def test_written_texts_join_the_material_without_the_tuning_slice(place: Place, whole: Path) -> None:
    backbone = load_backbone(place.model)
    captions, changes = read_lines(whole / "captions.jsonl"), read_lines(whole / "changes.jsonl")
    for hold_out in (False, True):
        plain = gather(backbone, [place.data], place.cache, 1, hold_out)
        material = gather(backbone, [place.data], place.cache, 1, hold_out, written=[whole])
        photos = set(material.photos)
        added = material.split.triplets[len(plain.split.triplets) :]
        assert material.split.triplets[: len(plain.split.triplets)] == plain.split.triplets
        assert [(t.reference, t.target, list(t.captions)) for t in added] == [
            (line["reference"], line["target"], line["texts"])
            for line in changes
            if {line["reference"], line["target"]} <= photos
        ]
        assert material.written == tuple((c["photo"], c["text"]) for c in captions if c["photo"] in photos)
        assert bool(material.tune) == hold_out
    assert len(material.written) < len(captions), (
        "the slice's photos are described, and held out all the same"
    )


def test_texts_about_other_photos_or_unfinished_ones_are_refused(
    place: Place, whole: Path, tmp_path: Path
) -> None:
    def trained(written: Path, data: Path = place.data) -> Done:
        return place.run(
            "train.stage2", "--data", data, "--init", place.model, "--out", tmp_path / "run", "--cache",
            place.cache, "--no-hold-out", "--views", 1, "--threads", 1, "--written", written,
        )  # fmt: skip

    done = trained(tmp_path / "nothing")
    assert done.code == 2 and "holds no written texts" in done.sentence
    assert place.write(tmp_path / "broken", kill_at=2).code == -9
    done = trained(tmp_path / "broken")
    assert done.code == 2 and "is unfinished" in done.sentence
    data = shutil.copytree(place.data, tmp_path / "data")
    for path in (data / "images").iterdir():
        with path.open("ab") as file:
            file.write(b"\0")
    done = trained(whole, data)
    assert done.code == 2 and "was written about another photo" in done.sentence
    done = trained(whole, make_train_folder(tmp_path / "small", each=1, split="train"))
    assert done.code == 2
