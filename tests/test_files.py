"""Atomic writing: whatever goes wrong, what was there stays; JSON read back is what was written."""

import errno
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import HemlineError
from core.files import fingerprint, read_json, sha256_file, write_atomically, write_json

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc é\n", max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(value=json_values)
def test_json_comes_back_as_written(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    path = tmp_path_factory.mktemp("json") / "value.json"
    write_json(path, value)
    assert read_json(path) == value
    assert fingerprint(read_json(path)) == fingerprint(value)
    assert [entry.name for entry in path.parent.iterdir()] == ["value.json"]


def _full_disk(aside: Path) -> None:
    aside.write_text("half of the new")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(aside))


def test_full_disk_keeps_the_old_file_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    write_json(path, {"old": 1})
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, _full_disk)
    assert read_json(path) == {"old": 1}
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.json"]


def test_a_really_full_device_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from core.cli import entry
from core.files import write_atomically

def write(aside):
    aside.write_text("half of the new")
    with open("/dev/full", "w") as full:
        full.write("x")

entry(lambda: write_atomically(Path(sys.argv[1]), write))
"""
    path = tmp_path / "run.json"
    path.write_text("old")
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "hemline: No space left on device; nothing already saved was changed\n"
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.json"]


def test_interrupted_folder_keeps_the_old_folder(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    write_atomically(folder, lambda aside: _folder(aside, "old"))

    def interrupted(aside: Path) -> None:
        _folder(aside, "new")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(folder, interrupted)
    assert (folder / "weights").read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["checkpoint"]


def _folder(aside: Path, text: str) -> None:
    aside.mkdir()
    (aside / "weights").write_text(text)
    (aside / text).write_text("only in this one")


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    write_atomically(folder, lambda aside: _folder(aside, "old"))
    write_atomically(folder, lambda aside: _folder(aside, "new"))
    assert sorted(entry.name for entry in folder.iterdir()) == ["new", "weights"]
    assert (folder / "weights").read_text() == "new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["checkpoint"]


def test_a_folder_is_replaced_as_a_whole_where_exchange_is_not_to_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    test_a_folder_is_replaced_as_a_whole(tmp_path)


def test_a_folder_in_the_way_of_a_file_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "precious.json").write_text("{}")
    with pytest.raises(HemlineError, match="is a folder and is left as it is"):
        write_json(folder, {})
    assert (folder / "precious.json").exists()


def test_writing_through_a_link_keeps_the_link(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("1")
    (tmp_path / "link.json").symlink_to("real.json")
    write_json(tmp_path / "link.json", 2)
    assert (tmp_path / "link.json").is_symlink()
    assert read_json(tmp_path / "real.json") == 2


@pytest.mark.parametrize("value", [math.nan, math.inf, {"a": object()}])
def test_what_json_cannot_say_is_refused_before_the_old_file_is_touched(
    tmp_path: Path, value: object
) -> None:
    path = tmp_path / "a.json"
    write_json(path, 1)
    with pytest.raises((ValueError, TypeError)):
        write_json(path, value)
    assert read_json(path) == 1


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b'{"a": [1, 2', "is not JSON"),
        (b"", "is not JSON"),
        (b"[NaN]", "NaN"),
        (b"\xff\xd8\xff\xe0", "is not UTF-8 text"),
        (b"[" * 100_000, "is not JSON"),
    ],
)
def test_bad_json_is_named(tmp_path: Path, data: bytes, told: str) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(data)
    with pytest.raises(HemlineError, match=told) as raised:
        read_json(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_missing_json_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(HemlineError, match=r"nowhere\.json does not exist"):
        read_json(tmp_path / "nowhere.json")
    with pytest.raises(HemlineError, match="cannot be read"):
        read_json(tmp_path)


def test_a_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "bom.json").write_bytes(b"\xef\xbb\xbf[1]")
    assert read_json(tmp_path / "bom.json") == [1]


def test_fingerprint_ignores_key_order_and_knows_values() -> None:
    assert fingerprint({"a": 1, "b": (2,)}) == fingerprint({"b": [2], "a": 1})
    assert fingerprint([1, 2]) != fingerprint([2, 1])


def test_sha256_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    # FIPS 180-2, appendix B.1
    assert sha256_file(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
