"""The benchmark: steps run once, resumed and reported; the table's figures are those of its results."""

import argparse
import fcntl
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.cli import entry
from core.datasets.fashioniq import Split, read_split
from core.errors import HemlineError
from core.evaluation.protocol import preset
from core.evaluation.result import Result, read_result, write_result
from core.evaluation.run import evaluate_split
from core.files import write_json
from core.types import Triplet
from tests.oracle import Oracle
from train import benchmark
from train.benchmark import run_table
from train.leaderboard import write_leaderboard
from train.report import collect, compare, summary
from train.rows import Places, Step, Work, chosen, costs_path, label, plan
from train.standings import markers, replaced, report
from train.tables import CONFIGS, DEFAULT, Budget, Measure, Row, read_table

# The runner, with steps that are small programs: each makes the file it is asked for, or fails.

PROGRAM = """
import sys, pathlib
made, log = map(pathlib.Path, sys.argv[1:3])
log.open("a").write(made.name + "\\n")
if (made.parent / f"{made.name}.broken").exists():
    sys.exit("hemline: the disk is full")
made.write_text("made")
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "smallstep.py").write_text(PROGRAM)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


def _work(root: Path, name: str) -> Work:
    def step(number: int) -> Step:
        made = root / f"{name}-{number}"
        return Step(f"step {number}", ("smallstep", str(made), str(root / "log")), made.exists)

    return Work(name, root / "runs" / name, (step(1), step(2), step(3)), root / f"{name}.json", {})


def _ran(root: Path) -> list[str]:
    return sorted((root / "log").read_text().split())


def test_a_failing_step_stops_its_row_alone_and_the_next_run_goes_on(programs: Path) -> None:
    works = [_work(programs, "a"), _work(programs, "b")]
    (programs / "a-2.broken").touch()
    told: list[str] = []
    (failure,) = run_table(works, 1, 1, told.append)
    assert "a: step 2 ended with code 1" in failure and "the disk is full" in failure
    assert _ran(programs) == ["a-1", "a-2", "b-1", "b-2", "b-3"]
    assert any("a: FAILED" in line for line in told)
    assert any("b: step 3 done" in line and "left" in line for line in told)

    (programs / "a-2.broken").unlink()
    (programs / "log").unlink()
    assert run_table(works, 2, 1, told.append) == []
    assert _ran(programs) == ["a-2", "a-3"]  # what was finished is not run again

    (programs / "log").unlink()
    again: list[str] = []
    assert run_table(works, 2, 1, again.append) == []
    assert not (programs / "log").exists() and again == []


def test_a_step_that_leaves_nothing_is_a_failure(programs: Path) -> None:
    step = Step("step", ("smallstep", str(programs / "made"), str(programs / "log")), lambda: False)
    work = Work("a", programs / "runs", (step, step), programs / "a.json", {})
    (failure,) = run_table([work], 1, 1, lambda line: None)
    assert "left its work unfinished" in failure
    assert _ran(programs) == ["made"]


def test_a_row_at_work_elsewhere_is_waited_for(programs: Path) -> None:
    work = _work(programs, "a")
    work.folder.mkdir(parents=True)
    waiting, told = threading.Event(), []

    def tell(line: str) -> None:
        told.append(line)
        if "at work; waiting" in line:
            waiting.set()

    with open(work.folder / ".lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        runner = threading.Thread(target=run_table, args=([work], 1, 1, tell))
        runner.start()
        assert waiting.wait(30)
        assert not (programs / "log").exists()
    runner.join(60)
    assert _ran(programs) == ["a-1", "a-2", "a-3"]


# The commands, on a few real photos.

TINY = ("--layers", "1", "--hidden", "32", "--heads", "2", "--vocab", "600", "--grid", "2", "--dim", "16")
FEW = ("--batch", "4", "--views", "1")
CLIP = Row(
    "clip-combiner",
    "CLIP",
    "stage 2 only",
    ("--kind", "clip", "--combiner", "combiner", *TINY),
    Budget(in_batch=1, bank=1),
    stage2=FEW,
)
BOTH = Row("mllm-both", "MLLM", "both stages", ("--kind", "mllm", *TINY), Budget(1, 1, 1), FEW, FEW)
TABLE = read_table(DEFAULT)


def _places(data: Path, root: Path, threads: int = 1) -> Places:
    return Places({"closet": data}, root / "runs", root / "results", root / "cache", threads)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, closet_dir: Path) -> Path:
    """Shoes and a few dresses of train and val, with their photos and records."""
    root = tmp_path_factory.mktemp("data")
    for folder in ("captions", "image_splits", "images"):
        (root / folder).mkdir()
    kept: set[str] = set()
    for name in ("train", "val"):
        split = read_split(closet_dir, name, ["dress", "shoes"])
        for category in split.categories:
            rows = [t for t in split.triplets if t.category == category][:6]
            ids = {photo for t in rows for photo in (t.reference, t.target)}
            told = [
                {"candidate": t.reference, "target": t.target, "captions": list(t.captions)} for t in rows
            ]
            write_json(root / f"captions/cap.{category}.{name}.json", told)
            gallery = [photo for photo in split.galleries[category] if photo in ids]
            write_json(root / f"image_splits/split.{category}.{name}.json", gallery)
            kept |= ids
    for photo in kept:
        (root / f"images/{photo}.jpg").symlink_to(closet_dir / f"images/{photo}.jpg")
    lines = (closet_dir / "garments.jsonl").read_text("utf-8").splitlines(keepends=True)
    (root / "garments.jsonl").write_text("".join(x for x in lines if json.loads(x)["image"] in kept), "utf-8")
    return root


def _run_here(step: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step's command in this process, which has imported torch already."""
    monkeypatch.setattr(sys, "argv", list(step.command))
    importlib.import_module(step.command[0]).main()


def test_the_steps_of_a_row_train_evaluate_and_are_then_finished(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = _places(data, tmp_path)
    work = plan(TABLE, CLIP, 0, places)
    names = [step.name for step in work.steps]
    assert names[:4] == ["build", "in-batch", "evaluate in-batch both", "bank"]
    assert names[-3:] == ["evaluate mined both", "evaluate mined image", "evaluate mined text"]
    for step in work.steps:
        assert not step.finished()
        _run_here(step, monkeypatch)
        assert step.finished()
    assert run_table([work], 1, 1, lambda line: pytest.fail(line)) == []  # nothing to do but to say the costs
    text = report(places.results, [], TABLE)
    assert "| clip-combiner mined text alone |" in text
    cards = json.loads(work.costs.read_text())
    assert set(cards["steps"]) == {"in-batch", "bank", "mined"}
    assert cards["steps"]["mined"]["peak_memory_mb"] > 0
    mined, bank = (
        json.loads((work.folder / name / "run.json").read_text())["config"] for name in ("mined", "bank")
    )
    assert bank["mined"] == 0 < mined["mined"]
    assert {key for key in mined if mined[key] != bank[key]} == {"mined"}
    assert mined["hold_out"] is False  # the published rows had the whole train split

    # Other options, or a new start, are told; a model that changed is evaluated again.
    longer = replace(CLIP, budget=Budget(in_batch=2, bank=1))
    (failure,) = run_table([plan(TABLE, longer, 0, places)], 1, 1, lambda line: None)
    assert "finished run of other options" in failure
    card = work.folder / "in-batch" / "run.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"finished": "2999-01-01T00:00:00+00:00"}))
    (failure,) = run_table([work], 1, 1, lambda line: None)
    assert "was trained before what it starts from" in failure
    spec = work.folder / "bank" / "hemline.json"
    spec.write_text(spec.read_text() + " ")
    evaluation = next(step for step in work.steps if step.name == "evaluate bank both")
    assert not evaluation.finished()


def test_stage_1_leads_to_stage_2_and_threads_may_change(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = plan(TABLE, BOTH, 1, _places(data, tmp_path))
    assert [step.name for step in work.steps][:3] == ["build", "stage1", "in-batch"]
    for step in work.steps[:3]:
        _run_here(step, monkeypatch)
    inits = [step.command[step.command.index("--init") + 1] for step in work.steps[1:3]]
    assert inits == [str(work.folder / "built"), str(work.folder / "stage1")]
    more = plan(TABLE, BOTH, 1, _places(data, tmp_path, threads=2))
    assert all(step.finished() for step in more.steps[:3])


def _command(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["benchmark", *map(str, arguments)])
    try:
        entry(benchmark.main)
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def test_wrong_arguments_are_one_sentence(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ["run", "--runs", tmp_path / "runs", "--results", tmp_path / "results", "--data"]
    wrong = [
        ([*run, data, "--only", "clip"], "no row of the table"),
        ([*run, data, "--seeds", "0", "0"], "different numbers"),
        ([*run, data, "--seeds", "-1"], "different numbers"),
        ([*run, data, "--jobs", "0"], "--jobs is 0"),
        ([*run, tmp_path / "none"], "does not exist"),
        ([*run, data, data], "the table closet needs closet=DIR"),
        ([*run, f"photos={data}"], "needs closet=DIR"),
        ([*run, data, "--table", tmp_path], "table.toml does not exist"),
        (["report", "--results", tmp_path], "holds no result of the benchmark"),
        (["report", "--results", tmp_path, "--readme", tmp_path / "none.md"], "none.md does not exist"),
    ]
    for arguments, says in wrong:
        assert _command(monkeypatch, *arguments) == 2
        said = capsys.readouterr().err
        assert says in said and said.startswith("hemline: ") and said.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_a_stopped_run_ends_its_steps(data: Path, tmp_path: Path) -> None:
    arguments = [
        "--data",
        data,
        "--runs",
        tmp_path / "runs",
        "--results",
        tmp_path / "results",
        "--jobs",
        "1",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "train.benchmark", "run", *map(str, arguments), "--only", "untrained"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    assert "untrained-seed0: build begins" in process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and "run the same command again" in said
    with open(tmp_path / "runs/untrained-seed0/.lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # no step is left that holds it


# The report, over results made by hand: ranks are given, 60 photos.


def _result(ranks: list[int], gallery: int = 60) -> Result:
    photos = tuple(f"p{i}" for i in range(gallery))
    triplets = tuple(
        Triplet(f"dress:{row}", "dress", "val", photos[-1], photos[row], ("is red", "long"))
        for row in range(len(ranks))
    )
    split = Split(Path("nowhere"), "val", ("dress",), triplets, {"dress": photos}, {}, "f")
    looks = dict(zip(photos, np.eye(gallery, dtype=np.float32), strict=True))
    queries = np.zeros((len(ranks), gallery), np.float32)
    for row, rank in enumerate(ranks):
        others = [place for place in range(gallery - 1) if place != row]
        queries[row, others] = -1
        queries[row, others[: rank - 1]] = 1
    return evaluate_split(Oracle(queries), split, preset("closet"), "both", looks, model={"name": "oracle"})


def _put(
    folder: Path,
    row: str,
    seed: int,
    minutes: float = 2.0,
    steps: int = 5,
    ranks: dict[str, list[int]] | None = None,
) -> None:
    """Results of a row's variants by their ranks, and what its steps cost."""
    for variant, found in (ranks or {}).items():
        write_result(_result(found), folder / f"{label(row, variant, seed)}.json")
    if row != "untrained":
        cost = {"core_minutes": minutes, "peak_memory_mb": 2048}
        told = {"stage1": cost, "in-batch": cost, "bank": cost, "mined": {**cost, "peak_memory_mb": 3072}}
        budget = {"stage1": steps, "in_batch": steps, "bank": steps}
        write_json(costs_path(folder, row, seed), {"row": row, "seed": seed, "budget": budget, "steps": told})


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Two rows of two seeds, 20 queries each; mllm-both finds all, and its second seed lacks the bank."""
    folder = tmp_path / "results"
    far, near = [55] * 20, [1] * 20
    _put(folder, "untrained", 0, ranks={"": far})
    for seed in (0, 1):
        half = [1] * (10 + seed) + far[: 10 - seed]
        _put(folder, "mllm-stage2", seed, ranks={"in-batch": far, "bank": half, "mined": half})
        _put(folder, "mllm-both", seed, ranks={"in-batch": near, "mined": near})
    _put(folder, "mllm-both", 0, ranks={"bank": near})
    return folder


def test_the_table_says_what_the_results_hold(results: Path) -> None:
    models = {model.name: model for model in collect(results, TABLE)}
    assert next(iter(models)) == "untrained" and len(models) == 7
    half = summary(models["mllm-stage2 bank"])["R@10"]
    assert (half.seeds, half.mean) == (2, pytest.approx(52.5))
    assert half.sd == pytest.approx(np.std([50, 55], ddof=1))
    assert models["mllm-both in-batch"].costs[0]["core_minutes"] == 4.0  # stage 1 and phase (a)
    assert models["mllm-both mined"].costs[0] == {
        "core_minutes": 6.0,  # not what the other branch took
        "peak_memory_mb": 3072,
        "budget": {"stage1": 5, "in_batch": 5, "bank": 5},
    }
    text = report(results, [], TABLE)
    assert "| mllm-stage2 bank | 52.5 ± 3.5 | 52.5 ± 3.5 |" in text
    assert "| mllm-both bank (1 of 2 seeds) | 100.0 |" in text
    assert "| 6.0 | 3.0 |" in text
    table = json.loads((results / "table.json").read_text())
    assert table["counts"]["queries"] == 20 and len(table["rows"]) == 7
    assert table["rows"][0]["seeds"] == [0]
    assert report(results, [], TABLE) == text  # its own file does not change it


def test_comparisons_are_paired_over_common_seeds_and_adjusted(results: Path) -> None:
    found = {(c.before, c.after): c for c in compare(collect(results, TABLE), TABLE)}
    gain = found["mllm-stage2 in-batch", "mllm-both in-batch"]
    assert (gain.seeds, gain.gain["R@10"].difference, gain.gain["R@10"].low) == ((0, 1), 100, 100)
    assert gain.gain["R@10"].p < gain.holm["R@10"] < 0.01
    assert found["mllm-stage2 bank", "mllm-both bank"].seeds == (0,)
    none = found["mllm-stage2 bank", "mllm-stage2 mined"]
    assert none.gain["R@10"].difference == 0 and none.holm["R@10"] == 1
    assert not any(before.startswith("clip") for before, _ in found)
    assert len(found) == 3 + 4


def test_results_that_do_not_belong_together_are_refused(results: Path) -> None:
    _put(results, "mllm-both", 1, steps=6)
    with pytest.raises(HemlineError, match=r"the seeds of mllm-both .* different budgets"):
        collect(results, TABLE)
    costs_path(results, "mllm-both", 1).write_text('{"row": "mllm-both"}')
    with pytest.raises(HemlineError, match=r"mllm-both-seed1\.steps\.json does not say"):
        collect(results, TABLE)
    _put(results, "mllm-both", 1)
    write_result(_result([1] * 20, gallery=70), results / "mllm-both-mined-seed1.json")
    with pytest.raises(HemlineError, match=r"mllm-both mined \(seed 1\) .* different galleries"):
        collect(results, TABLE)
    (results / "mllm-both-mined-seed1.ranks.jsonl").unlink()
    with pytest.raises(HemlineError, match=r"ranks\.jsonl is missing"):
        collect(results, TABLE)
    assert read_result(results / "mllm-both-mined-seed0.json").counts["queries"] == 20


def test_pages_are_brought_up_to_date_between_their_markers(results: Path, tmp_path: Path) -> None:
    page, plain, half = (tmp_path / name for name in ("page.md", "plain.md", "half.md"))
    page.write_text("# A\n<!-- results -->\nold\n<!-- /results -->\n# B\n")
    plain.write_text("no markers")
    half.write_text("<!-- results -->")
    text = report(results, [page, plain], TABLE)
    assert page.read_text() == f"# A\n<!-- results -->\n{text}\n<!-- /results -->\n# B\n"
    assert "old" not in text and plain.read_text() == "no markers"
    assert (
        replaced(page.read_text(), "new", page, *markers(TABLE))
        == "# A\n<!-- results -->\nnew\n<!-- /results -->\n# B\n"
    )
    with pytest.raises(HemlineError, match="only one of"):
        report(results, [half], TABLE)
    assert half.read_text() == "<!-- results -->"


def test_rows_are_chosen_by_name_in_the_tables_order() -> None:
    assert [row.name for row in chosen(TABLE, ["mllm-both", "untrained"])] == ["untrained", "mllm-both"]
    assert len(chosen(TABLE, None)) == 5
    with pytest.raises(HemlineError, match="--only other"):
        chosen(TABLE, ["mllm-both", "other"])


# Tables as data.


@pytest.mark.parametrize("folder", [path.parent for path in sorted(CONFIGS.rglob("table.toml"))], ids=str)
def test_every_table_that_ships_says_what_its_commands_understand(folder: Path, tmp_path: Path) -> None:
    table = read_table(folder)
    places = Places(dict.fromkeys(table.datasets, tmp_path), tmp_path, tmp_path, tmp_path)
    for row in table.rows:
        for step in plan(table, row, 0, places).steps:
            module = importlib.import_module(step.command[0])
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(sys, "argv", [*step.command])
                patch.setattr(argparse.ArgumentParser, "parse_args", _parsed)
                with pytest.raises(_Understood):
                    module.main()


class _Understood(Exception):
    """The command's own parser took the arguments."""


def _parsed(parser: argparse.ArgumentParser) -> None:
    _, unknown = parser.parse_known_args()
    assert not unknown
    raise _Understood


def test_a_table_of_two_datasets_trains_on_one_and_measures_on_both(data: Path, tmp_path: Path) -> None:
    table = replace(
        TABLE,
        variants=("mined",),
        measures=(Measure("closet", "val", "closet"), Measure("drawn", "val", "clip4cir")),
        compare=(("mllm-stage2", "mllm-both"),),
    )
    places = Places({"closet": data, "drawn": tmp_path / "drawn"}, tmp_path, tmp_path, tmp_path)
    steps = plan(table, CLIP, 0, places).steps
    assert [step.name for step in steps] == [
        "build", "in-batch", "mined",
        "evaluate mined both", "evaluate mined image", "evaluate mined text",
        "evaluate mined both drawn", "evaluate mined image drawn", "evaluate mined text drawn",
    ]  # fmt: skip
    assert str(tmp_path / "drawn") not in steps[1].command and str(tmp_path / "drawn") in steps[-1].command
    assert (
        steps[-1]
        .command[steps[-1].command.index("--json") + 1]
        .endswith("clip-combiner-mined-seed0-text-drawn.json")
    )
    folder = tmp_path / "results"
    for seed in (0, 1):
        for name, good in (("mllm-stage2", 5), ("mllm-both", 15)):
            _put(folder, name, seed, ranks={"mined": [1] * good + [55] * (20 - good)})
            drawn = _result([2] * 20)
            write_result(drawn, folder / f"{label(name, 'mined', seed, data='drawn')}.json")
    text = report(folder, [], table)
    assert "**closet**, protocol closet" in text and "**drawn**, protocol clip4cir" in text
    assert "| mllm-both, against mllm-stage2 | +50.0 |" in text and "| mllm-both | 75.0" in text
    written = [json.loads((folder / name).read_text()) for name in ("table.json", "table-drawn.json")]
    assert [w["rows"][0]["recipe"] for w in written] == ["both stages"] * 2
    assert [w["comparisons"][0]["gain"]["R@10"]["difference"] for w in written] == [50, 0]

    board = write_leaderboard(folder, table, tmp_path / "plot.html")
    assert json.loads((folder / "leaderboard.json").read_text()) == board
    row = board["measures"][1]["rows"][0]
    assert (row["recipe"], row["metrics"]["R@5"]["mean"], row["seeds"]) == ("both stages", 100, [0, 1])
    assert row["results"] == ["mllm-both-mined-seed0-drawn.json", "mllm-both-mined-seed1-drawn.json"]
    assert all((folder / name).is_file() for name in row["results"])
    assert any("train.stage1" in command for command in row["commands"])
    quoted = board["quoted"]["quoted"]
    assert "not measured here" in board["quoted"]["note"] and all(each["source"] for each in quoted)
    page = (tmp_path / "plot.html").read_text()
    assert "both stages" in page and "<script src=" not in page  # it needs no network


@pytest.mark.parametrize(
    ("file", "before", "after", "says"),
    [
        ("table.toml", 'title = "', 'titel = "', "title is missing"),
        ("table.toml", 'protocol = "closet"', 'protocol = "other"', "no protocol is named other"),
        ("table.toml", '"mllm-both"]', '"mllm-none"]', "named mllm-none"),
        ("table.toml", 'files = ["mllm", "clip"]', 'files = ["mllm", "mllm"]', "the same name"),
        ("mllm.toml", "stage1 = 250", "stage0 = 250", "stage0 is no field"),
        ("mllm.toml", "stage1 = 250", "", "its steps are not those of 'both stages'"),
        ("clip.toml", "bank = 20", 'bank = "many"', "which is no int"),
        ("clip.toml", "[rows", "[rows", "is not TOML"),
    ],
)
def test_a_table_that_is_wrong_is_one_sentence(
    tmp_path: Path, file: str, before: str, after: str, says: str
) -> None:
    folder = tmp_path / "closet"
    shutil.copytree(DEFAULT, folder)
    text = (folder / file).read_text()
    broken = text + "[" if says == "is not TOML" else text.replace(before, after)
    assert broken != text
    (folder / file).write_text(broken)
    with pytest.raises(HemlineError, match=says) as told:
        read_table(folder)
    assert str(folder) in str(told.value)
