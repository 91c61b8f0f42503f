"""The Map tab: the catalogue in two dimensions, coloured, selected from, with the last query on it."""

from typing import TYPE_CHECKING, Any

from demo import grid, maps
from demo.catalogues import Catalogues

if TYPE_CHECKING:
    import gradio as gr

TELL_OPEN = """() => {
  document.dispatchEvent(new CustomEvent("hemline:map-open", { detail: {} }));
}"""


def add_map(catalogues: Catalogues, tab: "gr.Tab") -> None:
    """Add what the tab holds to the Blocks being built."""

    def points(wish: dict[str, Any]) -> dict[str, Any]:  # the page's scripts call these by their names
        return maps.points_page(catalogues, wish)

    def colours(wish: dict[str, Any]) -> dict[str, Any]:
        return maps.colours_page(catalogues, wish)

    def garments(wish: dict[str, Any]) -> dict[str, Any]:
        return maps.garments_page(catalogues, wish)

    def matching(wish: dict[str, Any]) -> dict[str, Any]:
        return maps.matching_page(catalogues, wish)

    def table(wish: dict[str, Any]) -> dict[str, Any]:
        return maps.table_page(catalogues, wish)

    def path(wish: dict[str, Any]) -> dict[str, Any]:
        return maps.path_page(catalogues, wish)

    grid.map_(points, colours, garments, matching, table, path)
    tab.select(
        None, None, None, js=TELL_OPEN, api_name="open_map", api_visibility="private", show_progress="hidden",
        queue=False,
    )  # fmt: skip
