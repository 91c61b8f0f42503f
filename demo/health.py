"""Whether the app is up, and what it counts, for whoever runs it: /healthz and /metrics."""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from demo.catalogues import Catalogues, services
from demo.metrics import text_of
from demo.thumbnails import PREFIX, welcome

FORMAT = "text/plain; version=0.0.4; charset=utf-8"


def health_routes(catalogues: Catalogues, metrics: bool) -> list[Route]:
    """The routes, each under its plain address and under PREFIX (where there is a front server before ours).

    /healthz is open to everybody: {"status": "up", "starting" or "stopping", "model", "garments"}, with 503
    unless it is up. /metrics is for those who are let in, and there where `metrics` says so.
    """

    def healthz(request: Request) -> Response:
        traffic = catalogues.traffic
        status = "stopping" if traffic.stopping else "up" if traffic.ready else "starting"
        facts = {
            "status": status,
            "model": catalogues.first.model_fingerprint[:12],
            "garments": sum(len(service.searcher.index.ids) for service in services(catalogues)),
        }
        return JSONResponse(facts, 200 if status == "up" else 503, {"Cache-Control": "no-store"})

    def counted(request: Request) -> Response:
        if not metrics:
            return PlainTextResponse("metrics are off (HEMLINE_METRICS)", status_code=404)
        if not welcome(request):
            return PlainTextResponse("log in first", status_code=401)
        return Response(text_of(catalogues.traffic.metrics), media_type=FORMAT)

    pages = {"/healthz": healthz, "/metrics": counted}
    return [
        Route(before + place, page, methods=["GET", "HEAD"])
        for place, page in pages.items()
        for before in ("", PREFIX)
    ]
