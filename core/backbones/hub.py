"""Fetches a released model's folder from the Hugging Face Hub: safetensors and plain files, never code."""

from pathlib import Path

from core.errors import HemlineError

# What a folder of weights needs; pickles and Python files stay where they are.
WANTED = ("*.safetensors", "*.safetensors.index.json", "*.json", "*.txt", "*.jinja", "*.model")


def fetch(hub_id: str) -> Path:
    """The folder of `hub_id` in the local cache of the hub, downloaded where it is not there yet.

    Raises HemlineError with one sentence where the hub cannot be reached, does not know the id or wants an
    account that may read it.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
    )

    try:
        return Path(snapshot_download(hub_id, allow_patterns=list(WANTED)))
    except GatedRepoError:
        raise HemlineError(
            f"{hub_id} asks you to accept its licence: do so on its page, then log in with `hf auth login`"
        ) from None
    except (OfflineModeIsEnabled, LocalEntryNotFoundError, ConnectionError):
        raise HemlineError(
            f"{hub_id} is not in the local cache and the hub cannot be reached (offline, or HF_HUB_OFFLINE "
            "is set); connect once, or give --init a folder that holds the released files"
        ) from None
    except RepositoryNotFoundError:
        raise HemlineError(
            f"the hub knows no model {hub_id}, or you may not read it; check the name"
        ) from None
    except (HfHubHTTPError, OSError) as error:
        first = str(error).strip().splitlines()[0]
        raise HemlineError(f"{hub_id} could not be fetched ({first}); try again, what came is kept") from None
