"""A step cut into chunks or shared by processes: the same gradients, and the same model at the end."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from tests.forked_runs import forked
from tests.train_folder import make_train_folder, tiny_start
from train.chunks import in_chunks

STAGE2 = ("--steps", "4", "--bank-steps", "2", "--caption", "0.3", "--batch", "11", "--views", "1")
EXACT = ("--feature-dropout", "0", "--precision", "float32", "--threads", "1")


@pytest.mark.parametrize("size", [1, 3, 7, 20])
def test_a_batch_in_chunks_has_the_gradients_of_the_chunks_kept_whole_dropout_included(size: int) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 32), nn.Dropout(0.4), nn.Tanh(), nn.Linear(32, 4))
    rows, calls = torch.randn(20, 5), 0

    def encode(part: slice) -> Tensor:
        nonlocal calls
        calls += 1
        return nn.functional.normalize(model(rows[part]), dim=-1)

    def gradients(chunked: bool) -> tuple[Tensor, list[Tensor]]:
        torch.manual_seed(1)
        model.zero_grad()
        parts = [slice(at, min(at + size, 20)) for at in range(0, 20, size)]
        vectors = in_chunks(encode, slice(0, 20), size) if chunked else torch.cat([encode(p) for p in parts])
        (vectors @ vectors.T / 0.1).logsumexp(1).mean().backward()
        return vectors.detach(), [p.grad.clone() for p in model.parameters() if p.grad is not None]

    direct, wanted = gradients(False)
    before = calls
    vectors, found = gradients(True)
    assert torch.equal(vectors, direct)
    for a, b in zip(found, wanted, strict=True):
        torch.testing.assert_close(a, b, atol=1e-6, rtol=1e-5)
    again = 2 if size < 20 else 1  # once more in the backward pass
    assert calls - before == again * len(range(0, 20, size))


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same stage 2 by one process, by one in chunks, and by two in chunks."""
    root = tmp_path_factory.mktemp("processes")
    data = make_train_folder(root / "data")
    start = tiny_start(data, root / "start")
    where = ("--data", str(data), "--init", str(start), "--cache", str(root / "cache"))
    runs = {name: root / name for name in ("one", "chunks", "two")}
    run = forked()
    for name, options in (("one", ()), ("chunks", ("--chunk", "4"))):
        alone = run("train.stage2", *options, *where, *STAGE2, *EXACT, "--out", runs[name])
        assert alone.code == 0, alone.err[-3000:]
    two = (
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--nproc-per-node",
        "2",
        "--master-addr",
        "127.0.0.1",
    )
    two = (*two, "--master-port", str(free_port()), "-m", "train.stage2", "--chunk", "4")
    done = subprocess.run(
        [*two, *where, *STAGE2, *EXACT, "--out", str(runs["two"])], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return runs


def tensors(run: Path) -> dict[str, Tensor]:
    files = sorted(run.rglob("*.safetensors"))
    return {f"{f.relative_to(run)}:{k}": t.float() for f in files for k, t in load_file(f).items()}


@pytest.mark.parametrize("other", ["chunks", "two"])
def test_a_run_in_chunks_or_by_two_processes_ends_with_the_same_model(
    runs: dict[str, Path], other: str
) -> None:
    one, found = tensors(runs["one"]), tensors(runs[other])
    assert one.keys() == found.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(
            found[name], tensor, atol=2e-5, rtol=1e-3, msg=lambda m, n=name: f"{n}: {m}"
        )


def test_of_two_processes_one_writes_the_log_the_card_and_the_model(runs: dict[str, Path]) -> None:
    names = {kind: sorted(str(p.relative_to(run)) for p in run.rglob("*")) for kind, run in runs.items()}
    assert names["two"] == names["one"]
    lines = (runs["two"] / "in-batch/log.jsonl").read_text("utf-8").splitlines()
    logged = [(said["step"], "loss" in said) for said in map(json.loads, lines)]  # a loss, or figures
    assert logged and len(logged) == len(set(logged))  # by one of them


def test_each_process_draws_its_own_dropout_and_a_resumed_run_the_same(tmp_path: Path) -> None:
    torchrun = (sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2")
    port = ("--master-addr", "127.0.0.1", "--master-port", str(free_port()))
    done = subprocess.run(
        [*torchrun, *port, "tests/two_processes.py", str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    zero, one = (json.loads((tmp_path / f"{n}.json").read_text("utf-8")) for n in (0, 1))
    for step, (mine, other) in enumerate(zip(zero["unbroken"], one["unbroken"], strict=True)):
        assert mine != other, f"step {step}"
    for each in (zero, one):
        assert len({tuple(mask) for mask in each["unbroken"]}) == len(each["unbroken"]) == 6
        assert each["first"] == each["unbroken"][:5]
        assert each["then"] == each["unbroken"][4:]
        assert each["same"] == each["weights"] == zero["weights"]
