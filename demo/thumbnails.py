"""Small copies of the catalogue's photos: made when first asked for, kept in a folder, served by hashed name.

A browser never sees where a photo lies on this machine: it asks for PREFIX +
`/thumbnails/SIZE/NAME.webp?of=ID`, NAME being a hash of the garment's id and of its file's place, size and
time, so that a changed photo gets a new address. Where the page asks for a name and password, so do its
pictures.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from core.errors import HemlineError
from core.files import write_atomically
from core.pictures import read_picture

SIDES = {
    "card": 256,
    "view": 640,
}  # pixels of the shorter side: a card in a grid, and the photo looked at closely
QUALITY = 80
PREFIX = "/gradio_api/hemline"  # of our routes; Gradio's front server (SSR) hands on none without /gradio_api
KEEP = "public, max-age=31536000, immutable"  # a name stands for one content for ever


@dataclass(frozen=True)
class Thumbnails:
    """`folder` holds the copies of `pictures` (id -> photo); catalogues may share it.

    `names` leads from the ids that were shown to their names: a photo is looked at when it is first shown,
    since a catalogue may have millions.
    """

    folder: Path
    pictures: Mapping[str, Path]
    names: dict[str, str] = field(default_factory=dict)

    def name(self, id_: str) -> str | None:
        """The name of the garment's small copies; None for an id outside the catalogue."""
        if id_ not in self.names and id_ in self.pictures:
            self.names[id_] = _name(id_, self.pictures[id_])
        return self.names.get(id_)


def _name(id_: str, path: Path) -> str:
    try:
        state = path.stat()
        stamp = f"{state.st_size} {state.st_mtime_ns}"
    except OSError:
        stamp = "missing"  # asked for, it answers 404 and the page shows a tile without a photo
    return hashlib.sha256(f"{id_}\n{path.resolve()}\n{stamp}".encode()).hexdigest()[:32]


def address(thumbnails: Thumbnails, id_: str, size: str = "card") -> str:
    """Where a browser finds the small copy of garment `id_`; "" for an id outside the catalogue."""
    name = thumbnails.name(id_)
    return f"{PREFIX}/thumbnails/{size}/{name}.webp?of={quote(id_, safe='')}" if name else ""


def thumbnail(thumbnails: Thumbnails, size: str, id_: str) -> Path:
    """The small copy's file, made the first time; HemlineError for an unknown id or a spoilt photo."""
    name, side = thumbnails.name(id_), SIDES.get(size)
    if name is None or side is None:
        raise HemlineError(f"there is no thumbnail {size} of {id_!r}")
    kept = thumbnails.folder / size / f"{name}.webp"
    if not kept.is_file():
        picture = read_picture(thumbnails.pictures[id_])
        scale = min(1.0, side / min(picture.size))
        picture = picture.resize(
            (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        )
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(kept, lambda path: picture.save(path, "WEBP", quality=QUALITY))
    return kept


def thumbnail_route(all_of: Callable[[], Iterable[Thumbnails]]) -> Route:
    """The web route that serves the small copies of all that `all_of` answers, asked for each request.

    (Plain `def`: Starlette runs it in a worker thread.)
    """

    def serve(request: Request) -> Response:
        if not welcome(request):
            return PlainTextResponse("log in first", status_code=401)
        name, id_ = request.path_params["name"], request.query_params.get("of", "")
        # the name says of which catalogue, and that the photo is what it was when the page was told of it
        having = [thumbnails for thumbnails in all_of() if thumbnails.name(id_) == name]
        if not having:
            return PlainTextResponse("no such picture", status_code=404)
        try:
            kept = thumbnail(having[0], request.path_params["size"], id_)
        except (HemlineError, OSError):
            return PlainTextResponse("no such picture", status_code=404)
        return FileResponse(kept, media_type="image/webp", headers={"Cache-Control": KEEP})

    return Route(f"{PREFIX}/thumbnails/{{size}}/{{name}}.webp", serve, methods=["GET", "HEAD"])


def welcome(request: Request) -> bool:
    """Whether Gradio would let this browser in; its own check is not open to routes beside its own."""
    return request.app.auth is None or person_of(request) is not None


def person_of(request: Request) -> str | None:
    """The name that this browser logged in with; None where it did not, and where there is no login."""
    app = request.app
    if app.auth is None:
        return None
    cookies = (f"access-token-{app.cookie_id}", f"access-token-unsecure-{app.cookie_id}")
    tokens = (request.cookies.get(name) for name in cookies)
    return next((app.tokens[token] for token in tokens if token in app.tokens), None)
