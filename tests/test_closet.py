"""Fetching Closet from a server on this machine: whole, after a kill, with damage, and without a server."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core.datasets.closet import CHECKSUMS, copy_annotations, fetch, read_checksums
from core.datasets.fashioniq import read_split
from core.datasets.images import check_images, require_complete
from core.errors import HemlineError
from core.files import sha256_file

REPOSITORY = Path(__file__).parents[1]


class PhotoServer(ThreadingHTTPServer):
    """Serves the photos of a folder; `faults` says for a name what goes wrong, as long as it stands there."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.asked: list[str] = []
        self.faults: dict[str, str] = {}
        self.delay = 0.0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/images"


class _Handler(BaseHTTPRequestHandler):
    server: PhotoServer

    def do_GET(self) -> None:
        name = self.path.rsplit("/", 1)[1]
        self.server.asked.append(name)
        fault = self.server.faults.get(name, "")
        data = (self.server.folder / name).read_bytes()
        if fault == "missing":
            self.send_error(404)
            return
        if fault == "busy once":
            del self.server.faults[name]
            self.send_error(503)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if fault == "corrupt":
            data = data[:500] + b"\x00" * 20 + data[520:]
        elif fault == "cut":
            data = data[: len(data) // 2]
        elif fault == "cut once":
            del self.server.faults[name]
            data = data[: len(data) // 2]
        time.sleep(self.server.delay)
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(closet_dir: Path) -> Iterator[PhotoServer]:
    server = PhotoServer(closet_dir / "images")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that this machine may use does not know its servers."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def _command(out: Path, source: str) -> list[str]:
    place = ["--out", str(out), "--split", "val", "--source", source]
    return [sys.executable, "-m", "core.datasets.closet", "fetch", *place]


def _run(out: Path, source: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(_command(out, source), capture_output=True, text=True, cwd=REPOSITORY)


def _refused(done: subprocess.CompletedProcess[str], *told: str) -> None:
    assert done.returncode == 2
    assert done.stderr.startswith("hemline: ")
    assert done.stderr.count("\n") == 1
    for words in told:
        assert words in done.stderr


def test_the_folder_is_whole_and_asked_for_once(server: PhotoServer, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "closet"
    done = _run(out, server.address)
    assert (done.returncode, done.stderr) == (0, "")
    assert "543 photos" in done.stdout
    assert "543 fetched, 0 there already" in done.stdout
    assert len(server.asked) == len(set(server.asked)) == 543
    split = read_split(out, "val")
    assert require_complete(check_images(split, split.union_gallery()), allow_partial=False) is False
    assert (out / "README.md").read_bytes() == (REPOSITORY / "assets/closet/README.md").read_bytes()
    assert not list(out.rglob("*.part"))
    again = fetch(out, "val", server.address)
    assert (len(again.kept), again.fetched) == (543, [])
    assert len(server.asked) == 543


def test_killed_it_leaves_whole_files_and_goes_on(server: PhotoServer, tmp_path: Path) -> None:
    server.delay = 0.02
    process = subprocess.Popen(_command(tmp_path, server.address), cwd=REPOSITORY)
    images = tmp_path / "images"
    while process.poll() is None and len(list(images.glob("*.jpg"))) < 30:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    checksums = read_checksums(CHECKSUMS)
    there = {path.name for path in images.glob("*.jpg")}
    assert 30 <= len(there) < 543
    assert all(sha256_file(images / name) == checksums[name] for name in there)
    server.asked.clear()
    server.delay = 0.0
    outcome = fetch(tmp_path, "val", server.address)
    assert set(outcome.kept) == there
    assert set(server.asked) == set(outcome.fetched)
    assert len(there) + len(server.asked) == 543
    assert not list(images.glob("*.part"))


def test_damaged_photos_are_refused_by_name_and_the_rest_is_kept(server: PhotoServer, tmp_path: Path) -> None:
    ids = read_split(REPOSITORY / "assets/closet", "val").union_gallery()
    corrupt, cut, missing, passing, busy = (f"{ids[place]}.jpg" for place in (0, 100, 200, 300, 400))
    server.faults = {
        corrupt: "corrupt",
        cut: "cut",
        missing: "missing",
        passing: "cut once",
        busy: "busy once",
    }
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / f"{ids[1]}.jpg").write_bytes(b"left by another program")
    done = _run(tmp_path, server.address)
    _refused(
        done,
        "3 of 543 photos could not be had",
        f"{corrupt}: checksum mismatch",
        f"{cut}: cut short",
        f"{missing}: HTTP 404",
        "has changed since Closet was annotated",
    )
    assert passing not in done.stderr
    names = {path.name for path in (tmp_path / "images").iterdir()}
    assert names == {f"{id_}.jpg" for id_ in ids} - {corrupt, cut, missing}
    checksums = read_checksums(CHECKSUMS)
    assert sha256_file(tmp_path / "images" / f"{ids[1]}.jpg") == checksums[f"{ids[1]}.jpg"]
    server.faults = {}
    server.asked.clear()
    assert sorted(fetch(tmp_path, "val", server.address).fetched) == sorted([corrupt, cut, missing])
    assert sorted(server.asked) == sorted([corrupt, cut, missing])


def test_no_network_is_one_sentence_that_says_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = _run(tmp_path, f"http://127.0.0.1:{port}")
    _refused(done, f"cannot reach http://127.0.0.1:{port}", "0 of 543 photos", "CLOSET_DIR", "--source")
    assert read_split(tmp_path, "val").union_gallery()


def test_a_server_that_hangs_up_is_given_up_on(tmp_path: Path) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        hanging_up = threading.Thread(target=_hang_up, args=(listening,), daemon=True)
        hanging_up.start()
        source = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(HemlineError, match=r"cannot reach .* 0 of 543 photos"):
            fetch(tmp_path, "val", source)
        listening.shutdown(socket.SHUT_RDWR)
        hanging_up.join()


def _hang_up(listening: socket.socket) -> None:
    while True:
        try:
            listening.accept()[0].close()
        except OSError:
            return


def test_a_full_disk_is_one_sentence_and_leaves_no_half_photo(server: PhotoServer, tmp_path: Path) -> None:
    copy_annotations(tmp_path)
    limited = "import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000)); "
    limited += "runpy.run_module('core.datasets.closet', run_name='__main__')"
    command = [sys.executable, "-c", limited, *_command(tmp_path, server.address)[3:]]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
    _refused(done, "File too large", "nothing already saved was changed")
    checksums = read_checksums(CHECKSUMS)
    images = tmp_path / "images"
    assert all(sha256_file(path) == checksums.get(path.name) for path in images.iterdir())


def test_other_peoples_files_are_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "garments.jsonl"
    mine.write_text("mine\n")
    with pytest.raises(HemlineError, match=r"garments\.jsonl is there and is not Closet's"):
        fetch(tmp_path, "val", "http://127.0.0.1:9")
    assert mine.read_text() == "mine\n"
    assert [path.name for path in tmp_path.iterdir()] == ["garments.jsonl"]
    with pytest.raises(HemlineError, match="is a file; name a folder"):
        fetch(mine, "val", "http://127.0.0.1:9")
    with pytest.raises(HemlineError, match="--source must be an http or https address"):
        fetch(tmp_path, "val", "file:///etc")


def test_the_checksums_are_of_closets_photos(closet_dir: Path) -> None:
    checksums = read_checksums(CHECKSUMS)
    photos = sorted((closet_dir / "images").iterdir())
    assert sorted(checksums) == [path.name for path in photos]
    assert all(checksums[path.name] == sha256_file(path) for path in photos[::20])


def test_a_bad_line_of_checksums_is_named(tmp_path: Path) -> None:
    (tmp_path / "images.sha256").write_text("abc  a.jpg\n")
    with pytest.raises(HemlineError, match=r"images\.sha256 line 1 must be a sha256"):
        read_checksums(tmp_path / "images.sha256")


def test_closet_dir_is_the_named_folder(
    closet_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.datasets import closet

    monkeypatch.setattr(closet, "DEFAULT", tmp_path / "data/closet")
    monkeypatch.setenv("CLOSET_DIR", str(closet_dir))
    assert closet.closet_dir() == closet_dir
    monkeypatch.setenv("CLOSET_DIR", str(tmp_path))
    with pytest.raises(HemlineError, match=r"CLOSET_DIR is .* which holds no images/ID\.jpg"):
        closet.closet_dir()
    for unset in ("", None):
        if unset is None:
            monkeypatch.delenv("CLOSET_DIR")
        else:
            monkeypatch.setenv("CLOSET_DIR", unset)
        assert closet.closet_dir() is None
    (tmp_path / "data/closet/images").mkdir(parents=True)
    assert closet.closet_dir() is None
    (tmp_path / "data/closet/images/a.jpg").touch()
    assert closet.closet_dir() == tmp_path / "data/closet"
