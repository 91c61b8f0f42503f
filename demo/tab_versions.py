"""The Versions tab: refine the model from what was judged, see whether it helped, choose what answers."""

from typing import TYPE_CHECKING, Any

from demo import grid
from demo.catalogues import Catalogues
from demo.refinery import act, effect_page, refinery_page

if TYPE_CHECKING:
    import gradio as gr

TELL_OPEN = """() => {
  document.dispatchEvent(new CustomEvent("hemline:versions-open", { detail: {} }));
}"""
TELL_LOST = """() => {
  document.dispatchEvent(new CustomEvent("hemline:versions-lost", { detail: {} }));
}"""


def add_versions(catalogues: Catalogues, tab: "gr.Tab") -> None:
    """Add what the tab holds to the Blocks being built."""
    import gradio as gr

    def refinery(wish: dict[str, Any]) -> dict[str, Any]:  # the page's scripts call these two by their names
        return refinery_page(catalogues, wish)

    def effect(wish: dict[str, Any]) -> dict[str, Any]:
        return effect_page(catalogues, wish)

    def do(event: gr.EventData) -> gr.HTML:
        return gr.HTML(reply=act(catalogues, grid.sent(event)))

    with gr.Row(elem_id="versions-desk"):
        board = grid.versions(refinery, effect)
    hidden: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
    tab.select(None, None, None, js=TELL_OPEN, api_name="open_versions", **hidden)
    acted = board.acted(do, None, board, trigger_mode="multiple", api_name="act_on_versions", **hidden)
    acted.failure(None, js=TELL_LOST, api_name="act_on_versions_failed", **hidden)
