"""How the app is configured: what each variable does, what it refuses, and where data goes."""

import re
import sys
from pathlib import Path

import pytest

from core.errors import HemlineError
from demo.settings import Settings, is_remote, read_settings

ROOT = Path(__file__).parents[1]


def settings(tmp_path: Path, **variables: str) -> Settings:
    return read_settings(variables, code=tmp_path / "code", volume=tmp_path / "volume")


def test_nothing_set_is_a_page_on_this_machine(tmp_path: Path) -> None:
    found = settings(tmp_path)
    data = tmp_path / "code" / "data"
    assert (found.data, found.local, found.judgements) == (data, data, data / "judgements.sqlite")
    assert (found.host, found.port, found.auth, found.journal) == ("127.0.0.1", 7860, (), None)
    assert found.lasting and found.data.is_dir()


def test_a_space_listens_to_all_and_forgets_without_a_volume(tmp_path: Path) -> None:
    found = settings(tmp_path, SPACE_ID="owner/space")
    assert (found.host, found.port, found.lasting) == ("0.0.0.0", 7860, False)
    assert settings(tmp_path, SPACE_ID="a/b", GRADIO_SERVER_NAME="::", GRADIO_SERVER_PORT="80").port == 80


def test_a_mounted_volume_holds_the_journal_and_never_the_database(tmp_path: Path) -> None:
    mount = Path("/dev/shm")  # a real mount, standing where a Space's volume would
    found = read_settings({"SPACE_ID": "owner/space"}, code=tmp_path / "code", volume=mount)
    assert (found.data, found.journal, found.lasting) == (mount, mount / "journal", True)
    assert found.judgements == tmp_path / "code" / "data" / "judgements.sqlite"
    assert found.cache.is_relative_to(tmp_path)
    assert not is_remote(tmp_path)


def test_where_nothing_can_be_written_data_goes_to_a_temporary_folder(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "code").write_text("a file where the code's folder would be")
    found = settings(tmp_path)
    assert found.data.is_dir() and "hemline-data-" in found.data.name
    assert "cannot be written" in caplog.text


def test_a_feedback_repository_is_fed_by_a_journal(tmp_path: Path) -> None:
    found = settings(tmp_path, HEMLINE_FEEDBACK="me/judgements", HF_TOKEN="secret")
    assert (found.feedback, found.token, found.journal) == ("me/judgements", "secret", found.data / "journal")


def test_names_and_passwords_come_from_the_variable_or_a_file(tmp_path: Path) -> None:
    assert settings(tmp_path, HEMLINE_AUTH="ana:a:b, bo:c").auth == (("ana", "a:b"), ("bo", "c"))
    listed = tmp_path / "people"
    listed.write_text("ana:with, comma\n\nbo:c\n")
    assert settings(tmp_path, HEMLINE_AUTH=str(listed)).auth == (("ana", "with, comma"), ("bo", "c"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HEMLINE_DATA", "/dev/null/data"),
        ("HEMLINE_FEEDBACK", "https://hub/me/judgements"),
        ("HEMLINE_AUTH", "ana:geheim,bo"),
        ("HEMLINE_AUTH", "ana:geheim,ana:geheim"),
        ("HEMLINE_AUTH", "geheim"),
        ("HEMLINE_DEVICE", "tpu"),
        ("HEMLINE_QUEUE", "0"),
        ("HEMLINE_BATCH", "many"),
        ("HEMLINE_THREADS", "-1"),
        ("HEMLINE_METRICS", "open"),
        ("HEMLINE_ENGINE", "openvino"),
        ("GRADIO_SERVER_PORT", "0"),
        ("GRADIO_SERVER_PORT", "http"),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_variable(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(HemlineError, match=name) as caught:
        settings(tmp_path, **{name: value})
    assert "geheim" not in str(caught.value)


def test_how_many_are_served_at_once_and_who_reads_the_metrics(tmp_path: Path) -> None:
    plain = settings(tmp_path)
    assert (plain.queue, plain.batch, plain.threads, plain.metrics) == (64, 16, None, True)
    found = settings(tmp_path, HEMLINE_QUEUE="3", HEMLINE_BATCH="1", HEMLINE_THREADS="8", SPACE_ID="a/b")
    assert (found.queue, found.batch, found.threads, found.metrics) == (3, 1, 8, False)
    assert settings(tmp_path, SPACE_ID="a/b", HEMLINE_AUTH="ana:x").metrics


def test_tools_for_language_models_are_asked_for_and_need_a_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not settings(tmp_path).mcp and not settings(tmp_path, HEMLINE_MCP="auto").mcp
    monkeypatch.setattr("demo.settings.find_spec", lambda name: None)
    with pytest.raises(HemlineError, match=r"HEMLINE_MCP is on.*gradio\[mcp\]"):
        settings(tmp_path, HEMLINE_MCP="on")
    monkeypatch.setattr("demo.settings.find_spec", lambda name: name == "mcp")
    assert settings(tmp_path, HEMLINE_MCP="on").mcp


def test_the_table_of_variables_is_complete() -> None:
    read = set()
    names = r"\"((?:HEMLINE|GRADIO_SERVER|SPACES|SPACE)_\w+|HF_TOKEN|QDRANT_API_KEY)\""
    for path in [ROOT / "app.py", *(ROOT / "demo").glob("*.py"), ROOT / "core" / "engines" / "server.py"]:
        read |= set(re.findall(names, path.read_text()))
    hosting = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`([A-Z_]{5,})`", " ".join(re.findall(r"(?m)^\| (`[^|]+) \|", hosting))))
    assert read - {"SPACE_HOST", "SPACE_PORT"} == told


def front_matter() -> dict[str, str]:
    _, block, _ = (ROOT / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    return dict(re.findall(r"(?m)^(\w+): *\"?([^\"\n]*)", block))


def test_the_front_matter_starts_the_app_with_the_pinned_gradio() -> None:
    found = front_matter()
    pinned = re.findall(r"(?m)^gradio==([\d.]+)", (ROOT / "requirements.txt").read_text())
    assert [found["sdk_version"]] == pinned
    assert (found["sdk"], found["app_file"], found["license"]) == ("gradio", "app.py", "mit")
    assert (ROOT / found["app_file"]).is_file()
    lowest = re.search(r"requires-python = \">=3\.(\d+)\"", (ROOT / "pyproject.toml").read_text())
    assert lowest and int(found["python_version"].removeprefix("3.")) >= int(lowest[1])
    assert len(found["short_description"]) <= 60  # the Hub refuses longer ones


def test_the_line_that_zero_gpu_needs_changes_the_pin_of_torch() -> None:
    told = re.search(r"`sed -i '(s/[^']+/)' requirements.txt`", (ROOT / "docs/hosting.md").read_text("utf-8"))
    assert told
    _, old, new, _ = told[1].split("/")
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    assert [re.sub(old, new, line) for line in lines if re.search(old, line)] == ["torch==2.11.0"]


def test_an_engine_is_asked_for_and_kept_with_what_can_be_made_again(tmp_path: Path) -> None:
    assert settings(tmp_path).engines is None
    found = settings(tmp_path, HEMLINE_ENGINE="ONNX")
    assert found.engines == found.cache / "engines"


def test_an_engine_without_its_packages_is_refused_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.path", [])
    monkeypatch.delitem(sys.modules, "onnxruntime", raising=False)
    monkeypatch.delitem(sys.modules, "onnx", raising=False)
    with pytest.raises(HemlineError, match="pip install onnx onnxruntime"):
        settings(tmp_path, HEMLINE_ENGINE="onnx")
