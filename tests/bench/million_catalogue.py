"""A catalogue of a million photos: built, made fast, opened by the app, asked, and opened again.

    python -m tests.bench.million_catalogue --json assets/results/million_catalogue.json [--count 1000000]

Vectors are synthesised (clustered, the shipped model's width), as a million photos would take two cores a
day to encode; all else is as a real catalogue has it: ids, the table of pictures with paths and hashes, and
`garments.jsonl` with the records of the catalogue that ships, over and over. The paths lead to its photos, so
that cards have something to show. The app is `python app.py` as people start it; it is asked through its
API, by gradio_client, one query at a time.
"""

import argparse
import hashlib
import json
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from core.cli import entry
from core.files import write_json
from core.flat import build_index
from core.gallery import PICTURES_FILE, Table
from core.index import IndexCard, load_card, save_index
from core.runs import git_state, hardware, peak_memory_mb, versions
from core.tuning import tune
from tests.bench.page_speed import middle, started
from tests.clustered import clustered
from tests.running_app import ROOT

SHIPPED = ROOT / "assets" / "wardrobe"
MODEL = ROOT / "assets" / "model"
TEXTS = ("in red", "a long dress with stripes", "sleeveless and shorter", "navy, with a hood", "in denim")
FILTERS = ({"category": ["dress"]}, {"colors": ["red"]}, {"category": ["shirt"], "pattern": ["stripes"]})
ASKED = 40
PAGES = 5


def main() -> None:
    """Make the catalogue, open it twice, ask it, and write what it took as JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--json", type=Path, required=True, help="the result to write")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where the catalogue is made, and kept (a temporary one)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hemline-million-") as temporary:
        folder = arguments.folder or Path(temporary)
        result: dict[str, Any] = {"count": arguments.count}
        if not (folder / "index" / "fast").is_dir():
            result["build"] = make(folder, arguments.count)
        result["bytes"] = {
            path.relative_to(folder).as_posix(): path.stat().st_size
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.is_symlink() and "images" not in path.parts
        }
        result["starts"] = [opened(folder) for _ in range(2)]
        result |= {"hardware": hardware(), "versions": versions(), "git": git_state()}
        write_json(arguments.json, result)
        print(json.dumps(result["starts"], indent=1))


def make(folder: Path, count: int) -> dict[str, float]:
    """Write the catalogue into `folder`; seconds of each step, and the peak memory in MiB."""
    began = time.perf_counter()
    photos = sorted((SHIPPED / "images").iterdir())
    images = folder / "images"
    images.mkdir(parents=True)
    records = [json.loads(line) for line in (SHIPPED / "garments.jsonl").read_text("utf-8").splitlines()]
    files = {path.stem: path for path in photos}
    random.Random(0).shuffle(records)
    ids, paths, hashes = [], [], []
    with (folder / "garments.jsonl").open("w", encoding="utf-8") as lines:
        for number in range(count):
            record = records[number % len(records)]
            source, id_ = files[record["image"]], f"item-{number:08}"
            if number < len(records):
                (images / source.name).symlink_to(source)
            lines.write(json.dumps(record | {"image": id_}, ensure_ascii=False) + "\n")
            ids.append(id_)
            paths.append(source.name)
            hashes.append(hashlib.sha256(id_.encode()).hexdigest())
    written = time.perf_counter()
    rows = clustered(count, load_card(SHIPPED / "index").dim)[0]
    synthesised = time.perf_counter()
    card = IndexCard(load_card(SHIPPED / "index").target_fingerprint, str(MODEL))
    index = build_index(rows, ids, card)
    table = Table(str(images), "", index.card.ids_sha, paths, hashes)

    def beside(aside: Path) -> None:
        (aside / PICTURES_FILE).write_text(json.dumps(table.__dict__), encoding="utf-8")

    save_index(index, folder / "index", beside)
    saved = time.perf_counter()
    tune(folder / "index")
    return {
        "records_s": written - began,
        "synthesis_s": synthesised - written,
        "index_s": saved - synthesised,
        "tune_s": time.perf_counter() - saved,
        "peak_memory_mb": peak_memory_mb(),
    }


def opened(folder: Path) -> dict[str, Any]:
    """The app over the catalogue: seconds until it answers, memory, and what queries and shelf pages take."""
    from gradio_client import Client

    with tempfile.TemporaryDirectory(prefix="hemline-million-app-") as own:
        with started(Path(own), "--model", str(MODEL), "--index", str(folder / "index")) as (
            app,
            url,
            seconds,
        ):
            told: dict[str, Any] = {"start_s": round(seconds, 2), "memory": memory(app.pid)}
            client = Client(url, verbose=False)
            told["first_query_s"] = timed(client, TEXTS[0], {})
            told["query_s"] = middle([timed(client, TEXTS[n % 5], {}) for n in range(ASKED)])
            told["first_filtered_s"] = timed(client, TEXTS[0], FILTERS[0])
            told["filtered_s"] = middle([timed(client, TEXTS[n % 5], FILTERS[n % 3]) for n in range(ASKED)])
            reference = {"reference_id": "item-00000017"}
            told["reference_s"] = middle([timed(client, TEXTS[n % 5], {}, reference) for n in range(ASKED)])
            told["memory_after"] = memory(app.pid)
        return told


def timed(client: Any, text: str, filters: dict[str, list[str]], reference: Any = None) -> float:
    """Seconds of one call of /search, which must answer ten hits."""
    began = time.perf_counter()
    found = client.predict(text=text, filters=filters or None, **(reference or {}), api_name="/search")
    spent = time.perf_counter() - began
    if len(found) != 10:
        raise SystemExit(f"{text!r} with {filters} has {len(found)} hits")
    return round(spent, 4)


def memory(pid: int) -> dict[str, int]:
    """MiB of the process that are its own, and that are mapped from files (Linux)."""
    told = Path(f"/proc/{pid}/status").read_text()
    lines = dict(line.split(":") for line in told.splitlines() if "Rss" in line)
    names = {"own_mib": "RssAnon", "mapped_mib": "RssFile"}
    return {name: int(lines[key].split()[0]) // 2**10 for name, key in names.items()}


if __name__ == "__main__":
    entry(main)
