"""The Judge tab: a queue to judge one by one, the guidelines beside it, and how far people agree."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import HemlineError
from demo import grid
from demo.catalogues import Catalogues
from demo.names import annotator_of
from demo.queues import agreement_page, judge_item, queue_page
from demo.second_share import read_share, write_share
from demo.verdicts import offered

if TYPE_CHECKING:
    import gradio as gr

GUIDELINES = Path(__file__).resolve().parents[1] / "assets" / "guidelines.md"
TELL_OPEN = """() => {
  document.dispatchEvent(new CustomEvent("hemline:judge-open", { detail: {} }));
}"""
TELL_SHARE = """() => {
  document.dispatchEvent(new CustomEvent("hemline:share", { detail: {} }));
}"""
TELL_UNSAVED = """() => {
  document.dispatchEvent(new CustomEvent("hemline:judge-unsaved", { detail: {} }));
}"""


def add_judge(catalogues: Catalogues, name: "gr.Textbox", tab: "gr.Tab") -> None:
    """Add what the tab holds to the Blocks being built; `name` is the field of who judges."""
    import gradio as gr

    store = catalogues.first.store

    def queue(wish: dict[str, Any]) -> dict[str, Any]:  # the page's scripts call these two by their names
        return queue_page(catalogues, wish)

    def agreement(wish: dict[str, Any]) -> dict[str, Any]:
        return agreement_page(catalogues, wish)

    def keep(typed: str, event: gr.EventData, request: gr.Request) -> gr.HTML:
        name, act = annotator_of(typed, request), grid.sent(event)
        try:
            with catalogues.traffic.errand("judge_item") as turn:
                reply = judge_item(catalogues, act, name, request.session_hash or "")
                turn.refused = "problem" in reply
                catalogues.traffic.metrics.judgements.inc(len(reply.get("saved") or ()))
        except HemlineError as error:
            reply = {"turn": act.get("turn"), "problem": str(error)}
        return gr.HTML(reply=reply)

    def share_now() -> int:
        return read_share(store)

    def choose_share(percent: float) -> None:
        try:
            write_share(store, percent)
        except HemlineError as error:
            raise gr.Error(str(error), print_exception=False) from None

    with gr.Row(elem_id="judge-desk"):
        with gr.Column(elem_id="judge-task", min_width=0):
            task = grid.judge(queue, offered(catalogues.first))
        with gr.Column(elem_id="judge-side", min_width=0):
            if GUIDELINES.is_file():
                with gr.Accordion("Guidelines", open=False, elem_id="guidelines"):
                    gr.Markdown(GUIDELINES.read_text("utf-8"))
            share = gr.Slider(
                0,
                100,
                value=read_share(store),
                step=1,
                label="Judged a second time, % of all",
                info="For everybody who uses this app. Which ones is told by a hash, so nobody picks.",
                elem_id="second-share",
                buttons=[],
            )
            grid.agreement(agreement)
    hidden: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    tab.select(share_now, None, share, js=TELL_OPEN, api_name="open_judge", queue=False, **hidden)
    chosen = share.release(choose_share, share, api_name="choose_share", queue=False, **hidden)
    chosen.success(None, js=TELL_SHARE, api_name="share_chosen", **hidden)
    judged = task.judged(
        keep, name, task, queue=False, trigger_mode="multiple", api_name="judge_item", **hidden
    )
    judged.failure(None, js=TELL_UNSAVED, api_name="judge_item_failed", **hidden)
