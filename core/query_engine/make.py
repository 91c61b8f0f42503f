"""Makes the engine of a model: its graphs, tried against the model itself and written only where they hold.

    python -m core.query_engine.make --model assets/model --out ENGINE
                                     [--data assets/wardrobe --split shop] [--most-lost 0.5]

See docs/scale.md.
"""

import argparse
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

from core.cli import entry
from core.errors import HemlineError
from core.files import write_atomically
from core.query_engine.card import EngineCard, hashes, made_by, side_fingerprint, write_card

if TYPE_CHECKING:
    from core.backbones.base import Backbone
    from core.query_engine.gate import Measured, Trial

SHOP = Path("assets/wardrobe"), "shop"
"""The catalogue that ships, whose queries no model was trained on: what an engine is tried on."""
PRECISIONS = ("int8", "fp32")


def main() -> None:
    """Make the ONNX engine of a model's query side, and refuse to where it loses recall."""
    parser = argparse.ArgumentParser(prog="python -m core.query_engine.make", description=main.__doc__)
    parser.add_argument("--model", type=Path, required=True, help="the checkpoint's folder")
    parser.add_argument("--out", type=Path, required=True, help="the engine's folder to write")
    parser.add_argument("--data", type=Path, default=SHOP[0], help=f"the dataset to try it on ({SHOP[0]})")
    parser.add_argument("--split", default=SHOP[1], help=f"the split of --data ({SHOP[1]})")
    parser.add_argument("--queries", type=int, default=400, help="how many queries of it (400)")
    parser.add_argument(
        "--most-lost", type=float, default=0.5, help="points of recall@10 that it may lose (0.5)"
    )
    arguments = parser.parse_args()
    from core.backbones import load_backbone
    from core.query_engine.export import refuse_without_packages
    from core.query_engine.gate import read_trial

    refuse_without_packages()
    if arguments.queries < 1:
        raise HemlineError(f"--queries must be a whole number of 1 or more; it is {arguments.queries}")
    backbone = load_backbone(arguments.model)
    trial = read_trial(backbone, arguments.data, arguments.split, arguments.queries)
    card = make(backbone, arguments.out, trial, arguments.most_lost)
    print(f"{arguments.out}: {told(card)}")


def told(card: EngineCard) -> str:
    """What the card says, in one line."""
    gate = card.gate
    return (
        f"{card.precision}; recall@10 {gate['engine_recall']:.2f}, the model itself "
        f"{gate['eager_recall']:.2f} ({gate['queries']} queries of {gate['data']}); "
        f"{gate['engine_ms']:.1f} ms a query, the model {gate['eager_ms']:.1f} ms"
    )


def make(backbone: "Backbone", out: Path, trial: "Trial", most_lost: float = 0.5) -> EngineCard:
    """Write the engine of `backbone` to the folder `out`, in 8 bits or, where that loses more, in float32.

    HemlineError, with what is at `out` as it was, where either loses more than `most_lost` percentage points
    of recall@10 on the trial, and for a model that an engine does not carry.
    """
    with TemporaryDirectory() as scratch:
        graphs, seconds = draw(backbone, Path(scratch))
        return keep(backbone, graphs, out, trial, most_lost, seconds)


def draw(backbone: "Backbone", folder: Path) -> tuple[dict[str, Path], dict[str, float]]:
    """The graphs in each of `PRECISIONS`, in folders of that name in `folder`; and the seconds it took."""
    from core.query_engine.export import export, quantise

    graphs = {precision: folder / precision for precision in PRECISIONS}
    for path in graphs.values():
        path.mkdir()
    return graphs, {
        "export": _timed(lambda: export(backbone, graphs["fp32"])),
        "quantise": _timed(lambda: quantise(graphs["fp32"], graphs["int8"])),
    }


def keep(
    backbone: "Backbone",
    graphs: Mapping[str, Path],
    out: Path,
    trial: "Trial",
    most_lost: float,
    seconds: Mapping[str, float],
) -> EngineCard:
    """Write the first of `graphs` that holds on the trial to `out`, with its card; errors as for `make`."""
    from core.query_engine.gate import measure, passes
    from core.query_engine.running import run_graphs

    refused = []
    for precision, folder in graphs.items():
        began = perf_counter()
        measured = measure(backbone, run_graphs(folder, backbone), trial, most_lost)
        if passes(measured):
            card = _card(backbone, precision, folder, measured, {**seconds, "gate": _since(began)})
            _write(card, folder, out)
            return card
        refused.append(f"{measured.lost:.2f} in {precision}")
    raise HemlineError(
        f"the engine loses more than {most_lost:g} points of recall@10 on {len(trial.questions)} queries of "
        f"{trial.data} ({', '.join(refused)}), so none is written; answer with the model itself"
    )


def _card(
    backbone: "Backbone", precision: str, folder: Path, measured: "Measured", seconds: dict[str, float]
) -> EngineCard:
    from core.runs import hardware

    return EngineCard(
        model=side_fingerprint(backbone),
        precision=precision,
        files=hashes(folder),
        versions=made_by(),
        gate=asdict(measured),
        seconds=seconds,
        hardware=hardware(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _write(card: EngineCard, graphs: Path, out: Path) -> None:
    def write(aside: Path) -> None:
        shutil.copytree(graphs, aside)
        write_card(card, aside)

    write_atomically(out, write)


def _timed(step: Callable[[], None]) -> float:
    began = perf_counter()
    step()
    return _since(began)


def _since(began: float) -> float:
    return round(perf_counter() - began, 2)


if __name__ == "__main__":
    entry(main)
