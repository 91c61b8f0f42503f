"""The endpoints for programs that judge and fetch judgements: `/judge` and `/export`."""

from typing import Any

from core import exchange
from core.composed import ComposedQuery, ask
from core.errors import HemlineError
from core.verdicts import fold
from demo.api import query_asked
from demo.catalogues import Catalogues, service_of
from demo.names import annotator_of
from demo.queries import reference_hash
from demo.service import Service, history
from demo.verdicts import judge as judge_act

JUDGING = (
    "Judge hit_id as an answer to a query: reference_id (a garment of the catalogue) or reference_image "
    "(an uploaded photo), text, or a reference and text, as /search takes them. verdict is one of the "
    "vocabulary's. Rank and score are what the model that answers now gives. Answers saved, the event's "
    "number once it is on the disk; or nothing saved and warnings, where something speaks for the "
    "garment: name those in second_look to save it all the same. annotator is the login's name where "
    "there is a login."
)
EXPORTING = (
    "Everybody's judgements as rows, oldest first: with standing (the default) the verdicts that stand "
    "now, else every event. annotator keeps one person's."
)


def add_judging(catalogues: Catalogues) -> None:
    """Add the endpoints to the Blocks being built."""
    import gradio as gr

    def judge(
        hit_id: str,
        verdict: str,
        reference_id: str | None = None,
        reference_image: dict | None = None,
        text: str | None = None,
        reason: str | None = None,
        second_look: list[str] | None = None,
        annotator: str | None = None,
        catalogue: str | None = None,
        request: gr.Request = None,  # type: ignore[assignment]  # Gradio always gives one
    ) -> dict[str, Any]:
        try:
            name, session = annotator_of(annotator, request), request.session_hash or ""
            return judged(
                catalogues,
                name,
                session,
                hit_id=hit_id,
                verdict=verdict,
                reference_id=reference_id,
                reference_image=reference_image,
                text=text,
                reason=reason,
                second_look=second_look,
                catalogue=catalogue,
            )
        except HemlineError as error:
            raise gr.Error(str(error), print_exception=False) from None

    def export(annotator: str | None = None, standing: bool = True) -> list[dict[str, Any]]:
        if not catalogues.export:
            problem = "this app gives no judgements away: whoever runs it has not allowed it (HEMLINE_EXPORT)"
            raise gr.Error(problem, print_exception=False)
        events = history(catalogues.first)
        if standing:
            events = sorted(fold(events).values(), key=lambda event: event.seq)
        rows = exchange.rows_of(events)
        return [row for row in rows if annotator is None or row["annotator"] == annotator]

    gr.api(judge, api_name="judge", api_description=JUDGING, concurrency_id="judge", concurrency_limit=4)
    gr.api(export, api_name="export", api_description=EXPORTING)


def judged(
    catalogues: Catalogues,
    annotator: str,
    session: str,
    hit_id: object = None,
    verdict: object = None,
    reference_id: object = None,
    reference_image: object = None,
    text: object = None,
    reason: object = None,
    second_look: object = None,
    catalogue: object = None,
) -> dict[str, Any]:
    """What `/judge` answers to these values of somebody; HemlineError where nothing was saved for another
    reason than a warning."""
    with catalogues.traffic.errand("judge"):
        id_, image, words = query_asked(reference_id, reference_image, text)
        service = service_of(catalogues, catalogue)
        query = ComposedQuery(id_, image, words, top_k=len(service.searcher.index.ids))
        done = judge_act(
            service, _act(service, query, hit_id, verdict, reason, second_look), annotator, session
        )
        if "problem" in done:
            raise HemlineError(done["problem"])
    catalogues.traffic.metrics.judgements.inc(len(done["saved"]))
    warnings = [caution for warned in done["warned"] for caution in warned["cautions"]]
    return {"saved": done["saved"][0] if done["saved"] else None, "warnings": warnings}


def _act(
    service: Service, query: ComposedQuery, hit_id: object, verdict: object, reason: object, looked: object
) -> dict[str, Any]:
    """The act of demo.verdicts.judge; HemlineError for a query or hit that is none of this catalogue."""
    hits = [found.hit for found in ask(service.searcher, query, service.garments)]
    found = [hit for hit in hits if hit.id == hit_id]
    if not found:
        raise HemlineError(
            f"hit_id {hit_id!r} is no answer to this query: it is its reference, or not in the catalogue"
        )
    return {
        "hits": [vars(found[0])],
        "verdict": verdict,
        "reason": reason,
        "second_look": {found[0].id: looked},
        "model": service.model_fingerprint,
        "index": service.index_fingerprint,
        "query": {
            "reference_id": query.reference_id,
            "reference_hash": reference_hash(service, query),
            "text": query.words,
        },
    }
