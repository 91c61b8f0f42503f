"""The `/search` endpoint for programs (gradio_client, curl)."""

from typing import Any

from core.errors import HemlineError
from demo.queries import MOST_HITS, Query, rank, uploaded_bytes
from demo.service import Service

DESCRIPTION = (
    "Rank the catalogue for a query: reference_id (a garment of the catalogue) or reference_image (an"
    f" uploaded photo), text, or a reference and text. top_k from 1; at most {MOST_HITS} hits are answered."
)


def add_search_endpoint(service: Service) -> None:
    """Add `/search` to the Blocks being built."""
    import gradio as gr

    def search(
        reference_id: str | None = None,
        reference_image: dict | None = None,
        text: str | None = None,
        top_k: int = 10,
    ) -> list[dict[str, Any]]:
        try:
            query = _query(reference_id, reference_image, text)
            hits = rank(service, query, _whole(top_k))
        except HemlineError as error:
            raise gr.Error(str(error), print_exception=False) from None
        return [{"rank": hit.rank, "id": hit.id, "score": hit.score} for hit in hits]

    gr.api(
        search, api_name="search", api_description=DESCRIPTION, concurrency_id="search", concurrency_limit=1
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
