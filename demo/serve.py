"""Starting the page's server: local files only, no telemetry, no inputs kept in the browser's history."""

import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from core.errors import HemlineError
from demo.catalogues import Catalogues, renew, services
from demo.keeping import keep_now
from demo.live import watch
from demo.own import LIMITS

STATIC = Path(__file__).parent / "static"
LOG = logging.getLogger("hemline")
THREADS = 40  # besides those of the searches: Gradio's own number
GRACE = 10.0  # seconds that what was let in has to end in when the app is to stop
LAST_WORDS = 0.3  # seconds in which the last answers leave the machine
STYLES = (
    "page",
    "ask",
    "cards",
    "options",
    "dialogs",
    "judge",
    "own",
    "versions",
    "leaderboard",
    "errors",
    "compare",
    "map",
    "phone",
)  # in this order: the last one overrides


def serve(
    catalogues: Catalogues,
    host: str,
    port: int,
    auth: Sequence[tuple[str, str]] = (),
    mcp: bool = False,
    metrics: bool = True,
) -> None:
    """Serve until interrupted; prints the address once the page answers; HemlineError for a taken port.

    `auth` are the names and passwords that are let in; without any everybody is. With
    `mcp` the endpoints for programs are tools of the Model Context Protocol as well; `metrics` says whether
    /metrics answers. Asked to stop (SystemExit, KeyboardInterrupt) it lets nobody in any more, and what was
    let in ends first, within GRACE seconds.
    """
    from fastapi.exceptions import RequestValidationError
    from starlette.middleware import Middleware

    from demo.api_plain import plain_routes
    from demo.door import Door, close_outward, misunderstood
    from demo.guarding import on_file
    from demo.health import health_routes
    from demo.page import build_page
    from demo.shelf import prepare_shelf
    from demo.theme import calm_theme
    from demo.thumbnails import thumbnail_route
    from demo.uploads import reference_route

    traffic = catalogues.traffic
    close_outward()
    watch(catalogues)
    prepare_shelf(catalogues)
    page = build_page(catalogues)
    try:
        _, address, _ = page.launch(
            server_name=host,
            server_port=port,
            auth=list(auth) or None,
            prevent_thread_lock=True,
            quiet=True,
            # a search that waits holds a thread; the others are for whoever judges and browses meanwhile
            max_threads=traffic.queue + THREADS,
            share=False,
            show_error=False,  # of faults nobody foresaw; what a visitor can mend is said all the same
            run_history=False,
            footer_links=["api"],
            max_file_size=LIMITS.bytes,
            enable_monitoring=False,
            ssr_mode=None,  # as GRADIO_SSR_MODE says, which Spaces set
            pwa=False,
            mcp_server=mcp,
            favicon_path=STATIC / "favicon.png",
            theme=calm_theme(),
            css_paths=[STATIC / f"{name}.css" for name in STYLES],
            app_kwargs={
                "middleware": [Middleware(Door)],
                "exception_handlers": {RequestValidationError: misunderstood},
                "routes": [
                    *health_routes(catalogues, metrics),
                    *plain_routes(catalogues),
                    thumbnail_route(lambda: [service.thumbnails for service in services(catalogues)]),
                    reference_route(catalogues.first.store),
                ],
            },
        )
    except OSError as error:
        raise HemlineError(
            f"cannot listen on {host}, port {port}: it is taken or not allowed; name another with --port"
        ) from error
    print(
        f"Hemline is at {address} ({len(catalogues.first.searcher.index.ids):,} garments); Ctrl-C stops it",
        flush=True,
    )
    traffic.ready = True
    renew(catalogues)
    # so that the first flag need not wait for the queries beside the catalogue
    threading.Thread(target=on_file, args=(catalogues.first,), name="queries on file", daemon=True).start()
    try:
        while page.is_running:
            time.sleep(0.1)
    except KeyboardInterrupt:
        LOG.info("stopping")
    finally:
        if not traffic.stop(GRACE):
            LOG.warning("%d requests were not answered within %.0f seconds", traffic.inside, GRACE)
        time.sleep(LAST_WORDS)
        page.close(verbose=False)
        if catalogues.first.keeping is not None:
            keep_now(catalogues.first.keeping)
