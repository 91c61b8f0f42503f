"""The page: one person's desk for asking composed queries over a catalogue and judging what comes back.

Each tab is a module `demo/tab_NAME.py` with a function that adds its content to the Blocks being built.
"""

from typing import TYPE_CHECKING, Any

from demo import grid
from demo.api import add_endpoints
from demo.api_judgements import add_judging
from demo.bringing import add_bringing
from demo.catalogues import Catalogues
from demo.keeping import kept as saved_state
from demo.names import add_name
from demo.shelf import shelf_page
from demo.tab_compare import add_compare
from demo.tab_errors import add_errors
from demo.tab_judge import add_judge
from demo.tab_leaderboard import add_leaderboard
from demo.tab_map import add_map
from demo.tab_search import add_search
from demo.tab_versions import add_versions
from demo.verdicts import offered

if TYPE_CHECKING:
    import gradio as gr

DROP_UPLOADS = (600, 3600)  # every 10 minutes, uploads older than an hour are deleted


def build_page(catalogues: Catalogues) -> "gr.Blocks":
    """The whole page with the endpoints for programs; launch it with demo.serve."""
    import gradio as gr

    def browse(wish: dict[str, Any]) -> dict[str, Any]:  # the page's scripts call it by this name
        return shelf_page(catalogues, wish)

    def kept(_: object = None) -> dict[str, Any]:  # likewise; Gradio always sends one argument
        return saved_state(service.keeping, service.lasting)

    service = catalogues.first
    with gr.Blocks(title="Hemline", delete_cache=DROP_UPLOADS, fill_width=True) as page:
        with gr.Row(elem_id="page-head"):
            grid.masthead(len(service.searcher.index.ids), kept)
            name = add_name(page, catalogues)
        # what a tab's scripts draw stays there once it was seen; a tab's button is #ID-button
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("Search", elem_id="search-tab"):
                add_search(catalogues, browse, name)
            with gr.Tab("Judge", elem_id="judge-tab") as tab:
                add_judge(catalogues, name, tab)
            with gr.Tab("Map", elem_id="map-tab") as tab:
                add_map(catalogues, tab)
            with gr.Tab("Errors", elem_id="errors-tab") as tab:
                add_errors(catalogues, tab)
            with gr.Tab("Compare", elem_id="compare-tab") as tab:
                add_compare(catalogues, tab)
            with gr.Tab("Versions", elem_id="versions-tab") as tab:
                add_versions(catalogues, tab)
            with gr.Tab("Leaderboard", elem_id="leaderboard-tab") as tab:
                add_leaderboard(tab)
        grid.keys(offered(service))
        if catalogues.folder is not None:
            add_bringing(catalogues, browse)
        add_endpoints(catalogues)
        add_judging(catalogues)
    page.queue(max_size=64, api_open=False)  # nobody passes the queue by
    return page
