"""The Compare tab: two models, versions or ways of asking, on one query and over all queries on file."""

from typing import TYPE_CHECKING, Any

from demo import grid
from demo.catalogues import Catalogues
from demo.compare import compare_batch_page, compare_page
from demo.errors import start_answering

if TYPE_CHECKING:
    import gradio as gr

TELL_OPEN = """() => {
  document.dispatchEvent(new CustomEvent("hemline:compare-open", { detail: {} }));
}"""
TELL_LOST = """() => {
  document.dispatchEvent(new CustomEvent("hemline:compare-lost", { detail: {} }));
}"""


def add_compare(catalogues: Catalogues, tab: "gr.Tab") -> None:
    """Add what the tab holds to the Blocks being built."""
    import gradio as gr

    def compare(wish: dict[str, Any]) -> dict[str, Any]:  # the page's script calls these two by their names
        return compare_page(catalogues, wish)

    def compare_batch(wish: dict[str, Any]) -> dict[str, Any]:
        return compare_batch_page(catalogues, wish)

    def start(event: gr.EventData) -> gr.HTML:
        return gr.HTML(reply=start_answering(catalogues, grid.sent(event)))

    with gr.Row(elem_id="compare-desk"):
        board = grid.compare(compare, compare_batch)
    hidden: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
    tab.select(None, None, None, js=TELL_OPEN, api_name="open_compare", **hidden)
    acted = board.acted(start, None, board, api_name="answer_both", **hidden)
    acted.failure(None, js=TELL_LOST, api_name="answer_both_failed", **hidden)
