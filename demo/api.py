"""The endpoints for programs (gradio_client, curl) that only read: `/search`, `/describe` and `/versions`."""

from dataclasses import asdict
from typing import Any

import core.search
from core.errors import HemlineError
from demo.catalogues import Catalogues, service_of
from demo.queries import MOST_HITS, Query, rank
from demo.refinery import refinery_page
from demo.uploads import uploaded_bytes

SEARCHING = (
    "Rank the catalogue for a query: reference_id (a garment of the catalogue) or reference_image (an "
    f"uploaded photo), text, or a reference and text. top_k from 1; at most {MOST_HITS} hits are answered. "
    "catalogue names one that people brought; without it, the one the app starts with."
)
DESCRIBING = (
    "What is known of reference_id (a garment of the catalogue) or reference_image (an uploaded photo): "
    "words is what the model sees, in its own words, an empty string where it has none; garment is what "
    "the catalogue's record says, nothing for an uploaded photo."
)
VERSIONS = (
    "The versions of the model that people's judgements made, newest first, with what was measured of each,"
)


def add_endpoints(catalogues: Catalogues) -> None:
    """Add the endpoints to the Blocks being built."""
    import gradio as gr

    def search(
        reference_id: str | None = None,
        reference_image: dict | None = None,
        text: str | None = None,
        top_k: int = 10,
        catalogue: str | None = None,
    ) -> list[dict[str, Any]]:
        try:
            query = query_asked(reference_id, reference_image, text)
            hits = rank(service_of(catalogues, catalogue), query, _whole(top_k))
        except HemlineError as error:
            raise gr.Error(str(error), print_exception=False) from None
        return [{"rank": hit.rank, "id": hit.id, "score": hit.score} for hit in hits]

    def describe(
        reference_id: str | None = None,
        reference_image: dict | None = None,
        catalogue: str | None = None,
    ) -> dict[str, Any]:
        try:
            query = query_asked(reference_id, reference_image, None)
            service = service_of(catalogues, catalogue)
            words = core.search.describe(
                service.searcher, reference_id=query.reference_id, reference_image=query.upload
            )
        except HemlineError as error:
            raise gr.Error(str(error), print_exception=False) from None
        garment = service.garments.get(query.reference_id or "")
        return {"words": words, "garment": asdict(garment) if garment else {}}

    def versions() -> dict[str, Any]:
        stands = refinery_page(catalogues, {})
        if stands.get("problem"):
            raise gr.Error(stands["problem"], print_exception=False)
        return {"live": stands.get("live", ""), "versions": stands.get("versions", [])}

    for endpoint, said in ((search, SEARCHING), (describe, DESCRIBING), (versions, VERSIONS)):
        gr.api(
            endpoint,
            api_name=endpoint.__name__,
            api_description=said,
            concurrency_id="search",
            concurrency_limit=1,
        )


def query_asked(reference_id: object, reference_image: object, text: object) -> Query:
    """The query of an endpoint's arguments; HemlineError for one of another kind or a file not uploaded."""
    for name, value in (("reference_id", reference_id), ("text", text)):
        if value is not None and not isinstance(value, str):
            raise HemlineError(f"{name} must be a string; it is {value!r}")
    upload = None
    if reference_image is not None:
        path = reference_image.get("path") if isinstance(reference_image, dict) else None
        if not isinstance(path, str):
            raise HemlineError(
                "reference_image must be an uploaded file, as handle_file(...) of gradio_client makes"
            )
        upload = uploaded_bytes(path)
    return Query(str(reference_id) if reference_id else None, upload, str(text or "").strip())


def _whole(top_k: object) -> int:
    if isinstance(top_k, bool) or not isinstance(top_k, int):
        raise HemlineError(f"top_k must be a whole number; it is {top_k!r}")
    return top_k
