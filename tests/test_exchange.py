"""Export and import: with everything, exactly, once; and what the formats of others can carry."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import datasets
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import exchange
from core.datasets.fashioniq import read_split
from core.errors import HemlineError
from core.journal import merge, records_of
from core.judgements import Store, append, current, events, open_store, undo
from core.undoing import redo_last, undo_last
from core.verdicts import VOCABULARY, Judgement
from tests.test_judgements import BASE, command

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u202e"), max_size=12)
SAID = st.builds(
    Judgement,
    annotator=st.sampled_from(["ana", "<script>alert(1)</script>", "{{ben}} 👗"]),
    hit_id=st.sampled_from("xyz"),
    rank=st.integers(1, 2**31 - 1),
    score=st.floats(-1, 1),
    verdict=st.sampled_from([*VOCABULARY]),
    model_fingerprint=st.just("m"),
    index_fingerprint=st.just("i"),
    reference_id=st.none(),
    reference_hash=st.none() | st.just("ab" * 32),
    text=TEXTS.map(lambda text: text + "but red"),
    reason=TEXTS,
    session=TEXTS,
    undoes=st.none(),
    time=st.datetimes().map(lambda moment: moment.isoformat() + "+00:00"),
    catalogue=TEXTS,
    hit_hash=st.none() | st.just("cd" * 32),
    occasion=st.sampled_from(["", "second judgement"]),
    blind=st.booleans(),
    second_look=st.lists(TEXTS, max_size=3).map(tuple),
)


def some_history(store: Store) -> None:
    """Judgements of two people with undos, redos, a second look and a clock that goes back."""
    append(store, BASE)
    append(store, replace(BASE, hit_id="photo-8", verdict="acceptable", annotator="ben"))
    append(store, replace(BASE, hit_id="photo-9", verdict="target", catalogue="mine", hit_hash="cd" * 32))
    undo_last(store, "ana")
    redo_last(store, "ana")
    second = replace(BASE, verdict="words ignored", blind=True, second_look=("close to the target",))
    undo(store, append(store, replace(second, time="2020-01-01T00:00:00+00:00")))
    append(store, replace(BASE, reference_id=None, reference_hash=None, annotator="<b>{{7*7}}</b>"))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(said=st.lists(SAID, max_size=6), back=st.lists(st.integers(1, 6), max_size=4))
def test_round_trips_are_exact(
    tmp_path_factory: pytest.TempPathFactory, said: list[Judgement], back: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("exchange")
    store = open_store(folder / "one.db")
    store.connection.execute("PRAGMA synchronous=OFF")
    for judgement in said:
        append(store, judgement)
    for number in back:
        if number <= len(said):
            undo_last(store, said[number - 1].annotator)
            redo_last(store, said[number - 1].annotator)
    history = events(store)
    exchange.write_jsonl(history, folder / "all.jsonl")
    exchange.write_parquet(history, folder / "all.parquet")
    for name, records in (
        ("jsonl", exchange.read_jsonl(folder / "all.jsonl")),
        ("parquet", exchange.read_parquet(folder / "all.parquet")),
    ):
        other = open_store(folder / f"{name}.db")
        assert merge(other, records).added == len(history)
        assert events(other) == history
        assert [r.id for r in records_of(events(other))] == [r.id for r in records_of(history)]
        assert merge(other, records).added == 0
        other.close()
    store.close()


def test_two_stores_merge_whichever_comes_first(tmp_path: Path) -> None:
    states = []
    for name in "ab":
        store = open_store(tmp_path / f"{name}.db")
        some_history(store)
        append(store, replace(BASE, hit_id=f"only-{name}"))
        exchange.write_jsonl(events(store), tmp_path / f"{name}.jsonl")
        store.close()
    for name in ("ab", "ba"):
        store = open_store(tmp_path / f"{name}.db")
        for part in name:
            merge(store, exchange.read_jsonl(tmp_path / f"{part}.jsonl"))
        states.append({key: event.judgement.verdict for key, event in current(store).items()})
    assert states[0] == states[1]
    assert {"only-a", "only-b"} < {key.hit_id for key in states[0]}


def test_datasets_take_the_events_and_give_them_back(tmp_path: Path) -> None:
    store = open_store(tmp_path / "one.db")
    some_history(store)
    made = exchange.to_dataset(events(store))
    made.save_to_disk(tmp_path / "saved")
    for again in (datasets.load_from_disk(tmp_path / "saved"), datasets.Dataset.from_dict(made.to_dict())):
        other = open_store(tmp_path / f"{again._fingerprint}.db")
        merge(other, exchange.from_dataset(again))
        assert events(other) == events(store)
    assert made.features["second_look"] == datasets.List(datasets.Value("string"))


def test_files_of_format_1_come_in(tmp_path: Path) -> None:
    """As Hemline exported before ids and places were in the lines."""
    names = "annotator hit_id rank score verdict model_fingerprint index_fingerprint reference_id"
    more = "reference_hash text reason session undoes time"
    line = {"seq": 4, **{name: getattr(BASE, name) for name in f"{names} {more}".split()}}
    undone = line | {"seq": 9, "verdict": "undo", "undoes": 4}
    (tmp_path / "old.jsonl").write_text("".join(json.dumps(one) + "\n" for one in (line, undone)))
    store = open_store(tmp_path / "one.db")
    assert merge(store, exchange.read_jsonl(tmp_path / "old.jsonl")).added == 2
    assert events(store)[0].judgement == BASE and current(store) == {}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"verdict": "acceptable"}, "line 1 was changed after it was exported"),
        ({"id": None, "rank": -1}, "line 1: a judgement's rank"),
        ({"id": None, "score": None}, "line 1: a judgement's score"),
        ({"id": None, "place": 2**70}, "line 1: its place is"),
        ({"id": None, "extra": 1}, "line 1: it is no judgement"),
        ({"seq": "1"}, "line 1 has no number of its own"),
        ({"id": None, "undoes": 7, "verdict": "undo"}, "line 1: it takes back 7"),
        ({"id": None, "second_look": ["a", 3]}, "line 1: a judgement's second_look is text"),
        ({"id": None, "blind": "no"}, "line 1: a judgement's blind is true or false"),
        ({"id": None, "annotator": 5}, "line 1: a judgement's annotator is text"),
    ],
)
def test_a_damaged_line_is_named_and_nothing_comes_in(tmp_path: Path, change: dict, says: str) -> None:
    store = open_store(tmp_path / "one.db")
    append(store, BASE)
    exchange.write_jsonl(events(store), tmp_path / "all.jsonl")
    line = json.loads((tmp_path / "all.jsonl").read_text()) | change
    (tmp_path / "all.jsonl").write_text(json.dumps(line))
    with pytest.raises(HemlineError, match=says):
        exchange.read_jsonl(tmp_path / "all.jsonl")


def test_what_is_no_parquet_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(HemlineError, match=r"a\.parquet is no Parquet file"):
        exchange.read_parquet(tmp_path / "a.parquet")
    with pytest.raises(HemlineError, match="does not exist"):
        exchange.read_parquet(tmp_path / "none.parquet")


# --- the command, and the formats of others ----------------------------------------------------------------


def shop(folder: Path) -> Path:
    """A store in which photo-9 is the target of a query and photo-7 and photo-5 are wrong."""
    store = open_store(folder / "shop.db")
    some_history(store)
    append(store, replace(BASE, hit_id="photo-5", verdict="image ignored"))
    append(store, replace(BASE, hit_id="photo-6", verdict="unsure"))
    append(store, replace(BASE, hit_id="photo-7", text="no positive"))
    append(store, replace(BASE, hit_id="photo 7/ü", reference_id=None, text="from an upload"))
    store.close()
    return folder / "shop.db"


def test_triplets_are_read_as_fashioniq_is(tmp_path: Path) -> None:
    out = tmp_path / "triplets"
    done = command("export", "--db", shop(tmp_path), "--format", "fashioniq", "--out", out, "--split", "mine")
    assert done.returncode == 0, done.stderr
    assert "2 triplets, 2 negatives" in done.stdout
    assert "(no positive verdict on the query)" in done.stdout and "(takes no side)" in done.stdout
    split = read_split(out, "mine")
    told = {(t.reference, t.target, t.captions) for t in split.triplets}
    assert told == {("photo-1", "photo-8", (BASE.text,)), ("photo-1", "photo-9", (BASE.text,))}
    (row, _) = json.loads((out / "captions" / "cap.garments.mine.json").read_text())
    assert row["negatives"] == ["photo-7", "photo-5"] and row["verdict"] == "acceptable"
    again = command("export", "--db", tmp_path / "shop.db", "--format", "fashioniq", "--out", out)
    assert again.returncode == 2 and "is there already" in again.stderr
    # and back: the verdicts and the query, nothing more
    line = ("import", "--db", tmp_path / "new.db", "--format", "fashioniq", "--from", out, "--split", "mine")
    assert "name them with --annotator" in command(*line).stderr
    done = command(*line, "--annotator", "carla")
    assert done.returncode == 0 and "4 events added" in done.stdout
    assert "0 events added, 4 were there" in command(*line, "--annotator", "carla").stdout
    said = {event.judgement.hit_id: event.judgement for event in events(open_store(tmp_path / "new.db"))}
    assert {hit: one.verdict for hit, one in said.items()} == {
        "photo-7": "hard negative",
        "photo-5": "hard negative",
        "photo-8": "acceptable",
        "photo-9": "target",
    }
    assert said["photo-9"].reference_hash == BASE.reference_hash and said["photo-9"].rank == 0


def test_triplets_whose_photos_are_half_missing_are_kept(closet_dir: Path, tmp_path: Path) -> None:
    """Closet's own val triplets, with the photos of every other reference gone."""
    for name in ("captions", "image_splits"):
        shutil.copytree(closet_dir / name, tmp_path / "closet" / name)
    (tmp_path / "closet" / "images").mkdir()
    split = read_split(closet_dir, "val", ["dress"])
    references = list(dict.fromkeys(triplet.reference for triplet in split.triplets))
    for id_ in references[::2]:
        photo = split.image_path(id_)
        assert photo is not None
        (tmp_path / "closet" / "images" / photo.name).symlink_to(photo)
    line = ("import", "--db", tmp_path / "new.db", "--format", "fashioniq", "--from", tmp_path / "closet")
    done = command(
        *line, "--split", "val", "--annotator", "closet", "--images", tmp_path / "closet" / "images"
    )
    assert done.returncode == 0, done.stderr
    assert "references have no photo" in done.stdout and "judged photos are not in" in done.stdout
    saved = [event.judgement for event in events(open_store(tmp_path / "new.db"))]
    assert len(saved) == len(read_split(closet_dir, "val").triplets)
    known = {one.reference_id for one in saved if one.reference_hash}
    assert known == {*references[::2]}


def test_qrels_have_stable_queries_and_come_back(tmp_path: Path) -> None:
    out = tmp_path / "judged.qrels"
    done = command("export", "--db", shop(tmp_path), "--format", "trec", "--out", out)
    assert done.returncode == 0 and "no side 1" in done.stdout
    lines = out.read_text().splitlines()
    graded = {line.split()[2]: int(line.split()[3]) for line in lines if "no" not in line}
    assert graded["photo-9"] == 2 and graded["photo-8"] == 1 and graded["photo-5"] == 0
    assert all(len(line.split()) == 4 for line in lines)
    first = next(line.split()[0] for line in lines if "photo-9" in line)
    assert first == "0e1ab6f999117aea"  # of the reference's bytes and the words, for good
    line = ("import", "--db", tmp_path / "new.db", "--format", "trec", "--from", out, "--annotator", "carla")
    assert f"{len(lines)} events added" in command(*line).stdout
    assert "0 events added" in command(*line).stdout
    command("export", "--db", tmp_path / "new.db", "--format", "trec", "--out", tmp_path / "again.qrels")
    assert sorted((tmp_path / "again.qrels").read_text().splitlines()) == sorted(lines)
    out.write_text("abc 0 photo 1\n")
    assert "line 1 is of a query that judged.qrels.queries.jsonl does not have" in command(*line).stderr
    out.write_text("abc photo\n")
    assert "line 1 is no qrel" in command(*line).stderr


def test_the_command_imports_what_it_exported(tmp_path: Path) -> None:
    own = [{"name": "fine", "meaning": "right", "key": "f", "role": "positive"}]
    (tmp_path / "own.json").write_text(json.dumps(own))
    db = shop(tmp_path)
    for format_ in ("jsonl", "parquet"):
        out, new = tmp_path / f"all.{format_}", tmp_path / f"{format_}.db"
        assert command("export", "--db", db, "--format", format_, "--out", out).returncode == 0
        line = ("import", "--db", new, "--format", format_, "--from", out)
        done = command(*line, "--vocabulary", tmp_path / "own.json")
        assert done.returncode == 0, done.stderr
        assert "outside the vocabulary, kept and without effect: acceptable 1, hard negative" in done.stdout
        assert events(open_store(new)) == events(open_store(db))
    assert pyarrow.parquet.read_schema(tmp_path / "all.parquet").names[0] == "id"
