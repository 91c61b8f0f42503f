"""Judgements that outlive their machine: batches, replay, merging, and the loop that copies them."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import HemlineError
from core.journal import batches, read_journal, records_of, replay, unwritten, write_batch
from core.judgements import Store, append, current, events, open_store, undo
from core.verdicts import Judgement
from demo.keeping import Keeping, Remote, keep_now, kept, start_keeping


def said(hit: str, verdict: str = "hard negative", second: int = 0, annotator: str = "ana") -> Judgement:
    return Judgement(
        annotator=annotator,
        hit_id=hit,
        rank=2,
        score=1,  # a whole number, which SQLite gives back as 1.0
        verdict=verdict,
        model_fingerprint="m" * 64,
        index_fingerprint="i" * 64,
        text="but red, “größer”",
        time=f"2026-01-31T09:30:{second:02d}.000001+00:00",
    )


def machine(folder: Path) -> Store:
    return open_store(folder / "judgements.sqlite")


def standing(store: Store) -> dict[str, str]:
    return {about.hit_id: event.judgement.verdict for about, event in current(store).items()}


def judge_a_little(store: Store, second: int = 0) -> None:
    append(store, said("a", second=second))
    append(store, said("b", second=second + 1))
    undo(store, append(store, said("a", "acceptable", second=second + 2)))
    undo(store, undo(store, 2))  # taken back, and taken back again


def test_a_new_machine_has_everything_after_a_replay_and_nothing_twice(tmp_path: Path) -> None:
    old, new = machine(tmp_path / "old"), machine(tmp_path / "new")
    judge_a_little(old)
    write_batch(tmp_path / "journal", records_of(events(old)))
    journal = read_journal(tmp_path / "journal")
    assert journal.faults == ()
    assert replay(new, journal.records).added == 6
    assert events(new) == events(old)
    assert replay(new, journal.records).added == 0
    assert replay(old, journal.records).added == 0
    assert unwritten(new, journal.records) == []


def test_two_machines_merge_to_one_state_in_either_order(tmp_path: Path) -> None:
    one, other = machine(tmp_path / "one"), machine(tmp_path / "other")
    append(one, said("c", "acceptable", second=40))
    judge_a_little(one, second=45)
    append(other, said("c", "unsure", second=30))
    judge_a_little(other, second=50)
    for store in (one, other):
        write_batch(tmp_path / "journal", records_of(events(store)))
    journal = read_journal(tmp_path / "journal")
    third = machine(tmp_path / "third")
    for store in (one, other, third):
        replay(store, journal.records)
        assert len(events(store)) == 14
    assert standing(one) == standing(other) == standing(third)
    assert standing(third)["c"] == "acceptable"  # the later one, whichever machine heard of it first


def test_a_clock_that_goes_back_changes_no_order(tmp_path: Path) -> None:
    """In one store the event saved last counts, and so it does where its batches are merged with others."""
    one, other = machine(tmp_path / "one"), machine(tmp_path / "other")
    append(one, said("a", "hard negative", second=50))
    append(one, said("a", "acceptable", second=10))
    assert standing(one) == {"a": "acceptable"}
    append(other, said("a", "unsure", second=40))  # by the clocks between the two
    records = {record.id: record for store in (one, other) for record in records_of(events(store))}
    for store in (one, other):
        replay(store, records)
        assert standing(store) == {"a": "acceptable"}
    # whatever a store has seen, its next event comes after it
    append(other, said("a", "target", second=1))
    replay(one, {record.id: record for record in records_of(events(other))})
    assert standing(one) == standing(other) == {"a": "target"}


def test_two_stores_that_use_one_moment_agree_all_the_same(tmp_path: Path) -> None:
    stores = [machine(tmp_path / name) for name in ("one", "other")]
    for store, verdict in zip(stores, ("hard negative", "acceptable"), strict=True):
        append(store, said("a", verdict))
    records = {record.id: record for store in stores for record in records_of(events(store))}
    for store in stores:
        replay(store, records)
    assert standing(stores[0]) == standing(stores[1])


def test_a_place_out_of_all_bounds_is_a_fault(tmp_path: Path) -> None:
    store = machine(tmp_path / "one")
    append(store, said("a"))
    (record,) = records_of(events(store))
    for place in (2**62, 0, -1, "later", True):
        path = write_batch(tmp_path / "journal", [replace(record, place=place)])  # type: ignore[arg-type]
        found = read_journal(tmp_path / "journal")
        assert found.records == {} and "its place is" in found.faults[0]
        path.unlink()


def test_an_undo_waits_for_the_batch_with_what_it_undoes(tmp_path: Path) -> None:
    old, new = machine(tmp_path / "old"), machine(tmp_path / "new")
    undo(old, append(old, said("a")))
    first, second = records_of(events(old))
    assert replay(new, {second.id: second}) == replace(replay(new, {}), waiting=1)
    assert replay(new, {first.id: first, second.id: second}).added == 2
    assert standing(new) == {}


def test_damage_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    store, journal = machine(tmp_path / "old"), tmp_path / "journal"
    judge_a_little(store)
    whole = write_batch(journal, records_of(events(store)))
    lines = whole.read_text().splitlines()
    changed = json.loads(lines[0]) | {"verdict": "target"}
    (whole.parent / "changed.jsonl").write_text(json.dumps(changed) + "\n[]\n" + '{"id": 3}\n')
    (whole.parent / "cut.jsonl").write_text(lines[0] + "\n" + lines[1][:40])
    (whole.parent / "bytes.jsonl").write_bytes(b"\xff\xfe\x00")
    (journal / "notes.txt").write_text("not a batch")
    found = read_journal(journal)
    assert len(found.records) == 6
    assert len(found.faults) == 5
    assert any("changed.jsonl, line 1" in fault for fault in found.faults)


def test_the_start_replays_and_what_is_judged_then_is_copied(tmp_path: Path) -> None:
    first = start_keeping(machine(tmp_path / "one"), tmp_path / "journal")
    judge_a_little(first.store)
    assert kept(first, lasting=False)["waiting"] == 6
    keep_now(first)
    told = kept(first, lasting=False)
    assert (told["place"], told["waiting"], told["problem"]) == ("the journal", 0, "")
    keep_now(first)
    assert len(batches(tmp_path / "journal")) == 1  # nothing new, so no further batch
    again = start_keeping(machine(tmp_path / "two"), tmp_path / "journal")
    assert standing(again.store) == standing(first.store)
    append(again.store, said("d"))
    keep_now(again)
    assert len(read_journal(tmp_path / "journal").records) == 7


def test_a_volume_that_cannot_be_written_is_told_and_made_up_for(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    journal.write_text("a file in the folder's place")
    keeping = start_keeping(machine(tmp_path / "one"), journal)
    append(keeping.store, said("a"))
    keep_now(keeping)
    told = kept(keeping, lasting=False)
    assert told["waiting"] == 1 and told["problem"] and told["seconds"] is not None
    journal.unlink()
    keep_now(keeping)
    assert kept(keeping, lasting=False)["problem"] == ""
    assert len(read_journal(journal).records) == 1


def shared_folder(place: Path) -> Remote:
    """A remote that is another folder, as a bucket attached elsewhere is; it fails until `place` is there."""

    def names(folder: Path) -> set[str]:
        return {path.relative_to(folder).as_posix() for path in batches(folder)}

    def copy(source: Path, target: Path, chosen: set[str]) -> None:
        if not place.is_dir():
            raise HemlineError("the shared folder is not attached")
        for name in chosen:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, target / name)

    def fetch(folder: Path) -> set[str]:
        copy(place, folder, names(place) - names(folder))
        return names(place)

    return Remote("shared", fetch, lambda folder, chosen: copy(folder, place, set(chosen)))


def test_a_remote_is_read_back_at_the_start_and_caught_up_with_after_a_failure(tmp_path: Path) -> None:
    place = tmp_path / "place"
    first = start_keeping(machine(tmp_path / "one"), tmp_path / "journal-one", shared_folder(place))
    append(first.store, said("a"))
    keep_now(first)
    assert kept(first, lasting=False) == {
        "place": "shared",
        "seconds": None,
        "waiting": 1,
        "problem": "the shared folder is not attached",
    }
    assert len(read_journal(tmp_path / "journal-one").records) == 1  # on this machine's disk all the same
    place.mkdir()
    keep_now(first)
    assert kept(first, lasting=False)["waiting"] == 0
    second = start_keeping(machine(tmp_path / "two"), tmp_path / "journal-two", shared_folder(place))
    assert standing(second.store) == {"a": "hard negative"}
    before = batches(place)
    keep_now(second)
    assert batches(place) == before  # what came from there is not sent back


@pytest.mark.parametrize(("lasting", "place"), [(True, ""), (False, "nowhere")])
def test_without_a_journal_the_page_says_what_lasts(lasting: bool, place: str) -> None:
    nothing: Keeping | None = None
    assert kept(nothing, lasting)["place"] == place
