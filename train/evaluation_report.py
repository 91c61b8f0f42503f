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
from core.evaluation.study import STUDY_FILE, Study, plain, read_study
from core.files import read_json, write_atomically, write_json
from core.runs import load_card
from train.document import Document, Section
from train.document_text import html, markdown
from train.report_sections import (
    attributes_section,
    groups_section,
    hardest,
    leakage_section,
    not_measured_section,
    plain_groups,
    recall_section,
)
from train.report_setting import setting_sections
from train.study_sections import NAMES, study_sections

SIDE = 160  # pixels of a small picture's shorter side


def evaluation_document(
    path: Path,
    leakage: Path | None = None,
    card: Path | None = None,
    most: int = 12,
    photos: Path | None = None,
) -> Document:
    """The report of a result's file or a study's folder; HemlineError for files that do not fit."""
    study = read_study(path / STUDY_FILE) if path.is_dir() else None
    result = read_result(path / "both.json" if path.is_dir() else path)
    if study is not None and _made_of(study) != _made_of(result):
        raise HemlineError(f"{path / STUDY_FILE} and both.json beside it are not of one study; study again")
    sections = _measured(result, study)
    if leakage is not None:
        sections.append(leakage_section(read_json(leakage), result, str(leakage)))
    ran = None
    if card is not None:
        ran = load_card(card)
        if ran is None:
            raise HemlineError(f"{card} has no run.json; give the folder of a trained model")
    sections.append(hardest(result, most, pictures(photos)))
    sections += setting_sections(result, None if ran is None else asdict(ran))
    reasons = _not_measured(result, study, leakage)
    if reasons:
        sections.append(not_measured_section(reasons))
    name = str(result.model.get("name", "model"))
    return Document(f"Evaluation of {name} on {result.split}", _summary(result, study), tuple(sections))


def _made_of(told: Result | Study) -> tuple[object, ...]:
    return told.model.get("fingerprint"), told.protocol, told.query_hash, told.gallery_hash


def _measured(result: Result, study: Study | None) -> list[Section]:
    """Recall first, then what explains it: sides, groups, attributes, and the rest of a study."""
    found = (study.groups if study else None) or plain_groups(result)
    sections = [recall_section(result, study.modalities if study else None, found["average"])]
    sections.append(groups_section(result, found))
    attributes = (study.attributes if study else None) or {result.modality: plain(result.attributes)}
    if any(attributes.values()):
        sections.append(attributes_section(attributes))
    if study is not None:
        studied = study_sections(study)
        sides = [section for section in studied if section.title == NAMES["modalities"]]
        sections[1:1] = sides
        sections += [section for section in studied if section not in sides]
    return [section for section in sections if section.parts]


def _not_measured(result: Result, study: Study | None, leakage: Path | None) -> dict[str, str]:
    """What the report lacks, by the name of the section it would be, and why."""
    if study is not None:
        reasons = {NAMES.get(name, name): why for name, why in study.not_measured.items()}
    else:
        alone = "a result alone does not tell it; give the folder of a train.study"
        reasons = {NAMES[name]: alone for name in ("modalities", "answers", "wordings")}
        if result.attributes is None:
            reasons[NAMES["attributes"]] = "the garments have no records"
    if leakage is None:
        reasons["Leakage and copies"] = (
            "no audit was given; write one with train.leakage, give it by --leakage"
        )
    return reasons


def _summary(result: Result, study: Study | None) -> tuple[str, ...]:
    """What was found in a sentence or two, then what it is of."""
    counts, protocol = result.counts, result.protocol
    low, high = result.ci95["R@10"]
    leading = (
        f"Recall@10 is {result.metrics['R@10']:.1f} % (95 % interval {low:.1f} to {high:.1f}), "
        f"Recall@1 {result.metrics['R@1']:.1f} %."
    )
    if study is not None and study.modalities:
        at = study.modalities["at"]["10"]
        gap = at["composition_gap"]["percent"]
        leading += (
            f" One side of the query alone finds {at['shortcut_solvable']['percent']:.1f} % of the targets "
            f"within ten; both together find {abs(gap):.1f} points {'more' if gap >= 0 else 'less'} than the "
            "better side."
        )
    told = [
        leading,
        f"{counts['queries']:,} queries against {counts['gallery']:,} photos. Protocol {protocol.name}: "
        f"gallery {protocol.gallery}, reference {protocol.reference}, caption join "
        f"\N{LEFT DOUBLE QUOTATION MARK}{protocol.caption_join}\N{RIGHT DOUBLE QUOTATION MARK}, "
        f"{protocol.average} average.",
    ]
    if result.partial:
        told.insert(
            0,
            f"PARTIAL: {counts['missing']} photos missing, {counts['corrupt']} corrupt, "
            f"{len(result.dropped)} queries dropped; not comparable with whole galleries.",
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
        write_json(to_json, {"version": 2, **_without_pictures(asdict(document))})


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
    parser.add_argument("--hardest", type=int, default=12, help="queries to show (%(default)s)")
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
