"""The guidelines that people judge by name every verdict there is, and are short enough to be read."""

from pathlib import Path

from core.verdicts import VOCABULARY

GUIDELINES = (Path(__file__).parents[1] / "assets" / "guidelines.md").read_text(encoding="utf-8")


def test_every_verdict_is_explained_and_none_that_is_not_offered():
    explained = [line.split("**")[1] for line in GUIDELINES.splitlines() if line.startswith("| **")]
    assert sorted(explained) == sorted(VOCABULARY)


def test_they_fit_on_a_page():
    assert len(GUIDELINES.split()) < 500
