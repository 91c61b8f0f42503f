"""Who judges: the name at the head of the page, and what is kept of that person's photos."""

from typing import TYPE_CHECKING, Any

from demo import grid
from demo.catalogues import Catalogues
from demo.uploads import forget, kept_count
from demo.verdicts import LONGEST_NAME, named

if TYPE_CHECKING:
    import gradio as gr


def annotator_of(typed: str | None, request: "gr.Request") -> str:
    """The name that a judgement is saved under: of the login where there is one, else as typed."""
    return named(request.username or typed)


def add_name(page: "gr.Blocks", catalogues: Catalogues) -> "gr.Textbox":
    """Add the field for the name, which the browser remembers, to the Blocks being built."""
    import gradio as gr

    store = catalogues.first.store

    def kept_uploads(wish: dict[str, Any]) -> dict[str, Any]:  # the page's script calls it by this name
        return {"count": kept_count(store, named(wish.get("annotator")))}

    def drop(typed: str, request: gr.Request) -> gr.HTML:
        return gr.HTML(reply=forget(store, annotator_of(typed, request)))

    def login(request: gr.Request) -> Any:
        return gr.Textbox(value=request.username, interactive=False) if request.username else gr.skip()

    remembered = gr.BrowserState("", storage_key="hemline-annotator", secret="hemline-annotator")
    with gr.Column(elem_id="who", min_width=0):
        name = gr.Textbox(
            label="Judging as", placeholder="anonymous", max_length=LONGEST_NAME, elem_id="annotator"
        )
        mine = grid.mine(kept_uploads)
    hidden: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
    recalled = page.load(None, remembered, name, js="(kept) => kept", api_name="recall_name", **hidden)
    recalled.then(login, None, name, api_name="login_name", **hidden)
    name.change(None, name, remembered, js="(typed) => typed", api_name="remember_name", **hidden)
    mine.forgotten(drop, name, mine, api_name="forget_uploads", **hidden)
    return name
