"""The plan on paper is what its command makes of the measured costs."""

from tests.bench.plan import PAGE, tables


def test_the_page_shows_what_the_command_works_out() -> None:
    assert tables() in PAGE.read_text(encoding="utf-8"), "run python -m tests.bench.plan --write"
