"""Drawn datasets: what is written to disk, and training on them beside photographed ones."""

import json
import random
import shutil
from pathlib import Path

import pytest
import torch

from core.backbones import load_backbone
from core.datasets.asked import read_asked
from core.datasets.fashioniq import join_splits, read_split
from core.datasets.garments import read_garments
from core.datasets.lines import read_lines
from core.errors import HemlineError
from core.requests import kept, met, read_requests
from core.wardrobe.design import COLORS, RULES
from core.wardrobe.records import design_of
from tests.forked_runs import Runner, forked
from tests.train_folder import make_train_folder, tiny_start
from train.contrast import InBatch, epoch_of
from train.drawing import designs_of, write_split
from train.line_queries import line_batch, lines_of
from train.material import gather
from train.stage2 import Stage2Config
from train.wardrobe import plan, plan_hand

SHIPPED = Path(__file__).parents[1] / "assets" / "wardrobe"
OWN_TEXTS = Path(__file__).parent / "changes.own.jsonl"
CONFIG = Stage2Config(batch=16, views=1, lined=0.5, soft=0.3, attribute=1.0, steps=1, bank_steps=0)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty lines of three garments: every category is there."""
    out = tmp_path_factory.mktemp("drawn") / "wardrobe"
    write_split(plan("train", 20, 3, 30, seed=5), "train", out, seed=5, workers=1)
    return out


@pytest.fixture(scope="module")
def photographed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_train_folder(tmp_path_factory.mktemp("photos") / "data")


@pytest.fixture(scope="module")
def run() -> Runner:
    return forked()


def test_a_drawn_folder_is_read_as_any_dataset_and_its_targets_meet_their_requests(drawn: Path) -> None:
    split = read_split(drawn, "train")
    assert len(split.union_gallery()) == 60 and len(split.triplets) == 30
    assert all(split.image_path(id_) for id_ in split.union_gallery())
    assert [len(line) for line in read_lines(drawn, split)] == [3] * 20
    asked = read_asked(split)
    for triplet in split.triplets:
        request = asked[triplet.key]
        reference, target = split.garments[triplet.reference], split.garments[triplet.target]
        assert met(request, target) and not met(request, reference)
        assert all(kept(request, reference, target).values())


def test_the_same_arguments_draw_the_same_bytes(drawn: Path, tmp_path: Path) -> None:
    write_split(plan("train", 20, 3, 30, seed=5), "train", tmp_path / "again", seed=5, workers=2)
    files = sorted(p.relative_to(drawn) for p in drawn.rglob("*") if p.is_file())
    assert files == sorted(
        p.relative_to(tmp_path / "again") for p in (tmp_path / "again").rglob("*") if p.is_file()
    )
    assert all((drawn / f).read_bytes() == (tmp_path / "again" / f).read_bytes() for f in files)


def test_no_design_of_the_folders_left_out_is_drawn_again(drawn: Path) -> None:
    taken = designs_of(drawn)
    other = plan("train", 20, 3, 0, seed=5, without=taken)
    designs = [one.design for line in other.lines for one in line]
    assert len(designs) == 60 and not set(designs) & set(taken)
    covering = {one.design for line in plan("shop", 20, 3, 0, seed=5, cover=True).lines for one in line}
    other = plan("shop", 20, 3, 0, seed=5, without=[*taken, *list(covering)[::2]], cover=True)
    designs = [one.design for line in other.lines for one in line]
    assert len(designs) > 1000 and not set(designs) & {*taken, *list(covering)[::2]}


def test_the_catalogue_that_ships_is_a_split_of_its_own() -> None:
    """What is judged in it may be trained on: it holds no garment of the splits that are measured on."""
    shop = read_split(SHIPPED, "shop")
    assert set(shop.garments) == set(read_garments(SHIPPED / "garments.jsonl"))
    assert len(shop.triplets) == len(read_asked(shop)) == 2000
    held_out = plan("val", 200, 6, 0, seed=0)
    measured = {one.design for line in held_out.lines for one in line}
    designs = [design_of(garment) for garment in shop.garments.values()]
    assert len(measured) == 1200 and not measured & set(designs)
    there = {(d.family, d.pattern, d.colors[0]) for d in designs}
    assert there == {(f, p, c) for f, rules in RULES.items() for p in rules.patterns for c in COLORS}


def test_a_folder_that_is_there_is_not_drawn_over(drawn: Path) -> None:
    before = (drawn / "garments.jsonl").read_bytes()
    with pytest.raises(HemlineError, match="is there already"):
        write_split(plan("train", 2, 3, 1, seed=1), "train", drawn, seed=1, workers=1)
    assert (drawn / "garments.jsonl").read_bytes() == before


def test_hand_texts_get_a_reference_they_fit_and_a_garment_that_answers() -> None:
    texts = read_requests(OWN_TEXTS)[:40]
    wardrobe = plan_hand(texts, "val", 2, 3, seed=0)
    designs = {one.id: one.design for line in wardrobe.lines for one in line}
    assert [query.text for query in wardrobe.queries] == [text.text for text in texts]
    for query in wardrobe.queries:
        assert met(query.request, designs[query.target]) and not met(query.request, designs[query.reference])
        assert all(kept(query.request, designs[query.reference], designs[query.target]).values())


def test_a_batch_of_lines_holds_near_misses_and_spares_what_is_right_as_well(drawn: Path) -> None:
    split = read_split(drawn, "train")
    ids = read_lines(drawn, split)
    lines = lines_of(ids, split.garments)
    batch = line_batch(lines, 32, random.Random(1))
    assert len(batch) == 32
    line_of = {id_: number for number, line in enumerate(ids) for id_ in line}
    for example in batch:
        query = example.query
        if query.reference is not None:
            assert line_of[query.reference] == line_of[query.target] and query.reference != query.target
            assert query.target not in example.also_right
    again = line_batch(lines, 32, random.Random(1))
    assert batch == again != line_batch(lines, 32, random.Random(2))


def test_a_lines_file_that_is_wrong_is_refused(drawn: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(drawn, folder)
    lines = json.loads((folder / "lines.json").read_text("utf-8"))
    (folder / "lines.json").write_text(json.dumps(lines[1:]), "utf-8")
    with pytest.raises(HemlineError, match="name every garment"):
        read_lines(folder, read_split(folder, "train"))
    (folder / "lines.json").write_text('{"a": 1}', "utf-8")
    with pytest.raises(HemlineError, match="list of lines"):
        read_lines(folder, read_split(folder, "train"))


def test_two_datasets_become_one_and_may_not_share_a_photo(drawn: Path, photographed: Path) -> None:
    one, two = read_split(photographed, "train"), read_split(drawn, "train")
    both = join_splits([one, two])
    assert both.union_gallery() and set(both.garments) == set(one.garments) | set(two.garments)
    assert len({triplet.key for triplet in both.triplets}) == len(one.triplets) + len(two.triplets)
    assert both.fingerprint not in (one.fingerprint, two.fingerprint)
    with pytest.raises(HemlineError, match="both have a photo"):
        join_splits([one, one])


def test_batches_are_of_one_dataset_and_as_many_of_lines_as_asked(
    drawn: Path, photographed: Path, tmp_path: Path
) -> None:
    backbone = load_backbone(tiny_start(photographed, tmp_path / "model"))
    material = gather(backbone, [photographed, drawn], tmp_path / "cache", 1, hold_out=False)
    assert material.lines is not None
    names = set(material.lines.designs)
    assert {g.id for g in material.photographed}.isdisjoint(names) and len(names) == 60
    shown, batches = epoch_of(material, CONFIG, random.Random(0), 0)
    of_lines = [{shown[i].query.target in names for i in batch} for batch in batches]
    assert all(len(kinds) == 1 for kinds in of_lines)
    assert sum(kinds == {True} for kinds in of_lines) == len(batches) / 2
    work = InBatch(backbone, material, CONFIG, "float32")
    losses = [float(work.loss(batch).detach()) for batch in work.batches(0)]
    assert torch.tensor(losses).isfinite().all()
    for garment in material.garments:
        if garment.id in names:
            assert design_of(garment) == material.lines.designs[garment.id]


def test_both_stages_train_on_photos_and_drawings_together(
    drawn: Path, photographed: Path, run: Runner, tmp_path: Path
) -> None:
    start = tiny_start(photographed, tmp_path / "start")
    data = ("--data", photographed, drawn)
    common = ("--cache", tmp_path / "cache", "--batch", 12, "--views", 1, "--threads", 1)
    done = run("train.stage1", *data, "--init", start, "--out", tmp_path / "warm", "--steps", 3, *common)
    assert done.code == 0, done.err
    stage2 = ("--steps", 4, "--bank-steps", 2, "--caption", 0.3, "--mined", 4)
    done = run(
        "train.stage2", *data, "--init", tmp_path / "warm", "--out", tmp_path / "both", *stage2, *common
    )
    assert done.code == 0, done.err
    card = json.loads((tmp_path / "both" / "run.json").read_text("utf-8"))
    assert card["finished"] and card["config"]["lined"] == 0.7
