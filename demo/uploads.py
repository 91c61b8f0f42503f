"""Uploaded references: read once; kept with judgements by consent alone, shown to judges, deleted again."""

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.errors import HemlineError
from core.judgements import Store
from core.pictures import MAX_BYTES, picture_hash
from core.references import delete_uploads, keep_reference, read_reference, references_folder, uploads_of
from demo.thumbnails import PREFIX, welcome

FORGETFUL = "private, no-store"  # a deleted photo must not live on in a browser's cache


def uploaded_bytes(path: str) -> bytes:
    """The bytes of a file that a browser or client uploaded; HemlineError for any other path here."""
    from gradio.utils import get_upload_folder

    folder = os.path.realpath(get_upload_folder())
    real = os.path.realpath(path)
    if os.path.commonpath([folder, real]) != folder or not os.path.isfile(real):
        raise HemlineError("the reference photo was not uploaded, or is gone again: upload it once more")
    with open(real, "rb") as file:
        return file.read(MAX_BYTES + 1)


def folder_of(store: Store) -> Path:
    """Where the uploads of these judgements are kept."""
    return references_folder(store.path)


def keep_with(store: Store, act: Mapping[str, Any], sha: str | None, annotator: str) -> str:
    """Keep the act's upload beside its judgement where its `consent` says so; "" or what went wrong.

    Never raises: the judgement it belongs to is saved already.
    """
    if not act.get("upload") or act.get("consent") is not True:
        return ""
    try:
        data = uploaded_bytes(str(act["upload"]))
        if picture_hash(data) != sha:
            raise HemlineError("the photo is another one now")
        keep_reference(folder_of(store), data, annotator, consent=True)
    except HemlineError as error:
        return f"Saved, but without its photo: {error}"
    return ""


def kept_count(store: Store, annotator: str) -> int:
    """How many photos of this annotator are kept."""
    return len(uploads_of(folder_of(store), annotator))


def forget(store: Store, annotator: str) -> dict[str, Any]:
    """Delete the annotator's photos: {"deleted": count} or {"problem": sentence}."""
    try:
        return {"deleted": delete_uploads(folder_of(store), annotator)}
    except HemlineError as error:
        return {"problem": str(error)}


def kept_address(store: Store, sha: str | None) -> str:
    """Where a browser finds the kept upload with this sha256; "" where none is kept."""
    there = sha is not None and (folder_of(store) / sha[:2] / f"{sha}.webp").is_file()
    return f"{PREFIX}/references/{sha}.webp" if there else ""


def reference_route(store: Store) -> Route:
    """The web route of the kept uploads. (Plain `def`: Starlette runs it in a worker thread.)"""

    def serve(request: Request) -> Response:
        if not welcome(request):
            return PlainTextResponse("log in first", status_code=401)
        try:
            picture = read_reference(folder_of(store), request.path_params["sha"])
        except HemlineError:
            picture = None
        if picture is None:
            return PlainTextResponse("no such picture", status_code=404)
        data = io.BytesIO()
        picture.save(data, "WEBP", quality=85)
        return Response(data.getvalue(), media_type="image/webp", headers={"Cache-Control": FORGETFUL})

    return Route(PREFIX + "/references/{sha}.webp", serve, methods=["GET", "HEAD"])
