"""Writes an evaluation, or the comparison of two, as a report: one HTML file, Markdown, JSON.

    python -m train.evaluation_report STUDY_FOLDER --html report.html --markdown report.md
    python -m train.evaluation_report val.json --leakage leakage.json --html report.html
    python -m train.evaluation_report val.json --against before.json --html comparison.html

Takes a result of train.evaluate or the folder of a train.study. `--photos` puts small pictures into the HTML;
leave it out where the photos must not be passed on.
"""

import argparse
import base64
import io
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from core.cli import entry
from core.errors import HemlineError
from core.evaluation.result import QueryRank, Result, read_result
from core.evaluation.study import STUDY_FILE, read_study
from core.files import read_json, write_atomically, write_json
from core.runs import load_card
from train.document import Document
from train.document_text import html, markdown
from train.report_sections import card_section, hardest, leakage_section, result_sections, study_sections

SIDE = 160  # pixels of a small picture's shorter side


def evaluation_document(
    path: Path,
    leakage: Path | None = None,
    card: Path | None = None,
    most: int = 24,
    photos: Path | None = None,
) -> Document:
    """The report of a result's file or a study's folder; HemlineError for files that do not fit."""
    study = read_study(path / STUDY_FILE) if path.is_dir() else None
    result = read_result(path / "both.json" if path.is_dir() else path)
    if study is not None and (study.query_hash, study.gallery_hash) != (
        result.query_hash,
        result.gallery_hash,
    ):
        raise HemlineError(f"{path / STUDY_FILE} and both.json beside it are not of one study; study again")
    sections = result_sections(result)
    if study is not None:
        sections += study_sections(study)
    if leakage is not None:
        sections.append(leakage_section(read_json(leakage), result, str(leakage)))
    if card is not None:
        found = load_card(card)
        if found is None:
            raise HemlineError(f"{card} has no run.json; give the folder of a trained model")
        sections.append(card_section(asdict(found)))
    sections.append(hardest(result, most, pictures(photos)))
    name = str(result.model.get("name", "model"))
    return Document(f"{name} on {result.split}", _summary(result), tuple(sections))


def _summary(result: Result) -> tuple[str, ...]:
    counts = result.counts
    told = [
        f"{counts['queries']:,} queries against {counts['gallery']:,} photos, "
        f"protocol {result.protocol.name}."
    ]
    if result.partial:
        told.append(
            f"PARTIAL: {counts['missing']} photos missing, {counts['corrupt']} corrupt, "
            f"{len(result.dropped)} queries dropped; not comparable with whole galleries."
        )
    return tuple(told)


def pictures(folder: Path | None) -> Callable[[QueryRank], tuple[tuple[str, str], ...]]:
    """What gives a query's small pictures as data URIs: none without a folder."""
    if folder is None:
        return lambda query: ()
    if not folder.is_dir():
        raise HemlineError(f"{folder} is no folder of photos; give the folder that holds ID.jpg")

    from core.datasets.fashioniq import IMAGE_SUFFIXES
    from core.pictures import read_picture

    def shown(query: QueryRank) -> tuple[tuple[str, str], ...]:
        found = []
        for label, id_ in (
            ("Reference", query.reference),
            ("Target", query.target),
            ("First hit", query.top1),
        ):
            files = [folder / f"{id_}{suffix}" for suffix in IMAGE_SUFFIXES]
            path = next((file for file in files if file.is_file()), None)
            if path is None:
                raise HemlineError(f"{folder} has no photo {id_}; give the folder that was evaluated")
            picture = read_picture(path, at_least=SIDE)
            picture.thumbnail((SIDE * 2, SIDE))
            data = io.BytesIO()
            picture.save(data, "WEBP", quality=70)
            found.append((label, f"data:image/webp;base64,{base64.b64encode(data.getvalue()).decode()}"))
        return tuple(found)

    return shown


def write_document(
    document: Document, to_html: Path | None, to_markdown: Path | None, to_json: Path | None
) -> None:
    """Write the renderings asked for, each whole or not at all."""
    for path, text in ((to_html, html), (to_markdown, markdown)):
        if path is not None:
            data = text(document).encode()
            write_atomically(path, lambda aside, data=data: aside.write_bytes(data))  # type: ignore[misc]
    if to_json is not None:
        write_json(to_json, {"version": 1, **_without_pictures(asdict(document))})


def _without_pictures(value: dict[str, object]) -> dict[str, object]:
    for section in value["sections"]:  # type: ignore[attr-defined]
        for part in section["parts"]:
            part.pop("pictures", None)
    return value


def main() -> None:
    """Command line: gather, write."""
    parser = argparse.ArgumentParser(
        prog="python -m train.evaluation_report",
        description="Write an evaluation as HTML, Markdown and JSON.",
    )
    parser.add_argument("evaluation", type=Path, help="a result of train.evaluate, or a train.study folder")
    parser.add_argument("--against", type=Path, help="compare with this earlier result, query by query")
    parser.add_argument("--leakage", type=Path, help="what train.leakage wrote of the same split")
    parser.add_argument("--card", type=Path, help="the trained model's folder, for its run card")
    parser.add_argument("--hardest", type=int, default=24, help="queries to show (%(default)s)")
    parser.add_argument("--photos", type=Path, help="put small pictures from this folder into the HTML")
    parser.add_argument("--html", type=Path)
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    asked = [path for path in (options.html, options.markdown, options.json) if path is not None]
    if not asked:
        raise HemlineError("nothing to write; give --html, --markdown or --json")
    if options.against is not None:
        from train.comparison_report import comparison_document

        document = comparison_document(options.against, options.evaluation, options.hardest)
    else:
        document = evaluation_document(
            options.evaluation, options.leakage, options.card, options.hardest, options.photos
        )
    write_document(document, options.html, options.markdown, options.json)
    print("written: " + ", ".join(map(str, asked)))


if __name__ == "__main__":
    entry(main)
