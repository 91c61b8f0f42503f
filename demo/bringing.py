"""The panel "Bring your own" on the page: a name, files, what came of them, and removing again."""

from typing import Any

from demo import grid
from demo.catalogues import Catalogues
from demo.own import LIMITS, bring, take_out

FILES = ["image", ".zip", ".csv", ".tsv", ".jsonl"]
TELL_BRINGING = """(...inputs) => {
  document.dispatchEvent(new CustomEvent("hemline:bringing", { detail: {} }));
  return inputs;
}"""
TELL_LOST = """() => {
  document.dispatchEvent(new CustomEvent("hemline:bring-lost", { detail: {} }));
}"""


def add_bringing(catalogues: Catalogues, browse: grid.Browse) -> None:
    """Add the panel to the Blocks being built; the shelf opens it (demo/static/own-head.js)."""
    import gradio as gr

    def take(
        name: str,
        files: list[str] | None,
        progress: gr.Progress = gr.Progress(track_tqdm=True),  # noqa: B008  # how Gradio asks for it
    ) -> tuple[dict[str, Any], Any]:
        answer = bring(catalogues, name, files)
        return answer, gr.skip() if "problem" in answer else None

    def discard(event: gr.EventData) -> gr.HTML:
        return gr.HTML(reply=take_out(catalogues, grid.sent(event)))

    with gr.Column(elem_id="own-panel", min_width=0):
        grid.own_head(LIMITS)
        name = gr.Textbox(
            label="Name of your catalogue", value="My garments", max_length=40, elem_id="own-name"
        )
        files = gr.File(
            label="Photos, a zip of photos, a table",
            file_count="multiple",
            file_types=FILES,
            type="filepath",
            height=190,
            elem_id="own-files",
        )
        button = gr.Button("Add to the catalogue", variant="primary", elem_id="own-add")
        own = grid.own(browse)
    # one change at a time, in a queue of its own: searches go on beside it
    queue: dict[str, Any] = {"concurrency_id": "own", "concurrency_limit": 1, "api_visibility": "private"}
    brought = button.click(
        take,
        [name, files],
        [own, files],
        js=TELL_BRINGING,
        api_name="bring",
        show_progress="full",
        show_progress_on=own,
        **queue,
    )
    gone = own.discarded(discard, None, own, api_name="discard", show_progress="hidden", **queue)
    for event in (brought, gone):
        event.failure(None, js=TELL_LOST, show_progress="hidden", api_visibility="private")
