"""Pictures of the running page, for the README: Search with two judged cards, Map, Errors and Compare.

    python -m demo.picture --filter "denim dress" --text "in red" --out assets/pages

Needs playwright and Chromium, and judges as "README" in the running app: start it with its own --judgements.
"""

import argparse
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli import entry

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
# each tab with what is there once it has drawn
TABS = {
    "Map": ".map-steps",
    "Errors": ".error .photo.is-loaded",
    "Compare": ".compared .photo.is-loaded",
}


def take_pictures(url: str, words: str, text: str, out: Path, theme: str, width: int, height: int) -> None:
    """Ask for `text` on the first garment that `words` find, judge ranks 2 and 3, save the tabs."""
    from playwright.sync_api import sync_playwright

    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(f"{url}/?__theme={theme}")
        page.wait_for_selector(".tile .photo.is-loaded")
        page.fill("#annotator textarea", "README")
        page.fill(".filter", words)
        page.wait_for_timeout(1000)
        page.click(".tile >> nth=0")
        page.fill("#change textarea", text)
        page.press("#change textarea", "Enter")
        page.wait_for_selector(".card .photo.is-loaded")
        for place, key in ((1, "h"), (2, "a")):
            card = page.locator(".card").nth(place)
            card.focus()
            if not card.get_attribute("data-verdict"):
                page.keyboard.press(key)
                page.wait_for_timeout(1000)
                if page.locator(".guard[open]").count():  # the same key goes past the second look
                    page.keyboard.press(key)
                page.wait_for_selector(".saved.is-kept")
        _take(page, out / "search.webp")
        for tab, drawn in TABS.items():
            page.click(f"#{tab.lower()}-tab-button")
            page.wait_for_selector(drawn)
            _take(page, out / f"{tab.lower()}.webp")
        browser.close()


def _take(page: "Page", out: Path) -> None:
    from PIL import Image

    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.mouse.move(0, 0)
    page.wait_for_timeout(1500)
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(out, quality=88, method=6)


def main() -> None:
    """Take pictures of the running page."""
    parser = argparse.ArgumentParser(prog="python -m demo.picture", description=main.__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:7860", help="where the app runs (%(default)s)")
    parser.add_argument("--filter", default="dress", help="words that find the reference on the shelf")
    parser.add_argument("--text", default="in red with long sleeves", help="the change")
    parser.add_argument("--theme", choices=["light", "dark"], default="light")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=900)
    parser.add_argument("--out", type=Path, default=Path("assets/pages"), help="the folder they go to")
    options = parser.parse_args()
    take_pictures(
        options.url.rstrip("/"),
        options.filter,
        options.text,
        options.out,
        options.theme,
        options.width,
        options.height,
    )


if __name__ == "__main__":
    entry(main)
