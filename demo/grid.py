"""The page's own pieces of HTML: a constant template each, filled by its script (both in demo/static).

Scripts use textContent: no value, caption or name enters a template, since Gradio runs those as code.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.own.limits import Limits
from core.pictures import MAX_BYTES

if TYPE_CHECKING:
    import gradio as gr

# demo.shelf.shelf_page for the running app; the scripts call it as `server.browse`, so it must have that name
Browse = Callable[[dict[str, Any]], dict[str, Any]]
# demo.keeping.kept for the running app, which the script calls as `server.kept`
Kept = Callable[[object], dict[str, Any]]

# demo.verdicts.offered: what can be said of a hit
Vocabulary = list[dict[str, str]]
# demo.shelf.suggest_page for the running app, which the script calls as `server.suggest`
Suggest = Callable[[dict[str, Any]], list[str]]
# what a script calls as `server.NAME`; the function must have that name
Read = Callable[[dict[str, Any]], dict[str, Any]]

STATIC = Path(__file__).parent / "static"

# Tapped, they become the change: one list per Closet category, and one for a reference of unknown category.
EXAMPLES = {
    "any": ["in red", "with long sleeves", "with stripes", "without the print", "shorter"],
    "dress": [
        "in black",
        "with long sleeves",
        "with flowers",
        "shorter, with a belt",
        "plain instead of printed",
    ],
    "shirt": [
        "in light blue",
        "with short sleeves",
        "with a check pattern",
        "in denim",
        "plain, with a collar",
    ],
    "toptee": ["in black", "with long sleeves", "with stripes", "without the print", "with a hood"],
    "outerwear": ["in navy", "with a hood", "in leather", "longer and warmer", "lighter, without a lining"],
    "bottoms": ["in black", "shorter", "in light denim", "wide instead of skinny", "with stripes"],
    "shoes": ["in white", "with a heel", "in brown leather", "a high-top", "open, like a sandal"],
}


def _part(name: str, *scripts: str, **settings: Any) -> "gr.HTML":
    """The component of NAME.html, run by dom.js and `scripts` in their order (without any: NAME.js)."""
    import gradio as gr

    return gr.HTML(
        html_template=(STATIC / f"{name}.html").read_text(),
        js_on_load="".join((STATIC / f"{script}.js").read_text() for script in ("dom", *(scripts or [name]))),
        apply_default_css=False,
        elem_id=name,
        **settings,
    )


def sent(event: "gr.EventData") -> dict[str, Any]:
    """What a script sent with an event; {} for anything else that a program may send in its place."""
    return event._data if isinstance(event._data, dict) else {}


def reference(captions: bool) -> "gr.HTML":
    """The chosen reference; its value is None, {"reference_id": id} or {"upload": path}.

    Where the model writes `captions`, `looked` asks what it sees and `seen` takes seen_page's answer.
    """
    return _part(
        "reference", "reference", "seen", value=None, seen=None, captions=captions, max_bytes=MAX_BYTES
    )


def options(browse: Browse) -> "gr.HTML":
    """The options of a query; its value is None or what demo.options.page_query takes."""
    return _part("options", "facets", "options", value=None, server_functions=[browse])


def trail(browse: Browse) -> "gr.HTML":
    """The queries asked so far, to go back to, and the link of one; it opens a link that was followed."""
    return _part("trail", "link", "trail", value=None, server_functions=[browse])


def shelf(browse: Browse, bring: bool) -> "gr.HTML":
    """The catalogue to choose a reference from, a page at a time; the value is the chosen catalogue's name.

    With `bring` it offers to bring one's own photos.
    """
    return _part("shelf", "facets", "shelf", value="", bring=bring, server_functions=[browse])


def starters(browse: Browse) -> "gr.HTML":
    """A few composed queries to tap before the first search."""
    return _part("starters", value=None, server_functions=[browse], examples=EXAMPLES)


def own(browse: Browse) -> "gr.HTML":
    """What came of bringing photos, and one's own catalogues.

    `value` takes demo.own.bring's answer, `reply` that of take_out; `discarded` carries what to remove.
    """
    return _part("own", value=None, reply=None, server_functions=[browse])


def own_head(limits: Limits) -> "gr.HTML":
    """The head of the panel for bringing photos, with what it takes."""
    return _part("own-head", value=None, photos=limits.photos, megabytes=limits.bytes // 2**20)


def changes(suggest: Suggest) -> "gr.HTML":
    """Changes to tap, by `suggest` or examples; the value becomes {"text", "turn"} when one is tapped."""
    return _part("changes", value=None, examples=EXAMPLES, server_functions=[suggest])


def cards(vocabulary: Vocabulary, sees: Read, captions: bool) -> "gr.HTML":
    """The ranked cards: `value` takes answer_page's answer, `reply` judge's; `judged` carries an act.

    Where the model writes `captions`, `sees` is asked for them (demo.queries.seen_page).
    """
    scripts = ("verdict-keys", "cards", "acts", "menu", "select", "meets", "closer", "guard")
    settings: dict[str, Any] = {"vocabulary": vocabulary, "captions": captions, "server_functions": [sees]}
    return _part("cards", *scripts, value=None, reply=None, **settings)


def keys(vocabulary: Vocabulary) -> "gr.HTML":
    """The dialog in which people choose the keys of the verdicts."""
    return _part("keys", "verdict-keys", "keys", value=None, vocabulary=vocabulary)


def mine(kept_uploads: Read) -> "gr.HTML":
    """What is kept of one's photos; `forgotten` asks to delete them, `reply` takes demo.uploads.forget's."""
    return _part("mine", value=None, reply=None, server_functions=[kept_uploads])


def judge(queue: Read, vocabulary: Vocabulary) -> "gr.HTML":
    """One item of a queue at a time; `judged` carries a verdict, `reply` takes judge_item's answer."""
    scripts = ("verdict-keys", "judge", "guard")
    return _part("judge", *scripts, value=None, reply=None, vocabulary=vocabulary, server_functions=[queue])


def agreement(agreement: Read) -> "gr.HTML":
    """How far people agree, measured when asked for."""
    return _part("agreement", value=None, server_functions=[agreement])


def versions(refinery: Read, effect: Read) -> "gr.HTML":
    """Refining and the versions: `acted` carries an act of demo.refinery, `reply` takes its answer."""
    return _part("versions", value=None, reply=None, server_functions=[refinery, effect])


def leaderboard(leaderboard: Read) -> "gr.HTML":
    """What was measured; `server.leaderboard` gives the rows and what each comes from."""
    return _part("leaderboard", "figures", "leaderboard", value=None, server_functions=[leaderboard])


def errors(errors: Read, errors_file: Read) -> "gr.HTML":
    """The error browser: `acted` asks to answer the queries, `reply` takes demo.errors.start_answering's."""
    return _part(
        "errors", "figures", "errors", value=None, reply=None, server_functions=[errors, errors_file]
    )


def compare(compare: Read, compare_batch: Read) -> "gr.HTML":
    """Two sides beside each other: `acted` asks to answer the queries, `reply` takes what came of that."""
    return _part(
        "compare", "figures", "compare", value=None, reply=None, server_functions=[compare, compare_batch]
    )


def map_(*reads: Read) -> "gr.HTML":
    """The catalogue's map; `reads` are demo.maps' pages, called as tab_map names them."""
    scripts = ("map", "map-draw", "map-path", "map-select", "map-hands")
    return _part("map", *scripts, value=None, server_functions=list(reads))


def masthead(garments: int, kept: Kept) -> "gr.HTML":
    """The page's head; `garments` is the catalogue's size, `kept` says where judgements are by now."""
    return _part("masthead", value=None, garments=garments, server_functions=[kept])
