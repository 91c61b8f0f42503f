"""Runs `python -m MODULE ...` many times, each in a process of its own that can be killed, importing once.

Programs that go on, as the app does, are started likewise. Run as a program it answers, for each line of
JSON {"module", "arguments", "kill_at"} on its input, a line {"code", "out", "err"}: it forks, and the child
runs the module as Python itself would. `kill_at` N kills the child (SIGKILL) before its N-th training step or
batch of texts, after N seconds where N is a fraction, "closing" before it closes its run card. Runs save
every other step, so that there are checkpoints to go on from.
"""

import atexit
import ctypes
import functools
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[1]
SAVE_EVERY = 2
PR_SET_PDEATHSIG = 1
IMPORTED_ONCE = (
    "transformers.models.fast_vlm.modeling_fast_vlm",
    "transformers.models.qwen2.modeling_qwen2",
    "sklearn.feature_extraction.text",
    "core.backbones.clip",
    "core.backbones.mllm",
    "peft",
    "train.bank",
    "core.building",
    "core.own.changing",
    "gradio",
    "demo.page",
    "demo.serve",
    "train.session",
)


@dataclass(frozen=True)
class Done:
    """How a run ended: the exit code (negative: the signal that killed it) and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The last line of stderr, where a refusal stands."""
        return self.err.strip().splitlines()[-1] if self.err.strip() else ""


Runner = Callable[..., Done]


def forked() -> Runner:
    """run(module, *arguments, kill_at=None) -> Done, by one program that ends with this process."""

    def run(module: str, *arguments: object, kill_at: float | str | None = None) -> Done:
        return Done(
            **_asked({"module": module, "arguments": [str(a) for a in arguments], "kill_at": kill_at})
        )

    return run


def start_forked(log: Path, variables: Mapping[str, str], module: str, *arguments: object) -> int:
    """Start `module` with these environment variables besides, writing to `log`; its process id at once."""
    pid: int = _asked(_task(module, arguments) | {"log": str(log), "variables": dict(variables)})["pid"]
    return pid


def runs(pid: int) -> bool:
    """Whether a started process is there and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _task(module: str, arguments: Iterable[object]) -> dict[str, Any]:
    return {"module": module, "arguments": [str(a) for a in arguments], "kill_at": None}


@functools.cache
def _server() -> "subprocess.Popen[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEMLINE_")}
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.forked_runs"],
        cwd=ROOT,
        env={**environment, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert server.stdin is not None
    atexit.register(server.stdin.close)  # which ends it
    return server


def _asked(task: dict[str, Any]) -> dict[str, Any]:
    server = _server()
    assert server.stdin is not None and server.stdout is not None
    server.stdin.write(json.dumps(task) + "\n")
    server.stdin.flush()
    answer: dict[str, Any] = json.loads(server.stdout.readline())
    return answer


def main() -> None:
    for module in IMPORTED_ONCE:
        importlib.import_module(module)
    for line in sys.stdin:
        task = json.loads(line)
        if "log" in task:
            print(json.dumps({"pid": _started(task)}), flush=True)
            continue
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            sys.stdout.flush()
            child = os.fork()
            if child == 0:
                _run(task, out, err)
            _, status = os.waitpid(child, 0)
            out.seek(0)
            err.seek(0)
            answer = {"code": os.waitstatus_to_exitcode(status), "out": out.read(), "err": err.read()}
        print(json.dumps(answer), flush=True)


def _started(task: dict[str, Any]) -> int:
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        if sys.platform == "linux":  # it ends with this program, however that ends
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.environ.update(task["variables"])
        with open(task["log"], "w") as log, open(os.devnull) as nothing:
            os.dup2(nothing.fileno(), 0)
            _run(task, log, log)
    return child


def _run(task: dict[str, Any], out: IO[str], err: IO[str]) -> None:
    """The child: never returns."""
    code = 1
    try:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        sys.argv = [task["module"], *task["arguments"]]
        _shorten_saving()
        _arm(task["kill_at"])
        runpy.run_module(task["module"], run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _shorten_saving() -> None:
    from train import session

    session.LoopConfig = functools.partial(session.LoopConfig, save_every=SAVE_EVERY, log_every=1)  # type: ignore[misc,assignment]


def _arm(kill_at: float | str | None) -> None:
    """Set the kill: a step asks for its learning rate, a batch is saved, `finish_card` closes a card."""
    from train import loop, refinement, session, written

    steps = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments)

        return call

    loop.learning_rate = refinement.learning_rate = counted(loop.learning_rate)  # type: ignore[attr-defined]
    written.write_json = counted(written.write_json)
    if isinstance(kill_at, float):
        threading.Timer(kill_at, os.kill, (os.getpid(), signal.SIGKILL)).start()
    if kill_at == "closing":
        session.finish_card = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]


if __name__ == "__main__":
    main()
