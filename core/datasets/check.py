"""Counting what a dataset folder holds: queries, gallery, missing and unusable photos per category."""

import argparse
import json
from pathlib import Path
from typing import Any

from core.cli import entry
from core.datasets.fashioniq import Split, read_split
from core.datasets.images import ImageReport, check_images

_NAMED = 10


def summarise(split: Split, report: ImageReport) -> dict[str, Any]:
    """The counts as plain values for JSON.

    {"data", "split", "fingerprint", "counts": {"queries", "gallery", "missing", "corrupt"}, "per_category":
    the same counts by category, "missing": ids, "corrupt": {id: reason}}; the gallery of "counts" is the
    union, each id once.
    """
    missing, corrupt = set(report.missing), set(report.corrupt)

    def counts(queries: int, gallery: tuple[str, ...]) -> dict[str, int]:
        return {
            "queries": queries,
            "gallery": len(gallery),
            "missing": len(missing.intersection(gallery)),
            "corrupt": len(corrupt.intersection(gallery)),
        }

    per_category = {
        name: counts(sum(t.category == name for t in split.triplets), split.galleries[name])
        for name in split.categories
    }
    return {
        "data": str(split.root),
        "split": split.split,
        "fingerprint": split.fingerprint,
        "counts": counts(len(split.triplets), split.union_gallery()),
        "per_category": per_category,
        "missing": list(report.missing),
        "corrupt": report.corrupt,
    }


def table(summary: dict[str, Any]) -> str:
    """The counts as lines of text, with the first missing and unusable photos named."""
    rows = [*summary["per_category"].items(), ("all (each photo once)", summary["counts"])]
    lines = [f"{'category':<22}{'queries':>9}{'gallery':>9}{'missing':>9}{'corrupt':>9}"]
    for name, counts in rows:
        lines.append(f"{name:<22}" + "".join(f"{counts[key]:>9,}" for key in counts))
    faults = [(id_, "missing") for id_ in summary["missing"]] + list(summary["corrupt"].items())
    lines += [f"  {id_}: {reason}" for id_, reason in faults[:_NAMED]]
    if len(faults) > _NAMED:
        lines.append(f"  … and {len(faults) - _NAMED} more; --json names them all")
    return "\n".join(lines)


def main() -> None:
    """Command line: print the counts; exit code 1 when any photo lacks."""
    parser = argparse.ArgumentParser(
        prog="python -m core.datasets.check",
        description="Read a dataset folder strictly and decode a split's photos; exits with 1 if any lack.",
    )
    parser.add_argument("--data", type=Path, required=True, help="a folder in FashionIQ's layout")
    parser.add_argument("--split", default="val", help="train, val, test or shop (default: val)")
    parser.add_argument(
        "--category", action="append", help="only this category; may be given again (default: all)"
    )
    parser.add_argument(
        "--json", action="store_true", help="print JSON that names every missing and corrupt photo"
    )
    arguments = parser.parse_args()
    split = read_split(arguments.data, arguments.split, arguments.category)
    summary = summarise(split, check_images(split, split.union_gallery()))
    print(json.dumps(summary, indent=1) if arguments.json else table(summary))
    if summary["missing"] or summary["corrupt"]:
        raise SystemExit(1)


if __name__ == "__main__":
    entry(main)
