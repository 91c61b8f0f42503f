"""The vocabulary is Closet's: every value its garments use, none twice."""

import json
import re
from pathlib import Path

from core import vocabulary

LISTS = vocabulary.ONE_OF | vocabulary.SOME_OF


def test_every_list_is_what_closet_uses_and_its_readme_says(closet_dir: Path) -> None:
    used: dict[str, set[str]] = {field: set() for field in LISTS}
    for line in (closet_dir / "garments.jsonl").read_text().splitlines():
        for field, value in json.loads(line).items():
            if field in used:
                used[field].update(value if isinstance(value, list) else [value] if value else [])
    readme = (closet_dir / "README.md").read_text()
    for field, values in LISTS.items():
        assert len(set(values)) == len(values)
        assert used[field] == set(values), field
        assert all(re.search(rf"\b{re.escape(word)}\b", readme) for word in values) or field in (
            "kind",
            "details",
        )


def test_the_fingerprint_knows_order_and_words(monkeypatch) -> None:
    before = vocabulary.fingerprint()
    assert re.fullmatch("[0-9a-f]{64}", before)
    monkeypatch.setattr(vocabulary, "FITS", vocabulary.FITS[::-1])
    assert vocabulary.fingerprint() != before
