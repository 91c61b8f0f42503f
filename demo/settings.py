"""How the app is configured: every environment variable it reads, as one typed value (docs/hosting.md)."""

import logging
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from core.devices import DEVICES
from core.errors import HemlineError
from core.files import read_text
from core.verdicts import VOCABULARY, Verdict, read_vocabulary

LOG = logging.getLogger("hemline")
REPOSITORY = Path(__file__).resolve().parents[1]
VOLUME = Path("/data")  # where a Space's volume is attached, by convention
QUEUE = 64  # searches inside at a time
BATCH = 16  # queries embedded at once
SPACE_HOST, SPACE_PORT = "0.0.0.0", 7860  # what a Space expects of its app
ENGINES = ("eager", "onnx")
# File systems on which SQLite's write-ahead log does not work, and where a file appears elsewhere only later.
REMOTE_KINDS = ("fuse", "nfs", "cifs", "smb", "9p", "ceph", "lustre", "virtiofs")


@dataclass(frozen=True)
class Settings:
    """The app's configuration.

    `model` and `index` None: the default ones. `data` holds judgements and people's own catalogues; `local`
    is the same folder, or one on this machine's own disk where `data` is a mounted volume: `cache` and the
    live `judgements` are there. `journal` is the folder of event batches that outlives the machine, None
    where nothing does or nothing needs to; `feedback` a private dataset repository ("owner/name") that it is
    copied to with `token`. `auth` holds names with passwords, none for an open page. `device` is "auto",
    "cpu" or "cuda". `bring` says whether people may bring photos of their own: what one brings everybody sees
    who can open the page, so on a Space that anybody can open it must be asked for. `lasting` says whether
    judgements outlive a restart of this machine. `vocabulary` holds the verdicts people may give. `refine`
    says whether people may refine the model from the page: it answers everybody, so it is as with `bring`.
    `export` says whether programs may fetch everybody's judgements; likewise. `mcp` says whether the
    endpoints are also tools of the Model Context Protocol. `queue` is how many searches may be inside at a
    time, `batch` how many queries are embedded at once, `threads` by how many threads, None for what suits
    the model. `metrics` says whether anybody may read what is counted. `engine` is what answers queries on a
    CPU: the model itself ("eager") or an engine made of it ("onnx").
    """

    model: Path | None
    index: Path | None
    data: Path
    local: Path
    judgements: Path
    journal: Path | None
    feedback: str | None
    token: str | None
    auth: tuple[tuple[str, str], ...]
    host: str
    port: int
    device: str
    lasting: bool
    bring: bool
    vocabulary: Mapping[str, Verdict] = field(default_factory=lambda: VOCABULARY)
    refine: bool = True
    export: bool = True
    mcp: bool = False
    queue: int = QUEUE
    batch: int = BATCH
    threads: int | None = None
    metrics: bool = True
    engine: str = "eager"

    @property
    def versions(self) -> Path | None:
        """Where refinements are made and kept; None where nobody may refine. Never on a network's disk."""
        return self.local / "versions" if self.refine else None

    @property
    def catalogues(self) -> Path | None:
        """Where people's own catalogues are kept; None where nobody may bring any."""
        return self.data / "catalogues" if self.bring else None

    @property
    def engines(self) -> Path | None:
        """Where engines are kept; None where the model itself answers."""
        return self.cache / "engines" if self.engine == "onnx" else None

    @property
    def cache(self) -> Path:
        """Small pictures and what libraries compile: all of it can be made again."""
        return self.local / "cache"


def read_settings(
    variables: Mapping[str, str] = os.environ, code: Path = REPOSITORY, volume: Path = VOLUME
) -> Settings:
    """The settings that the environment `variables` say; the folders `data` and `local` are made.

    `code` is the folder of the code, `volume` the place of a Space's volume. HemlineError names the variable
    with a bad value.
    """
    on_space = bool(variables.get("SPACE_ID"))
    data = _data_folder(variables, code, volume, on_space)
    far = is_remote(data) or (on_space and data == volume)
    local = _local_folder(code) if far else data
    public = on_space and not variables.get("HEMLINE_AUTH")
    feedback = _feedback(variables)
    journal = _path(variables, "HEMLINE_JOURNAL")
    if journal is None and (far or feedback):
        journal = data / "journal"
    return Settings(
        model=_path(variables, "HEMLINE_MODEL"),
        index=_path(variables, "HEMLINE_INDEX"),
        data=data,
        local=local,
        judgements=_path(variables, "HEMLINE_JUDGEMENTS") or local / "judgements.sqlite",
        journal=journal,
        feedback=feedback,
        token=variables.get("HF_TOKEN") or None,
        auth=_auth(variables),
        host=variables.get("GRADIO_SERVER_NAME") or (SPACE_HOST if on_space else "127.0.0.1"),
        port=_port(variables),
        device=_device(variables),
        lasting=not on_space or far,
        bring=_allowed(variables, "HEMLINE_BRING", public),
        vocabulary=_vocabulary(variables),
        refine=_allowed(variables, "HEMLINE_REFINE", public),
        export=_allowed(variables, "HEMLINE_EXPORT", public),
        mcp=_mcp(variables),
        queue=_count(variables, "HEMLINE_QUEUE", QUEUE, 10_000),
        batch=_count(variables, "HEMLINE_BATCH", BATCH, 256),
        threads=_count(variables, "HEMLINE_THREADS", 0, 256) or None,
        metrics=_allowed(variables, "HEMLINE_METRICS", public),
        engine=_engine(variables),
    )


def prepare_environment(settings: Settings) -> None:
    """Tell the libraries: no telemetry, caches in `settings.cache` alone. Call it before importing them."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    # after every request Gradio makes a table of the last 10,000 for a page that we do not show
    os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(10**9)
    for variable, name in (("HF_HOME", "huggingface"), ("NUMBA_CACHE_DIR", "numba"), ("MPLCONFIGDIR", "mpl")):
        os.environ.setdefault(variable, str(settings.cache / name))


def is_remote(folder: Path) -> bool:
    """Whether `folder` lies on a network or FUSE file system, as attached volumes do (Linux; else False)."""
    try:
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    mounts = [line.split()[1:3] for line in lines if len(line.split()) > 2]
    real = os.path.realpath(folder)
    over = [(place, kind) for place, kind in mounts if os.path.commonpath([real, place]) == place]
    return max(over, key=lambda mount: len(mount[0]), default=("", ""))[1].startswith(REMOTE_KINDS)


def _data_folder(variables: Mapping[str, str], code: Path, volume: Path, on_space: bool) -> Path:
    named = _path(variables, "HEMLINE_DATA")
    if named is not None:
        if not _writable(named):
            raise HemlineError(f"HEMLINE_DATA names {named}, which cannot be written; name another folder")
        return named
    if on_space and volume.is_mount():
        if _writable(volume):
            return volume
        LOG.warning("the volume at %s cannot be written; judgements are not kept there", volume)
    return _local_folder(code)


def _local_folder(code: Path) -> Path:
    folder = code / "data"
    if _writable(folder):
        return folder
    folder = Path(tempfile.mkdtemp(prefix="hemline-data-"))
    LOG.warning("%s cannot be written, so data goes to %s and is lost with it", code / "data", folder)
    return folder


def _writable(folder: Path) -> bool:
    """Whether a file can be made in `folder`, which is made if need be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _path(variables: Mapping[str, str], name: str) -> Path | None:
    value = variables.get(name)
    return Path(value).expanduser() if value else None


def _feedback(variables: Mapping[str, str]) -> str | None:
    value = variables.get("HEMLINE_FEEDBACK")
    if value and not re.fullmatch(r"[\w.-]+/[\w.-]+", value):
        raise HemlineError(
            f"HEMLINE_FEEDBACK is {value!r}; name a private dataset repository of the Hub as OWNER/NAME"
        )
    return value or None


def _auth(variables: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Names and passwords; the error sentences never repeat what was given, since it holds passwords."""
    value = variables.get("HEMLINE_AUTH")
    if not value:
        return ()
    lines = value.split(",")
    if ":" not in value:
        try:
            lines = read_text(Path(value)).splitlines()
        except HemlineError:
            raise HemlineError(
                "HEMLINE_AUTH is neither NAME:PASSWORD (more with commas) nor a readable file of such lines"
            ) from None
    pairs = []
    for line in lines:
        name, _, password = line.strip().partition(":")
        if name and password:
            pairs.append((name, password))
        elif line.strip():
            raise HemlineError(
                "HEMLINE_AUTH has an entry that is not NAME:PASSWORD; a password with a comma needs a file"
            )
    if not pairs or len({name for name, _ in pairs}) < len(pairs):
        raise HemlineError("HEMLINE_AUTH must name at least one person, and each only once")
    return tuple(pairs)


def _port(variables: Mapping[str, str]) -> int:
    value = variables.get("GRADIO_SERVER_PORT") or str(SPACE_PORT)
    if not value.isascii() or not value.isdigit() or not 0 < int(value) < 65536:
        raise HemlineError(f"GRADIO_SERVER_PORT is {value!r}; give a port from 1 to 65535")
    return int(value)


def _count(variables: Mapping[str, str], name: str, default: int, most: int) -> int:
    value = variables.get(name) or str(default)
    if not value.isascii() or not value.isdigit() or not (0 < int(value) <= most or int(value) == default):
        raise HemlineError(f"{name} is {value!r}; give a whole number from 1 to {most}")
    return int(value)


def _allowed(variables: Mapping[str, str], name: str, public: bool) -> bool:
    value = (variables.get(name) or "auto").lower()
    if value not in ("auto", "on", "off"):
        raise HemlineError(f"{name} is {value!r}; give on, off or auto")
    return value == "on" or (value == "auto" and not public)


def _mcp(variables: Mapping[str, str]) -> bool:
    asked = _allowed(variables, "HEMLINE_MCP", public=True)  # only where it is asked for
    if asked and find_spec("mcp") is None:
        raise HemlineError(
            "HEMLINE_MCP is on, but the package mcp is not installed: "
            "pip install 'gradio[mcp]', or leave it off"
        )
    return asked


def _engine(variables: Mapping[str, str]) -> str:
    value = (variables.get("HEMLINE_ENGINE") or ENGINES[0]).lower()
    if value not in ENGINES:
        raise HemlineError(f"HEMLINE_ENGINE is {value!r}; give {' or '.join(ENGINES)}")
    missing = [name for name in ("onnx", "onnxruntime") if find_spec(name) is None]
    if value == "onnx" and missing:
        raise HemlineError(
            f"HEMLINE_ENGINE is onnx, but the package {' and '.join(missing)} is not installed: "
            f"pip install {' '.join(missing)}, or give eager"
        )
    return value


def _vocabulary(variables: Mapping[str, str]) -> Mapping[str, Verdict]:
    path = _path(variables, "HEMLINE_VOCABULARY")
    return VOCABULARY if path is None else read_vocabulary(path)


def _device(variables: Mapping[str, str]) -> str:
    value = (variables.get("HEMLINE_DEVICE") or "auto").lower()
    if value not in DEVICES:
        raise HemlineError(f"HEMLINE_DEVICE is {value!r}; give one of {', '.join(DEVICES)}")
    return value
