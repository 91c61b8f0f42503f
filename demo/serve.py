"""Starting the page's server: local files only, no telemetry, no inputs kept in the browser's history."""

import threading
from collections.abc import Sequence
from pathlib import Path

from core.errors import HemlineError
from demo.catalogues import Catalogues, renew, services
from demo.live import watch
from demo.own import LIMITS

STATIC = Path(__file__).parent / "static"
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
    catalogues: Catalogues, host: str, port: int, auth: Sequence[tuple[str, str]] = (), mcp: bool = False
) -> None:
    """Serve until interrupted; prints the address once the page answers; HemlineError for a taken port.

    `auth` are the names and passwords that are let in; without any everybody is. With
    `mcp` the endpoints for programs are tools of the Model Context Protocol as well.
    """
    from fastapi.exceptions import RequestValidationError
    from starlette.middleware import Middleware

    from demo.door import Door, close_outward, misunderstood
    from demo.guarding import on_file
    from demo.page import build_page
    from demo.shelf import prepare_shelf
    from demo.theme import calm_theme
    from demo.thumbnails import thumbnail_route
    from demo.uploads import reference_route

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
    renew(catalogues)
    # so that the first flag need not wait for the queries beside the catalogue
    threading.Thread(target=on_file, args=(catalogues.first,), name="queries on file", daemon=True).start()
    page.block_thread()
