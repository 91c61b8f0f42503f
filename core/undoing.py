"""Undo and redo without end, as an editor has them: each person's own line of judgements."""

from core.judgements import Store, rows, save, saving, standing_undo, taking_back
from core.verdicts import Event


def undo_last(store: Store, annotator: str, session: str | None = None) -> int | None:
    """Take back this annotator's last judgement that was not taken back, and return the number of the undo.

    With `session` only what was judged in that sitting counts. None where nothing is left to undo. The event
    is durable when it returns, and two callers at once never take one judgement back twice. HemlineError
    where the file cannot be written.
    """
    with saving(store):
        done, _ = _lines(_own(store, annotator), session)
        if not done:
            return None
        return save(store.connection, taking_back(done[-1], session or ""))


def redo_last(store: Store, annotator: str, session: str | None = None) -> int | None:
    """Bring back what was taken back last, and return the number of that event; else as `undo_last`.

    A new judgement of the annotator (in `session`, where that is given) clears what could be brought back.
    """
    with saving(store):
        own = _own(store, annotator)
        _, undone = _lines(own, session)
        if not undone:
            return None
        number = standing_undo(store.connection, undone[-1].seq)
        back = next(event for event in own if event.seq == number)
        return save(store.connection, taking_back(back, session or ""))


def _own(store: Store, annotator: str) -> list[Event]:
    return rows(store.connection, "annotator = ? ORDER BY seq", (annotator,))


def _lines(history: list[Event], session: str | None) -> tuple[list[Event], list[Event]]:
    """The judgements that stand and those that can be brought back, the last one last in each."""
    judgements: dict[int, Event] = {}  # by the number of each event of its chain of undos
    lifts: dict[int, bool] = {}  # whether an event makes its judgement stand: an undo turns what it undoes
    done: dict[int, Event] = {}
    undone: dict[int, Event] = {}
    for event in history:
        undoes = event.judgement.undoes
        first = judgements[event.seq] = event if undoes is None else judgements[undoes]
        lifts[event.seq] = undoes is None or not lifts[undoes]
        if session is not None and first.judgement.session != session:
            continue
        if undoes is None:
            undone.clear()
        leaves, joins = (undone, done) if lifts[event.seq] else (done, undone)
        leaves.pop(first.seq, None)
        joins[first.seq] = first
    return list(done.values()), list(undone.values())
