"""The sides that can be compared: a model over a catalogue, and how it is asked.

The model that answers now, the model as it was built, every version that people made of it, and another model
over the same garments where the app has one; each asked with picture and words, or with one of them alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import HemlineError
from core.evaluation.result import MODALITIES
from core.search import Searcher, with_version
from core.versions import versions
from demo.catalogues import Catalogues, service_of
from demo.service import Service, built_fingerprint

LIVE, BUILT = "live", "built"
ASKED = {"both": "", "image": ", picture only", "text": ", words only"}
_KEPT = 4  # versions held in memory beside the one that answers
_opened: dict[tuple[str, ...], Searcher] = {}


@dataclass(frozen=True)
class Side:
    """`name` is what the page calls it by, `label` what people read; `modality` is how it is asked.

    `service` is the catalogue whose garments the hits are, `model` the fingerprint of the model and `version`
    the folder of its query side, None for that of `plain`.
    """

    name: str
    label: str
    service: Service
    plain: Searcher
    model: str
    version: Path | None = None
    modality: str = "both"

    @property
    def searcher(self) -> Searcher:
        """What answers; a version is loaded when first asked for, which takes well under a second."""
        if self.version is None:
            return self.plain
        key = (str(self.version), self.model, self.plain.index.card.fingerprint)
        if key not in _opened:
            for old in list(_opened)[: max(0, len(_opened) + 1 - _KEPT)]:
                _opened.pop(old, None)
            _opened[key] = with_version(self.plain, self.version)
        return _opened[key]

    def query(self, reference: str | None, text: str | None) -> tuple[str | None, str | None]:
        """A query as this side is asked it: without what its modality hides."""
        return (None if self.modality == "text" else reference, None if self.modality == "image" else text)


def sides(catalogues: Catalogues, catalogue: object) -> list[Side]:
    """All sides over the catalogue of that name, what answers now first; HemlineError for an unknown one."""
    whole = list(_models(catalogues, service_of(catalogues, catalogue)))
    return [_asked(side, modality) for modality in MODALITIES for side in whole]


def side_of(catalogues: Catalogues, catalogue: object, name: object) -> Side:
    """The side of that name, what answers now for None or ""; HemlineError where there is none."""
    found = {side.name: side for side in sides(catalogues, catalogue)}
    wanted = str(name or LIVE)
    if wanted not in found:
        raise HemlineError(f"there is no model called {wanted!r} here any more; choose another")
    return found[wanted]


def _asked(side: Side, modality: str) -> Side:
    name = side.name if modality == "both" else f"{side.name}/{modality}"
    return replace(side, name=name, label=side.label + ASKED[modality], modality=modality)


def _models(catalogues: Catalogues, service: Service) -> Iterator[Side]:
    plain = service.plain or service.searcher
    now = service.version or "the model as it was built"
    yield Side(LIVE, f"What answers now ({now})", service, service.searcher, service.model_fingerprint)
    if service.version:
        built = built_fingerprint(service.checkpoint)
        yield Side(BUILT, "The model as it was built", service, plain, built)
    folder = catalogues.versions
    for card in versions(folder) if folder is not None else []:
        goes = card.target_fingerprint == plain.index.card.target_fingerprint
        if folder is not None and goes and card.name != service.version:
            place = folder / card.name
            yield Side(
                f"version {card.name}", f"Version {card.name}", service, plain, card.model_fingerprint, place
            )
    for other in [catalogues.first, *catalogues.beside.values()]:
        same = set(other.searcher.index.ids) == set(service.searcher.index.ids)
        if same and other.name != service.name:
            called = other.name or "Hemline’s catalogue"
            label = called[0].upper() + called[1:]
            yield Side(f"beside {other.name}", label, other, other.searcher, other.model_fingerprint)
