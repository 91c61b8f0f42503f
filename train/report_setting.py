"""The sections of a report that say how it was measured, and on what: protocol, model, machine, run card."""

from collections.abc import Iterator, Mapping
from typing import Any

from core.evaluation.result import Result
from train.document import Section, Table


def setting_sections(result: Result, card: Mapping[str, Any] | None) -> list[Section]:
    """How it was measured, what ran where, and the model's run card where there is one; each folded."""
    machine = {**result.hardware, **{f"version of {name}": v for name, v in result.versions.items()}}
    ran = {
        **result.model,
        "git": result.git,
        **{f"seed of {k}": v for k, v in result.seeds.items()},
        **machine,
    }
    sections = [
        Section(
            "Protocol and counts",
            ("Results compare only where protocol, gallery and queries are alike.",),
            (_facts("How it was measured", _protocol(result)),),
            folded=True,
        ),
        Section(
            "Model and machine",
            ("What was evaluated, and on what.",),
            (_facts("What ran where", ran),),
            folded=True,
        ),
    ]
    if card is not None:
        parts = (_facts("Run", dict(_flat(card))),)
        sections.append(Section("Run card", ("What made the model.",), parts, folded=True))
    return sections


def _protocol(result: Result) -> dict[str, Any]:
    hashes = {name: getattr(result, name) for name in ("gallery_hash", "query_hash", "data_fingerprint")}
    asked = {"split": result.split, "modality": result.modality, "partial": "yes" if result.partial else "no"}
    # "gallery" is the protocol's rule and a count too: both are told.
    counts = {f"number of {name}": count for name, count in result.counts.items()}
    counts = {"number of dropped queries": len(result.dropped), **counts}
    return {**result.protocol.to_dict(), **asked, **counts, **hashes}


def _flat(value: Any, label: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of nested objects and lists by their path."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _flat(one, f"{label} · {key}" if label else str(key))
    elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        for number, one in enumerate(value, start=1):
            yield from _flat(one, f"{label} · {number}" if label else str(number))
    else:
        yield label, value


def _facts(caption: str, values: Mapping[str, Any]) -> Table:
    return Table(
        caption, ("", "value"), tuple((name.replace("_", " "), _text(v)) for name, v in values.items())
    )


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, Mapping):
        return "; ".join(f"{label}: {_text(one)}" for label, one in _flat(value))
    if isinstance(value, list | tuple):
        return ", ".join(_text(one) for one in value)
    return "none" if value is None else str(value)
