"""Modification texts embedded a second: ours beside sentence-transformers and a plain loop, in one run.

    PYTHONPATH=PEERS python -m tests.bench.encoding_words --data CLOSET \\
        --json assets/results/encoding_words.json

One checkpoint in CLIP's own layout (random weights, a text side of CLIP ViT-B/32's depth at half its width),
the same human texts in the same order, in batches of 32. They take turns as in `tests.bench.indexing`.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from core.cli import entry
from core.datasets.fashioniq import read_split
from core.errors import HemlineError
from core.files import write_json
from core.runs import git_state, hardware
from tests import tiny_tokenizers
from tests.bench.indexing import BATCH, SIZES, Spent, interval, make_clip, peer_versions, timed

TEXT = {
    "hidden_size": 256, "intermediate_size": 1024, "num_hidden_layers": 12, "num_attention_heads": 4,
}  # fmt: skip
Embed = Callable[[Sequence[str]], np.ndarray]


def main() -> None:
    """Time all ways of embedding the same texts and write rates, ratios and cosines as JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", type=Path, required=True, help="Closet, for its texts")
    parser.add_argument("--json", type=Path, required=True, help="the result to write")
    parser.add_argument("--count", type=int, default=384, help="texts (384)")
    parser.add_argument("--turns", type=int, default=6, help="turns that are measured, after one to warm up")
    arguments = parser.parse_args()
    if os.environ.get("OMP_WAIT_POLICY") != "PASSIVE":  # read when torch is loaded
        line = [sys.executable, "-m", "tests.bench.encoding_words", *sys.argv[1:]]
        os.execve(sys.executable, line, {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"})
    triplets = read_split(arguments.data, "train").triplets
    known = whole([text for triplet in triplets for text in triplet.captions])
    texts = known[: arguments.count]
    if len(texts) < arguments.count:
        raise HemlineError(f"{arguments.data} has {len(known)} texts of use, not {arguments.count}")
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "clip"
        make_clip(folder, SIZES["vit-6x192-16"], TEXT)
        ways: dict[str, Embed] = {"hemline": hemline(folder), "transformers": plain(folder)}
        ways["sentence-transformers"] = sentence_transformers(folder)
        told = measured(ways, texts, arguments.turns)
    told |= {"texts": len(texts), "turns": arguments.turns, "batch": BATCH, "seed": 0}
    told |= {"hardware": hardware(), "versions": peer_versions(), "git": git_state()}
    write_json(arguments.json, told)


def whole(texts: Sequence[str]) -> list[str]:
    """The texts of which the small tokenizer knows every letter: an unknown one is CLIP's end of text."""
    tokenizer = tiny_tokenizers.clip()
    return [text for text in texts if tokenizer(text).input_ids.count(tokenizer.eos_token_id) == 1]


def measured(ways: dict[str, Embed], texts: Sequence[str], turns: int) -> dict[str, Any]:
    """Rates of all ways, and of the others the ratios of our rates to theirs and the least cosine."""
    spent: dict[str, list[Spent]] = {name: [] for name in ways}
    vectors, names = {}, list(ways)
    for turn in range(turns + 1):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            vectors[name], used = timed(ways[name], texts)
            if turn:
                spent[name].append(used)
    rows: dict[str, Any] = {}
    for name, own in spent.items():
        row = rows[name] = {
            f"texts_a_{kind}_second": len(texts) / float(np.median([getattr(one, kind) for one in own]))
            for kind in ("wall", "cpu")
        }
        if name != "hemline":
            for kind in ("wall", "cpu"):
                pairs = zip(own, spent["hemline"], strict=True)
                low, middle, high = interval([getattr(a, kind) / getattr(b, kind) for a, b in pairs])
                row[f"{kind}_ratio"] = {"mean": middle, "low": low, "high": high}
            row["cosine_least"] = float((vectors[name] * vectors["hemline"]).sum(axis=1).min())
        print(name, row, flush=True)
    return {"ways": rows}


def hemline(folder: Path) -> Embed:
    """Queries of words alone, as search and evaluation embed them."""
    from core.backbones.released import from_folder

    model = from_folder(folder)
    return lambda texts: model.embed_queries([None] * len(texts), list(texts))


def sentence_transformers(folder: Path) -> Embed:
    """Its `encode` of texts; they are sorted by length there as well."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu")
    return lambda texts: np.asarray(
        model.encode(list(texts), batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False)
    )


def plain(folder: Path) -> Embed:
    """transformers' tokenizer and model, batch after batch in the order of the texts."""
    import torch
    from transformers import AutoTokenizer, CLIPModel

    model, tokenizer = CLIPModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)

    def embed(texts: Sequence[str]) -> np.ndarray:
        rows = []
        with torch.inference_mode():
            for start in range(0, len(texts), BATCH):
                some = tokenizer(
                    list(texts[start : start + BATCH]), padding=True, truncation=True, return_tensors="pt"
                )
                states = model.text_model(**some).pooler_output
                rows.append(torch.nn.functional.normalize(model.text_projection(states), dim=-1).numpy())
        return np.concatenate(rows)

    return embed


if __name__ == "__main__":
    entry(main)
