"""The door of the web server: what never comes to Gradio, being closed, too large, or from another site.

Gradio has routes that this app does not use, of which one makes a picture as large as is asked, others fetch
what an address names or keep files for ever. And it answers a request that makes no sense with a fault of its
own; here that is told as what it is.
"""

import logging
import re
import shutil
import tempfile
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.own import LIMITS

LOG = logging.getLogger("hemline")
MOST_BODY = 8 * 2**20
"""Bytes of any request but an upload; a query within a hundred thousand ids has two million."""
MOST_UPLOAD = LIMITS.bytes + 2**20  # of one upload, however many files; beside them stand their names
KEPT_FREE = 512 * 2**20  # bytes of the disk that uploads must leave
UPLOAD = "/gradio_api/upload"
CLOSED = re.compile(
    r"/(pwa_icon|monitoring)(/|$)"
    r"|/gradio_api/(proxy=|file/|file=\s*https?:|process_recording|(undo-)?vibe-|custom_component/|deep_link"
    r"|runs?(-history)?/?$|run-history/|dev/|stream/|profiling/)",
    re.IGNORECASE,
)
FILES = "/gradio_api/file="
NO_SCRIPTS = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'"
HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}


class Door:
    """ASGI middleware; each refusal is JSON {"detail": sentence} with the status that fits."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refused = refusal(scope)
        if refused:
            await JSONResponse({"detail": refused[1]}, refused[0], HEADERS)(scope, receive, send)
        else:
            await self._pass(scope, receive, send)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        most, got, began, streams = most_of(scope["path"]), 0, False, False

        async def counted() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            if got > most:
                raise _TooLarge
            return message

        async def sent(message: Message) -> None:
            nonlocal began, streams
            if message["type"] == "http.response.start":
                if got > most:  # whatever Gradio made of being cut off
                    raise _TooLarge
                began = True
                headers = MutableHeaders(scope=message)
                streams = headers.get("content-type", "").startswith("text/event-stream")
                _harden(scope["path"], headers)
            await send(message)

        try:
            await self.app(scope, counted, sent)
        except Exception as error:
            if (
                began and streams
            ):  # an event that is not there, or not any more: Gradio has said so and breaks off
                LOG.info("a stream of events ended early (%s)", type(error).__name__)
                await send({"type": "http.response.body", "body": b""})
                return
            if began:
                raise
            status, sentence = _told(scope, error)
            await JSONResponse({"detail": sentence}, status, HEADERS)(scope, receive, send)


class _TooLarge(Exception):
    """More bytes came than a request may have."""


def refusal(scope: Scope) -> tuple[int, str] | None:
    """The status and the sentence with which a request is refused by its head alone; None where it is not."""
    path, headers = scope["path"], Headers(scope=scope)
    if CLOSED.match(path):
        return 404, "there is nothing here"
    if scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return None
    if is_foreign(headers):
        return 403, "this app takes nothing from the pages of other sites; open its own page"
    length = headers.get("content-length", "")
    declared = int(length) if length.isascii() and length.isdigit() else 0
    if declared > most_of(path):
        return 413, _larger(path)
    if path.rstrip("/") == UPLOAD and shutil.disk_usage(tempfile.gettempdir()).free - declared < KEPT_FREE:
        return 507, "this machine has no room for uploads just now; try again later"
    return None


def is_foreign(headers: Headers) -> bool:
    """Whether a browser says that another site's page sends this; programs say nothing of it.

    `Sec-Fetch-Site` is what browsers send on HTTPS and to their own machine; else `Origin` must be the host.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site not in ("same-origin", "none")
    hosts = {headers.get("host"), headers.get("x-forwarded-host")}
    return origin is not None and urlsplit(origin).netloc not in hosts


def most_of(path: str) -> int:
    """The most bytes that a request to `path` may have."""
    return MOST_UPLOAD if path.rstrip("/") == UPLOAD else MOST_BODY


def close_outward() -> None:
    """Keep Gradio from fetching the addresses that a request names in place of an uploaded file."""
    import gradio as gr
    from gradio import processing_utils

    async def refuse(url: str) -> Any:
        raise gr.Error("a photo must be uploaded: this app fetches nothing", print_exception=False)

    processing_utils.async_ssrf_protected_get = refuse


def misunderstood(request: Request, error: Exception) -> JSONResponse:
    """The answer to a body of another form, which does not repeat it: that takes seconds for a large one."""
    first: dict[str, Any] = next(iter(getattr(error, "errors", list)()), {})
    where = ".".join(str(part) for part in first.get("loc", ()))[:200]
    return JSONResponse({"detail": f"{where}: {str(first.get('msg', 'of another form'))[:200]}"}, 422)


def _harden(path: str, headers: MutableHeaders) -> None:
    for name, value in HEADERS.items():
        headers[name] = value
    if path.startswith(FILES):
        headers["Content-Security-Policy"] = NO_SCRIPTS


def _larger(path: str) -> str:
    return f"the request is larger than the {most_of(path) // 2**20} MiB that this app takes at once"


def _told(scope: Scope, error: Exception) -> tuple[int, str]:
    path, kind = scope["path"], type(error).__name__
    if isinstance(error, _TooLarge):
        return 413, _larger(path)
    if path.startswith("/gradio_api/") and scope["method"] == "POST":
        LOG.info("a request that makes no sense was refused (%s)", kind)
        return 400, f"this is no request that the app knows ({kind}); /gradio_api/info lists what it takes"
    LOG.error("a page could not be made", exc_info=error)
    return 500, "something went wrong here; whoever runs the app finds it in the log"
