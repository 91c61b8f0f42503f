"""The endpoints for programs (gradio_client, curl): `/search`, `/caption` and `/versions`."""

from typing import Any

from core.errors import HemlineError
from core.search import describe
from demo.catalogues import Catalogues, service_of
from demo.queries import MOST_HITS, Query, rank
from demo.refinery import refinery_page
from demo.uploads import uploaded_bytes

SEARCHING = (
    "Rank the catalogue for a query: reference_id (a garment of the catalogue) or reference_image (an"
    f" uploaded photo), text, or a reference and text. top_k from 1; at most {MOST_HITS} hits are answered."
    " catalogue names one that people brought; without it, the one the app starts with."
)
CAPTIONING = (
    "What the model sees, in its own words: of reference_id (a garment of the catalogue) or reference_image"
    " (an uploaded photo). An empty string where it has no words."
)
VERSIONS = (
    "The versions of the model that people's judgements made, newest first, with what was measured of each,"
    ' and the name of the one that answers now ("" for the model as it was built).'
)


def add_endpoints(catalogues: Catalogues) -> None:
    """Add `/search`, `/caption` and `/versions` to the Blocks being built."""
    import gradio as gr

    def search(
        reference_id: str | None = None,
        reference_image: dict | None = None,
        text: str | None = None,
        top_k: int = 10,
        catalogue: str | None = None,
    ) -> list[dict[str, Any]]:
        try:
            query = _query(reference_id, reference_image, text)
            hits = rank(service_of(catalogues, catalogue), query, _whole(top_k))
        except HemlineError as error:
            raise gr.Error(str(error), print_exception=False) from None
        return [{"rank": hit.rank, "id": hit.id, "score": hit.score} for hit in hits]

    def caption(
        reference_id: str | None = None,
        reference_image: dict | None = None,
        catalogue: str | None = None,
    ) -> str:
        try:
            query = _query(reference_id, reference_image, None)
            searcher = service_of(catalogues, catalogue).searcher
            return describe(searcher, reference_id=query.reference_id, reference_image=query.upload)
        except HemlineError as error:
            raise gr.Error(str(error), print_exception=False) from None

    def versions() -> dict[str, Any]:
        stands = refinery_page(catalogues, {})
        if stands.get("problem"):
            raise gr.Error(stands["problem"], print_exception=False)
        return {"live": stands.get("live", ""), "versions": stands.get("versions", [])}

    for endpoint, said in ((search, SEARCHING), (caption, CAPTIONING), (versions, VERSIONS)):
        gr.api(
            endpoint,
            api_name=endpoint.__name__,
            api_description=said,
            concurrency_id="search",
            concurrency_limit=1,
        )


def _query(reference_id: object, reference_image: object, text: object) -> Query:
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
