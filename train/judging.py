"""Judges what a model wrote: the filter's verdict on each text, and the line it becomes, with provenance."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from train.text_filter import Standard, change_fault, cleaned, description_fault, lexicon_of, repeated
from train.written import Line

if TYPE_CHECKING:
    from core.datasets.fashioniq import Split
    from train.describing import Describer
    from train.neighbours import Pair


class Judge:
    """Turns the texts of one run into lines; `hashes`: sha256 of each photo's file."""

    def __init__(
        self, describer: "Describer", split: "Split", origin: Mapping[str, str], hashes: Mapping[str, str]
    ) -> None:
        ids = frozenset(hashes)
        # A small model of ours spells words that no one wrote; one that follows instructions has its own.
        lexicon = None if describer.follows else _dataset_words(split)
        self.hashes = hashes
        self.of_descriptions = Standard(
            most=describer.description_words, prompt=describer.description_prompt, ids=ids, lexicon=lexicon
        )
        self.of_changes = Standard(
            least=2, most=describer.change_words, prompt=describer.change_prompt, ids=ids
        )
        self.description_origin = _origin(
            describer, origin, describer.description_prompt, self.of_descriptions
        )
        self.change_origin = _origin(describer, origin, describer.change_prompt, self.of_changes)

    def descriptions(
        self, photos: Sequence[str], categories: Mapping[str, str], written: Sequence[str]
    ) -> tuple[dict[str, str], list[Line], list[Line]]:
        """The good descriptions by photo, their lines, and the lines of the dropped ones."""
        texts = [cleaned(text) for text in written]
        faults = [description_fault(text, self.of_descriptions) for text in texts]
        often = repeated([text for text, fault in zip(texts, faults, strict=True) if not fault])
        said: dict[str, str] = {}
        kept: list[Line] = []
        dropped: list[Line] = []
        for photo, text, fault in zip(photos, texts, faults, strict=True):
            reason = fault or ("repeated" if text in often else None)
            line = {"photo": photo, "photo_sha256": self.hashes[photo], "category": categories[photo]}
            if reason is None:
                said[photo] = text
                kept.append({**line, "text": text, **self.description_origin})
            else:
                dropped.append(
                    {"kind": "caption", "reason": reason, **line, "text": text, **self.description_origin}
                )
        return said, kept, dropped

    def changes(
        self, pairs: Sequence["Pair"], said: Mapping[str, str], written: Sequence[Sequence[str]]
    ) -> tuple[list[Line], list[Line]]:
        """The lines of pairs with a good change, and the lines of the dropped ones, a text each."""
        texts = [[cleaned(text) for text in wordings] for wordings in written]
        faults = [
            [
                change_fault(text, said[pair.reference], said[pair.target], self.of_changes)
                for text in wordings
            ]
            for pair, wordings in zip(pairs, texts, strict=True)
        ]
        good = [_without_faults(*both) for both in zip(texts, faults, strict=True)]
        often = repeated([text for wordings in good for text in wordings])
        kept: list[Line] = []
        dropped: list[Line] = []
        for pair, wordings, found in zip(pairs, texts, faults, strict=True):
            line = self._pair(pair)
            reasons = [
                fault or ("repeated" if t in often else None)
                for t, fault in zip(wordings, found, strict=True)
            ]
            if not wordings:  # nothing to say of the two is a text that was not written
                wordings, reasons = [""], ["not differing"]
            for text, reason in zip(wordings, reasons, strict=True):
                if reason is not None:
                    dropped.append(
                        {"kind": "change", "reason": reason, **line, "text": text, **self.change_origin}
                    )
            if left := _without_faults(wordings, reasons):
                kept.append({**line, "texts": left, **self.change_origin})
        return kept, dropped

    def _pair(self, pair: "Pair") -> Line:
        ends = {"reference": pair.reference, "target": pair.target}
        digests = {f"{side}_sha256": self.hashes[photo] for side, photo in ends.items()}
        return {**ends, **digests, "category": pair.category}


def _without_faults(texts: Iterable[str], faults: Iterable[str | None]) -> list[str]:
    return [text for text, fault in zip(texts, faults, strict=True) if fault is None]


def _origin(
    describer: "Describer", origin: Mapping[str, str], prompt: str, standard: Standard
) -> dict[str, Any]:
    """Where a text comes from: model, prompt, and how it was generated."""
    how = {"decoding": "greedy", "max_words": standard.most, "seed": describer.seed}
    return {**origin, "prompt": prompt, "generation": how}


def _dataset_words(split: "Split") -> frozenset[str]:
    """Every word of the split's own captions and modification texts."""
    texts = [garment.caption for garment in split.garments.values()]
    return lexicon_of([*texts, *(text for triplet in split.triplets for text in triplet.captions)])
