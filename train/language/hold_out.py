"""Writes the digests of hand-written texts, which are then never generated (`train.language.held_out`).

python -m train.language.hold_out --texts changes.jsonl tests/changes.own.jsonl
"""

import argparse
from pathlib import Path

from core.cli import entry
from core.files import write_atomically
from core.requests import read_requests
from train.language.held_out import FILE, digest


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Keep texts of evaluation out of what is generated.")
    parser.add_argument(
        "--texts", type=Path, nargs="+", required=True, help="all hand-written texts (core.requests)"
    )
    args = parser.parse_args()
    found = sorted({digest(text.text) for path in args.texts for text in read_requests(path)})

    def write(aside: Path) -> None:
        aside.write_text("\n".join(found) + "\n", encoding="utf-8")

    write_atomically(FILE, write)
    print(f"{len(found)} texts are held out")


if __name__ == "__main__":
    entry(main)
