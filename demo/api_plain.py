"""`/search` and `/judge` for programs that ask much: one request, one answer, without Gradio's queue.

A call of Gradio's takes two requests, an event stream and a good deal more of the processor than a query
itself. These routes take the same arguments as JSON and give the same answers, through the same code.
"""

import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from core.batching import Cancelled, unless
from core.errors import HemlineError
from demo.api import hits_of
from demo.api_judgements import judged
from demo.catalogues import Catalogues
from demo.thumbnails import PREFIX, person_of, welcome
from demo.traffic import Refused
from demo.verdicts import named

Work = Callable[[dict[str, Any], str | None], Any]  # the request's values and the login's name to an answer
LONGEST = 2**20  # bytes of a request: `within` may list many ids
SPARE = 8  # threads that judge, and besides those of searches that are let in as many that refuse others


def plain_routes(catalogues: Catalogues) -> list[Route]:
    """POST PREFIX/search and PREFIX/judge. A refusal is {"error": sentence}, with 503 where it is busy."""

    def judge(values: dict[str, Any], person: str | None) -> Any:
        annotator = values.pop("annotator", None)
        if annotator is not None and not isinstance(annotator, str):
            raise HemlineError(f"annotator must be a string; it is {annotator!r}")
        return judged(catalogues, named(person or annotator), "", **values)

    def search(values: dict[str, Any], person: str | None) -> Any:
        return hits_of(catalogues, **values)

    # threads of their own: those of the server are for pictures and pages
    searching = ThreadPoolExecutor(catalogues.traffic.queue + SPARE, "search")
    threads = {search: searching, judge: ThreadPoolExecutor(SPARE, "judge")}
    return [
        Route(f"{PREFIX}/{work.__name__}", _answering(work, pool), methods=["POST"])
        for work, pool in threads.items()
    ]


def _answering(work: Work, threads: ThreadPoolExecutor) -> Callable[[Request], Any]:
    async def answer(request: Request) -> JSONResponse:
        if not welcome(request):
            return JSONResponse({"error": "log in first"}, 401)
        try:
            values = await _values(request)
        except HemlineError as error:
            return JSONResponse({"error": str(error)}, 422)
        gone = threading.Event()

        async def watch() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            gone.set()

        def run() -> JSONResponse:
            with unless(gone.is_set):
                return _outcome(work, values, person_of(request))

        watching = asyncio.create_task(watch())
        try:
            return await asyncio.get_running_loop().run_in_executor(threads, run)
        finally:
            watching.cancel()

    return answer


def _outcome(work: Work, values: dict[str, Any], person: str | None) -> JSONResponse:
    try:
        return JSONResponse(work(values, person))
    except Refused as refused:
        return JSONResponse({"error": str(refused)}, 503, {"Retry-After": "1"})
    except Cancelled as error:
        return JSONResponse({"error": str(error)}, 499)
    except HemlineError as error:
        return JSONResponse({"error": str(error)}, 422)
    except TypeError as error:
        if "unexpected keyword" not in str(error):
            raise
        return JSONResponse({"error": f"there is no argument {str(error).rpartition(' ')[2]}"}, 422)


async def _values(request: Request) -> dict[str, Any]:
    """The request's JSON object; HemlineError for anything else."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LONGEST:
            raise HemlineError(f"the request is longer than {LONGEST:,} bytes")
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise HemlineError('the request must be a JSON object, as {"text": "in denim"}')
    return values
