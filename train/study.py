"""Studies what a recall hides: one side of the query alone, kinds of change, negatives, other wordings.

    python -m train.study --model RUN --data CLOSET --split val --protocol closet --out FOLDER
    python -m train.study --results both.json image.json text.json --out FOLDER

Writes FOLDER/both.json, image.json and text.json, as `train.evaluate` does, and FOLDER/study.json, whose
layout `core.evaluation.study` tells.
"""

import argparse
from pathlib import Path

from core.cli import entry
from core.errors import HemlineError
from core.evaluation.result import MODALITIES, Result, read_result, write_result
from core.evaluation.study import STUDY_FILE, Study, study_results, write_study


def read_modalities(paths: list[Path]) -> dict[str, Result]:
    """The results by the modality each says it was made with; HemlineError unless they are three."""
    results: dict[str, Result] = {}
    for path in paths:
        result = read_result(path)
        if result.modality in results:
            raise HemlineError(f"two of --results have modality {result.modality!r}; give one of each")
        results[result.modality] = result
    return results


def main() -> None:
    """Command line: evaluate or read the three modalities, study them, print and write."""
    parser = argparse.ArgumentParser(prog="python -m train.study", description="Study what a recall hides.")
    parser.add_argument("--results", type=Path, nargs=3, required=True, help="results of each modality")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    options = parser.parse_args()
    results = read_modalities(options.results)
    study: Study = study_results(results)
    for modality in MODALITIES:
        write_result(results[modality], options.out / f"{modality}.json")
    write_study(study, options.out / STUDY_FILE)
    print(f"written: {options.out / STUDY_FILE}")


if __name__ == "__main__":
    entry(main)
