"""The journal's copy in a private dataset repository of the Hugging Face Hub: bring batches, add batches.

Only additions are made, each a new file with a name of its own, so that nothing of another machine is ever
overwritten. (huggingface_hub's CommitScheduler pushes a folder too, but it makes public repositories unless
told, needs the network to start, hides failures in the log, and never reads back.)
"""

import re
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import HemlineError
from demo.keeping import Remote

if TYPE_CHECKING:
    from huggingface_hub import HfApi

BATCH = re.compile(r"\d{4}-\d\d-\d\d/[\w-]+\.jsonl")  # other names are not brought
AT_ONCE = 100  # files in one commit
THREADS = 8


def repository(name: str, token: str | None, endpoint: str | None = None) -> Remote:
    """The dataset repository `name` ("owner/name"), made private where it is not there; nothing is asked yet.

    `endpoint` is the Hub's address, by default the public one. Without a token, or where the repository is
    public, fetching is refused with the reason.
    """

    def fetch(folder: Path) -> set[str]:
        api = _api(name, token, endpoint)
        with _reasons(name):
            api.create_repo(name, repo_type="dataset", private=True, exist_ok=True)
            public = not api.repo_info(name, repo_type="dataset").private
        if public:
            raise HemlineError(
                f"the dataset repository {name} is public, and judgements hold names: make it private"
            )
        with _reasons(name):
            there = {path for path in api.list_repo_files(name, repo_type="dataset") if BATCH.fullmatch(path)}
            _bring(api, name, sorted(path for path in there if not (folder / path).is_file()), folder)
        return there

    def send(folder: Path, names: list[str]) -> None:
        from huggingface_hub import CommitOperationAdd

        api = _api(name, token, endpoint)
        for start in range(0, len(names), AT_ONCE):
            part = names[start : start + AT_ONCE]
            operations = [
                CommitOperationAdd(path_in_repo=path, path_or_fileobj=folder / path) for path in part
            ]
            with _reasons(name):
                api.create_commit(name, operations, commit_message="Judgements", repo_type="dataset")

    return Remote(name, fetch, send)


def _api(name: str, token: str | None, endpoint: str | None) -> "HfApi":
    from huggingface_hub import HfApi

    if not token:
        raise HemlineError(f"HF_TOKEN is not set: give a token that may write to {name}, as a secret")
    return HfApi(endpoint=endpoint, token=token)


def _bring(api: "HfApi", name: str, paths: list[str], folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="hemline-journal-") as aside:

        def bring(path: str) -> None:
            api.hf_hub_download(name, path, repo_type="dataset", local_dir=aside)
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(aside, path), folder / path)

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(bring, paths))


@contextmanager
def _reasons(name: str) -> Iterator[None]:
    """Every failure of the Hub's client, of many kinds, as one sentence: the app must go on without it."""
    try:
        yield
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise HemlineError(f"the dataset repository {name} did not answer as it should ({reason})") from error
