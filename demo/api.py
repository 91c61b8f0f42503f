"""The endpoints for programs (gradio_client, curl) that only read: `/search`, `/describe` and `/versions`."""

from dataclasses import asdict
from typing import Any

import core.search
from core.errors import HemlineError
from demo.catalogues import Catalogues, service_of
from demo.options import composed
from demo.queries import MOST_HITS, rank
from demo.refinery import refinery_page
from demo.uploads import uploaded_bytes

SEARCHING = (
    "Rank the catalogue for a query: reference_id (a garment of the catalogue) or reference_image (an "
    f"uploaded photo), text, or a reference and text. top_k from 1; at most {MOST_HITS} hits are answered. "
    "catalogue names one that people brought; without it, the one the app starts with. "
    "second_reference_id is a garment changed by the same words; without are words for what is not wanted; "
    "weight goes from -1 (words) over 0 to 1 (picture); filters are {field: [values]} of what is on record; "
    "within is a list of ids to choose from; with fold, near-duplicates of a better hit are listed under it."
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
        second_reference_id: str | None = None,
        without: str | None = None,
        weight: float | None = None,
        filters: dict | None = None,
        within: list[str] | None = None,
        fold: bool = False,
    ) -> list[dict[str, Any]]:
        try:
            return hits_of(
                catalogues,
                reference_id=reference_id,
                reference_image=reference_image,
                text=text,
                top_k=top_k,
                catalogue=catalogue,
                second_reference_id=second_reference_id,
                without=without,
                weight=weight,
                filters=filters,
                within=within,
                fold=fold,
            )
        except HemlineError as error:
            raise gr.Error(str(error), print_exception=False) from None

    def describe(
        reference_id: str | None = None,
        reference_image: dict | None = None,
        catalogue: str | None = None,
    ) -> dict[str, Any]:
        try:
            with catalogues.traffic.search("describe"):
                id_, image, _ = query_asked(reference_id, reference_image, None)
                service = service_of(catalogues, catalogue)
                words = core.search.describe(service.searcher, reference_id=id_, reference_image=image)
        except HemlineError as error:
            raise gr.Error(str(error), print_exception=False) from None
        garment = service.garments.get(id_ or "")
        return {"words": words, "garment": asdict(garment) if garment else {}}

    def versions() -> dict[str, Any]:
        stands = refinery_page(catalogues, {})
        if stands.get("problem"):
            raise gr.Error(stands["problem"], print_exception=False)
        return {"live": stands.get("live", ""), "versions": stands.get("versions", [])}

    # how many are inside is the traffic's to say, so that all wait in one place and batches can form
    for endpoint, said in ((search, SEARCHING), (describe, DESCRIBING), (versions, VERSIONS)):
        gr.api(
            endpoint,
            api_name=endpoint.__name__,
            api_description=said,
            concurrency_id="search",
            concurrency_limit=catalogues.traffic.at_once,
        )


def hits_of(
    catalogues: Catalogues,
    reference_id: object = None,
    reference_image: object = None,
    text: object = None,
    top_k: object = 10,
    catalogue: object = None,
    second_reference_id: object = None,
    without: object = None,
    weight: object = None,
    filters: object = None,
    within: object = None,
    fold: object = False,
) -> list[dict[str, Any]]:
    """What `/search` answers to these values of somebody; HemlineError for what cannot be answered."""
    with catalogues.traffic.search("search"):
        given = query_asked(reference_id, reference_image, text)
        query = composed(*given, second_reference_id, without, weight, filters, within, fold, top_k)
        found = rank(service_of(catalogues, catalogue), query)
    return [
        {"rank": one.hit.rank, "id": one.hit.id, "score": one.hit.score}
        | ({"near_duplicates": [hit.id for hit in one.folded]} if query.fold else {})
        for one in found
    ]


def query_asked(
    reference_id: object, reference_image: object, text: object
) -> tuple[str | None, bytes | None, str]:
    """The reference by id or as its bytes, and the words; HemlineError for others and a file not uploaded."""
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
    return str(reference_id) if reference_id else None, upload, str(text or "").strip()
