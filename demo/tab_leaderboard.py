"""The Leaderboard tab: what was measured, and what each figure comes from."""

from typing import TYPE_CHECKING, Any

from demo import grid
from demo.leaderboard import leaderboard_page

if TYPE_CHECKING:
    import gradio as gr

TELL_OPEN = """() => {
  document.dispatchEvent(new CustomEvent("hemline:leaderboard-open", { detail: {} }));
}"""


def add_leaderboard(tab: "gr.Tab") -> None:
    """Add what the tab holds to the Blocks being built."""
    import gradio as gr

    def leaderboard(wish: dict[str, Any]) -> dict[str, Any]:  # the page's script calls it by this name
        return leaderboard_page(wish)

    with gr.Row(elem_id="leaderboard-desk"):
        grid.leaderboard(leaderboard)
    tab.select(
        None,
        None,
        None,
        js=TELL_OPEN,
        api_name="open_leaderboard",
        show_progress="hidden",
        api_visibility="private",
        queue=False,
    )
