"""The Errors tab: all queries of a run, filtered and sorted, with the figures of what is left."""

from typing import TYPE_CHECKING, Any

from core.errors import HemlineError
from demo import grid
from demo.catalogues import Catalogues, service_of
from demo.errors import PAGE, errors_page, selection, start_answering
from demo.errors import errors_file as whole_file

if TYPE_CHECKING:
    import gradio as gr

MOST_QUERIES = 1000  # of one answer to a program
ERRORS = (
    "The queries of a run with the rank of each target, and recalls, median rank and their 95 %"
    " intervals over all that fit. run is a committed result ('file shipped/wardrobe-shop-both') or a"
    " model that answers here ('live', 'live/image', 'live/text', 'version v1'); without it, it is what"
    " the page opens with. One that has not answered yet does so now, which may take minutes. against is"
    " a second run over the same queries: the answer then says what the first gains. words must all"
    " occur in the text; kind, category, length and tag take any of the labels given; lowest_rank and"
    f" highest_rank bound the target's rank. sort is rank, margin, change or file. At most {MOST_QUERIES}"
    f" queries are answered, {PAGE} by default; the figures are of all that fit."
)
TELL_OPEN = """() => {
  document.dispatchEvent(new CustomEvent("hemline:errors-open", { detail: {} }));
}"""
TELL_LOST = """() => {
  document.dispatchEvent(new CustomEvent("hemline:errors-lost", { detail: {} }));
}"""


def add_errors(catalogues: Catalogues, tab: "gr.Tab") -> None:
    """Add what the tab holds to the Blocks being built."""
    import gradio as gr

    def errors(wish: dict[str, Any]) -> dict[str, Any]:  # the page's script calls these two by their names
        return errors_page(catalogues, wish)

    def errors_file(wish: dict[str, Any]) -> dict[str, Any]:
        return whole_file(catalogues, wish)

    def start(event: gr.EventData) -> gr.HTML:
        return gr.HTML(reply=start_answering(catalogues, grid.sent(event)))

    def queries(
        run: str | None = None,
        against: str | None = None,
        words: str | None = None,
        kind: list[str] | None = None,
        category: list[str] | None = None,
        length: list[str] | None = None,
        tag: list[str] | None = None,
        lowest_rank: int | None = None,
        highest_rank: int | None = None,
        sort: str = "rank",
        descending: bool = True,
        top_k: int = PAGE,
        catalogue: str | None = None,
    ) -> dict[str, Any]:
        wish: dict[str, Any] = {
            "run": run,
            "against": against,
            "words": words,
            "kind": kind,
            "category": category,
        }
        wish |= {"length": length, "tag": tag, "low": lowest_rank, "high": highest_rank}
        try:
            if isinstance(top_k, bool) or not isinstance(top_k, int) or top_k < 0:
                raise HemlineError(f"top_k must be a whole number from 0; it is {top_k!r}")
            wish |= {"by": sort, "down": descending}
            found = selection(catalogues, service_of(catalogues, catalogue), wish, wait=True)
        except HemlineError as error:
            raise gr.Error(str(error), print_exception=False) from None
        return found | {"queries": found["queries"][: min(top_k, MOST_QUERIES)]}

    gr.api(queries, api_name="errors", api_description=ERRORS, concurrency_limit=1)
    with gr.Row(elem_id="errors-desk"):
        board = grid.errors(errors, errors_file)
    hidden: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
    tab.select(None, None, None, js=TELL_OPEN, api_name="open_errors", **hidden)
    acted = board.acted(start, None, board, api_name="answer_queries", **hidden)
    acted.failure(None, js=TELL_LOST, api_name="answer_queries_failed", **hidden)
