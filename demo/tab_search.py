"""The Search tab: a reference, the change in words, the ranked cards, and judging them."""

from typing import TYPE_CHECKING, Any

from core.errors import HemlineError
from demo import grid
from demo.catalogues import Catalogues, service_of
from demo.names import annotator_of
from demo.queries import answer_page, seen_page
from demo.shelf import suggest_page
from demo.verdicts import judge, offered

if TYPE_CHECKING:
    import gradio as gr

LONGEST_CHANGE = 500  # characters; the model's own limit, in tokens, is told by core.search

# Gradio runs these in the browser: the cards hear them as document events (demo/static/dom.js).
TELL_SEARCHING = """(...inputs) => {
  document.dispatchEvent(new CustomEvent("hemline:searching", { detail: {} }));
  return inputs;
}"""
TELL_FAILED = """() => {
  document.dispatchEvent(new CustomEvent("hemline:failed", { detail: {} }));
}"""
TELL_UNSEEN = """() => {
  document.dispatchEvent(new CustomEvent("hemline:unseen", { detail: {} }));
}"""
TELL_UNSAVED = """() => {
  document.dispatchEvent(new CustomEvent("hemline:unsaved", { detail: {} }));
}"""


def add_search(catalogues: Catalogues, browse: grid.Browse, name: "gr.Textbox") -> None:
    """Add what the tab holds to the Blocks being built; `name` is the field of who judges."""
    import gradio as gr

    def suggest(wish: dict[str, Any]) -> list[str]:  # the page's scripts call these by their names
        return suggest_page(catalogues, wish)

    def sees(wish: dict[str, Any]) -> dict[str, Any]:
        try:
            return seen_page(service_of(catalogues, wish.get("catalogue")), wish)
        except HemlineError as error:
            return {"problem": str(error)}

    service = catalogues.first
    captions = service.searcher.backbone.spec.kind == "mllm"
    with gr.Row(elem_id="desk"):
        with gr.Column(elem_id="ask", min_width=0):
            reference = grid.reference(captions)
            change = gr.Textbox(
                label="What should be different?",
                placeholder="the same, but red with long sleeves",
                lines=1,
                max_lines=4,
                max_length=LONGEST_CHANGE,
                elem_id="change",
            )
            example = grid.changes(suggest)
            options = grid.options(browse)
            button = gr.Button("Search", variant="primary", elem_id="search")
            shelf = grid.shelf(browse, bring=catalogues.folder is not None)
        with gr.Column(elem_id="answer", min_width=0):
            grid.starters(browse)
            grid.trail(browse)
            cards = grid.cards(offered(service), sees, captions)
    _wire(catalogues, [reference, change, name, shelf, options], example, button, cards)
    _wire_looking(catalogues, reference)


def _wire(
    catalogues: Catalogues, asked_of: list[Any], example: "gr.HTML", button: "gr.Button", cards: "gr.HTML"
) -> None:
    """Wire asking and judging; `asked_of` are the components of `ask`'s arguments, in their order."""
    import gradio as gr

    _, change, name, *_ = asked_of

    def ask(
        chosen: dict[str, Any] | None,
        text: str,
        typed: str,
        catalogue: str | None,
        options: dict[str, Any] | None,
        request: gr.Request,
    ) -> dict[str, Any]:
        try:
            with catalogues.traffic.search("ask", page=request.session_hash or "") as turn:
                service = service_of(catalogues, catalogue)
                answer = answer_page(service, chosen, text, annotator_of(typed, request), options)
                turn.refused = "problem" in answer
        except HemlineError as error:
            return {"problem": str(error)}
        return gr.skip() if turn.superseded else answer  # the page waits for the newer one

    def keep(typed: str, event: gr.EventData, request: gr.Request) -> gr.HTML:
        act = grid.sent(event)
        try:
            with catalogues.traffic.errand("judge_cards") as turn:
                service = service_of(catalogues, act.get("catalogue"))
                reply = judge(service, act, annotator_of(typed, request), request.session_hash or "")
                turn.refused = "problem" in reply
                catalogues.traffic.metrics.judgements.inc(len(reply.get("saved") or ()))
        except HemlineError as error:
            return gr.HTML(reply={"turn": act.get("turn"), "problem": str(error)})
        return gr.HTML(reply=reply)

    hidden: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    search: dict[str, Any] = {
        "fn": ask,
        "inputs": asked_of,
        "outputs": cards,
        "js": TELL_SEARCHING,
        "concurrency_id": "search",
        "concurrency_limit": catalogues.traffic.at_once,
        "trigger_mode": "multiple",  # a newer query takes the place of one that still waits
        **hidden,
    }
    asked = gr.on([button.click, change.submit], api_name="ask", **search)
    tapped = example.change(
        None, example, change, js="(tapped) => tapped.text", api_name="use_example", **hidden
    )
    tried = tapped.then(api_name="ask_example", **search)
    for asking in (asked, tried):
        asking.failure(None, js=TELL_FAILED, **hidden)
    judged = cards.judged(
        keep, name, cards, queue=False, trigger_mode="multiple", api_name="judge_cards", **hidden
    )
    judged.failure(None, js=TELL_UNSAVED, api_name="judge_cards_failed", **hidden)


def _wire_looking(catalogues: Catalogues, reference: "gr.HTML") -> None:
    import gradio as gr

    def look(event: gr.EventData) -> gr.HTML:
        ask = grid.sent(event)
        try:
            with catalogues.traffic.search("look") as turn:
                seen = seen_page(service_of(catalogues, ask.get("catalogue")), ask)
                turn.refused = "problem" in seen
            return gr.HTML(seen=seen)
        except HemlineError as error:
            return gr.HTML(seen={"turn": ask.get("turn"), "problem": str(error)})

    hidden: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    looked = reference.looked(
        look, None, reference, concurrency_id="look", concurrency_limit=1, api_name="look", **hidden
    )
    looked.failure(None, js=TELL_UNSEEN, api_name="look_failed", **hidden)
