"""Fixtures every test shares: where the real data is, and no network or telemetry."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.running_app import App

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# UMAP of some dozen garments takes seconds as plain Python, half a minute to compile first
os.environ.setdefault("NUMBA_DISABLE_JIT", "1")


def _data_dir(variable: str, what: str) -> Path:
    value = os.environ.get(variable)
    if not value or not Path(value).is_dir():
        pytest.fail(f"{variable} must name the folder of {what}; it is {value!r} (.ci/run sets it)")
    return Path(value)


@pytest.fixture(scope="session")
def closet_dir() -> Path:
    """Closet with its photos."""
    return _data_dir("CLOSET_DIR", "Closet with its photos")


@pytest.fixture(scope="session")
def fashioniq_dir() -> Path:
    """FashionIQ's annotations."""
    return _data_dir("FASHIONIQ_DIR", "FashionIQ's annotations")


@pytest.fixture(scope="session")
def cirr_dir() -> Path:
    """CIRR's annotations."""
    return _data_dir("CIRR_DIR", "CIRR's annotations")


@pytest.fixture(scope="module")
def app(closet_dir: Path) -> "App":
    """The running app over forty photos of Closet, one for all the tests that a process runs."""
    from tests.running_app import running_app

    return running_app(closet_dir)


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """Headless Chromium."""
    from playwright.sync_api import sync_playwright

    from tests.page_steps import CHROMIUM, QUIET

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()
