"""Submissions to CIRR's server: what is written is valid, and every fault of a file is named."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.cli import entry
from core.datasets.cirr import Cirr, read_cirr
from core.errors import HemlineError
from core.evaluation.cirr import rank_gallery
from core.evaluation.submission import MAX_BYTES, encode, faults, submission
from tests.data_folder import write
from tests.small_cirr import make_cirr, name, unit
from train import cirr as command

FIRST, SECOND = "12000", "12003"
REFERENCE = name("test1", 1)


@pytest.fixture(scope="module")
def test1(tmp_path_factory: pytest.TempPathFactory) -> Cirr:
    return read_cirr(make_cirr(tmp_path_factory.mktemp("cirr"), "test1"), "test1")


def _rankings(cirr: Cirr, seed: int = 0) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    vectors = unit(rng, len(cirr.gallery))
    return rank_gallery(cirr.pairs, cirr.gallery, unit(rng, len(cirr.pairs)), vectors)


def _faults(cirr: Cirr, value: Any, metric: str) -> list[str]:
    data = value if isinstance(value, bytes) else encode(value)
    return faults(data, metric, cirr.pairs, cirr.gallery)


def test_a_written_submission_has_the_official_shape_and_no_fault(test1: Cirr) -> None:
    rankings = _rankings(test1)
    files = submission(test1.pairs, rankings)
    for metric, length in (("recall", 50), ("recall_subset", 3)):
        value = json.loads(encode(files[metric]))
        assert (value.pop("version"), value.pop("metric")) == ("rc2", metric)
        assert set(value) == {pair.key for pair in test1.pairs}
        assert {len(names) for names in value.values()} == {length}
        assert _faults(test1, files[metric], metric) == []
    for pair, ranking in zip(test1.pairs, rankings, strict=True):
        assert files["recall"][pair.key] == ranking[:50]
        inside = [n for n in ranking if n in pair.members and n != pair.reference]
        assert files["recall_subset"][pair.key] == inside[:3]


def _set(key: str, value: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda file: file.__setitem__(key, value)


def _put(place: int, value: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda file: file[FIRST].__setitem__(place, value)


EITHER = [
    (lambda file: file.pop("version"), '"version" is missing'),
    (_set("version", "rc1"), '"version" must be "rc2", not "rc1"'),
    (_set("version", ["rc2"]), '"version" must be "rc2", not ["rc2"]'),
    (lambda file: file.pop("metric"), '"metric" is missing'),
    (_set("metric", "R@K"), '"metric" must be'),
    (lambda file: file.pop(FIRST), f"1 of 12 pairids are missing: {FIRST}"),
    (_set("012000", []), '1 keys are no pairid of this split: "012000"'),
    (_set("comment", "mine"), 'no pairid of this split: "comment"'),
    (_set(FIRST, "a"), f"pair {FIRST}: must be a list of"),
    (_set(FIRST, None), "not null"),
    (_set(FIRST, {"a": 1}), "not an object"),
    (lambda file: file[FIRST].pop(), f"pair {FIRST}: has "),
    (lambda file: file[FIRST].clear(), "has 0 names"),
    (lambda file: file[FIRST].append(name("test1", 0)), "are needed"),
    (_put(1, 7), "name 1 must be a text, not a number"),
    (_put(1, None), "name 1 must be a text, not null"),
    (_put(1, ["a"]), "name 1 must be a text, not a list"),
    (_put(1, "dev-0-0-img0"), '"dev-0-0-img0" is no photo of the gallery'),
    (_put(1, ""), '"" is no photo of the gallery'),
    (_put(1, REFERENCE), f'"{REFERENCE}" is its own reference'),
    (lambda file: file[FIRST].__setitem__(1, file[FIRST][0]), "stands 2 times"),
    (lambda file: file[FIRST].__setitem__(1, file[FIRST][1] + ".png"), "must be without .png"),
]


@pytest.mark.parametrize("metric", ["recall", "recall_subset"])
@pytest.mark.parametrize(("change", "told"), EITHER)
def test_a_fault_is_named(test1: Cirr, metric: str, change: Callable[[Any], Any], told: str) -> None:
    file = submission(test1.pairs, _rankings(test1))[metric]
    change(file)
    found = _faults(test1, file, metric)
    assert any(told in fault for fault in found), found
    assert not any("\n" in fault for fault in found)


def test_a_subsets_names_are_members(test1: Cirr) -> None:
    file = submission(test1.pairs, _rankings(test1))["recall_subset"]
    file[FIRST][2] = name("test1", 50)
    assert _faults(test1, file, "recall_subset") == [
        f'pair {FIRST}: "{name("test1", 50)}" is not a member of its subset'
    ]


def test_exchanged_files_are_told(test1: Cirr) -> None:
    file = submission(test1.pairs, _rankings(test1))["recall_subset"]
    assert any("exchanged" in fault for fault in _faults(test1, file, "recall"))


def test_repeated_keys_are_found_in_the_text(test1: Cirr) -> None:
    text = encode(submission(test1.pairs, _rankings(test1))["recall"]).decode()
    twice = (
        text[:-1] + f', "{FIRST}": ' + text.split(f'"{FIRST}": ')[1].split("]")[0] + '], "metric": "recall"}'
    )
    assert _faults(test1, twice.encode(), "recall") == [
        f"the key '{FIRST}' stands 2 times",
        "the key 'metric' stands 2 times",
    ]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is not JSON"),
        (b'{"version": "rc2"', "is not JSON"),
        (b'{"12000": NaN}', "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"[]", "must be a JSON object, not a list"),
        (b"3", "must be a JSON object, not a number"),
    ],
)
def test_what_is_no_json_object_is_told(test1: Cirr, data: bytes, told: str) -> None:
    (fault,) = _faults(test1, data, "recall")
    assert told in fault


def test_a_file_over_five_megabytes_is_told_with_its_other_faults(test1: Cirr) -> None:
    file = submission(test1.pairs, _rankings(test1))["recall"]
    assert _faults(test1, encode(file) + b" " * MAX_BYTES, "recall")[0].endswith("at most 5,000,000")
    del file[SECOND]
    assert len(_faults(test1, encode(file) + b" " * MAX_BYTES, "recall")) == 2


FAULTS: dict[str, Callable[[list[Any], str], Any]] = {
    "is its own reference": lambda names, reference: names.__setitem__(0, reference),
    "is no photo of the gallery": lambda names, reference: names.__setitem__(1, "dev-7"),
    "must be a text": lambda names, reference: names.__setitem__(2, 5),
    "are needed": lambda names, reference: names.append(names[-1]),
}


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.integers(0, 11), st.sets(st.sampled_from(sorted(FAULTS)), min_size=1)),
    st.sampled_from(["recall", "recall_subset"]),
)
def test_every_fault_of_every_pair_is_named(test1: Cirr, chosen: dict[int, set[str]], metric: str) -> None:
    file = submission(test1.pairs, _rankings(test1))[metric]
    for number, words in chosen.items():
        pair = test1.pairs[number]
        for told in sorted(words):
            FAULTS[told](file[pair.key], pair.reference)
    found = _faults(test1, file, metric)
    for number, pair in enumerate(test1.pairs):
        own = [fault for fault in found if fault.startswith(f"pair {pair.key}: ")]
        assert bool(own) == (number in chosen)
        for told in chosen.get(number, ()):
            assert any(told in fault for fault in own), (told, own)


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=40)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["version", "metric", FIRST, SECOND, "x"]), inner, max_size=4)
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode())
)
def test_no_bytes_break_the_validator(test1: Cirr, data: bytes) -> None:
    found = _faults(test1, data, "recall")
    assert found and not any("\n" in fault for fault in found)


def _run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["cirr", *map(str, words)])
    try:
        entry(command.main)
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def test_write_then_validate_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_cirr(tmp_path / "data", "test1")
    cirr = read_cirr(root, "test1")
    rankings = dict(zip((p.key for p in cirr.pairs), _rankings(cirr), strict=True))
    # The reference, first in another system's list, is taken out before the cut at 50.
    write(tmp_path / "run.json", {key: [p.reference, *rankings[key]] for p in cirr.pairs for key in [p.key]})
    out = tmp_path / "out"
    given_ = ("--data", root, "--rankings", tmp_path / "run.json", "--out", out, "--name", "mine")
    assert _run(monkeypatch, "write", *given_) == 0
    recall, subset = (out / f"{kind}_submission_mine.json" for kind in ("recall", "recall_subset"))
    assert json.loads(recall.read_text())[FIRST] == rankings[FIRST][:50]
    files = ("--data", root, "--split", "test1", "--recall", recall, "--subset", subset)
    assert _run(monkeypatch, "validate", *files) == 0
    value = json.loads(subset.read_text())
    value["version"] = "rc1"
    del value[SECOND]
    write(subset, value)
    capsys.readouterr()
    assert _run(monkeypatch, "validate", *files) == 1
    told = capsys.readouterr().out
    assert '"version" must be "rc2"' in told and f"missing: {SECOND}" in told
    assert _run(monkeypatch, "validate", *files[:-1], tmp_path / "absent.json") == 2


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda value: value.pop(FIRST), "lacks 1 of the split's 12 queries"),
        (lambda value: value.update({"7": value[FIRST]}), "1 queries that are not of this split"),
        (lambda value: value.update({FIRST: value[FIRST][:49]}), f"the list of {FIRST} has 49 photos"),
        (lambda value: value[FIRST].append("x"), "names 'x', which no gallery has"),
        (lambda value: value[FIRST].append(value[FIRST][0]), f"the list of {FIRST} names "),
        (lambda value: value.update({FIRST: "x"}), f"{FIRST} must have a list of ids"),
    ],
)
def test_unusable_rankings_write_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Any], Any],
    told: str,
) -> None:
    root = make_cirr(tmp_path / "data", "test1")
    cirr = read_cirr(root, "test1")
    value = dict(zip((p.key for p in cirr.pairs), _rankings(cirr), strict=True))
    change(value)
    write(tmp_path / "run.json", value)
    given_ = ("--data", root, "--rankings", tmp_path / "run.json", "--out", tmp_path / "o", "--name", "mine")
    assert _run(monkeypatch, "write", *given_) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_a_ranking_without_three_candidates_gives_no_submission(test1: Cirr) -> None:
    rankings = _rankings(test1)
    pair = test1.pairs[0]
    rankings[0] = [name for name in rankings[0] if name not in pair.members]
    with pytest.raises(HemlineError, match=f"pair {FIRST} has 0 candidates of its subset"):
        submission(test1.pairs, rankings)
