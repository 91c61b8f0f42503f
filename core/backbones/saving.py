"""A model folder on disk: written aside, moved into place with hemline.json last, checked when it is read."""

import os
import secrets
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.backbones.spec import SPEC_FILE, check_weights, read_spec, weight_files, with_weights
from core.backbones.tokenizer import vocabulary_fingerprint
from core.backbones.unsafe import refuse_unsafe
from core.errors import HemlineError
from core.files import sha256_file, take_lock, write_json

ASIDE = ".saving-"
LOCK_FILE = ".lock"
PROJECTION_FILE = "projection.safetensors"
# bytes; on some processors a product of weights that lie otherwise ends in other last digits
ALIGNMENT = 64

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from core.backbones.base import Backbone
    from core.backbones.spec import Spec


def save_backbone(backbone: "Backbone", folder: Path) -> None:
    """Write the model into `folder`, which may hold an older one and other files (a run card, a log).

    Everything is written to a hidden folder inside it first, so a full disk leaves the old model whole; only
    then are the files moved, hemline.json last. The old model's files that the new one lacks are removed.
    """
    from safetensors import SafetensorError

    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    aside = folder / f"{ASIDE}{secrets.token_hex(4)}"
    aside.mkdir()
    lock = (aside / LOCK_FILE).open("w")
    take_lock(lock)
    try:
        with quiet():
            backbone.write(aside)
        spec = replace(backbone.spec, vocabulary=vocabulary_fingerprint(backbone.tokenizer))
        spec = with_weights(spec, aside)
        write_json(aside / SPEC_FILE, spec.to_json())
        _move(aside, folder)
    except SafetensorError as error:
        raise HemlineError(
            f"the model cannot be saved in {folder} ({error}); free some space and save again, "
            "what was there before is untouched"
        ) from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        lock.close()
    backbone.spec = spec


def _move(aside: Path, folder: Path) -> None:
    files = sorted(p for p in aside.rglob("*") if p.is_file() and p.name not in (SPEC_FILE, LOCK_FILE))
    for path in files:
        path.chmod(0o644)  # safetensors makes files that only their owner can read
        with open(path, "rb") as file:
            os.fsync(file.fileno())
    new = {path.relative_to(aside) for path in files} | {Path(name) for name in read_spec(aside).weights}
    stale = (
        [path for path in weight_files(folder) if path.relative_to(folder) not in new]
        if _is_model(folder)
        else []
    )
    for path in [*files, aside / SPEC_FILE]:
        place = folder / path.relative_to(aside)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(path, place)
    for path in stale:
        path.unlink()


def _is_model(folder: Path) -> bool:
    return (folder / SPEC_FILE).is_file()


def checked_spec(folder: Path) -> "Spec":
    """The specification in `folder` after checking that the files beside it are those it was saved with.

    Where a saving was killed between its moves, what it had written is moved now.
    """
    try:
        spec = read_spec(folder)
        check_weights(spec, folder)
    except HemlineError:
        if not _finish(folder):
            raise
        spec = read_spec(folder)
        check_weights(spec, folder)
    return spec


def _killed(folder: Path) -> Iterator[Path]:
    """What killed savings left in `folder`; a saving that goes on holds its lock."""
    for aside in folder.glob(f"{ASIDE}*"):
        try:
            with (aside / LOCK_FILE).open("a") as lock:
                take_lock(lock)
                yield aside
        except OSError:
            continue


def _sweep(folder: Path) -> None:
    for aside in _killed(folder):
        shutil.rmtree(aside, ignore_errors=True)


def _finish(folder: Path) -> bool:
    """Whether a killed saving had written all of its model: its last moves are then made."""
    for aside in _killed(folder):
        try:
            spec = read_spec(aside)
            names = {
                name: aside / name if (aside / name).is_file() else folder / name for name in spec.weights
            }
            if all(sha256_file(path) == spec.weights[name] for name, path in names.items()):
                _move(aside, folder)
                shutil.rmtree(aside, ignore_errors=True)
                return True
        except (HemlineError, OSError):
            continue
    return False


def check_vocabulary(spec: "Spec", tokenizer: "PreTrainedTokenizerBase", folder: Path) -> None:
    """Refuse a tokenizer that is not the one the model was trained with."""
    if vocabulary_fingerprint(tokenizer) != spec.vocabulary:
        raise HemlineError(
            f"the tokenizer in {folder} is not the one {SPEC_FILE} was saved with; "
            "copy the whole model folder again"
        )


def write_model(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    folder: Path,
    tensors: "dict[str, Tensor] | None" = None,
) -> None:
    """transformers' files of a model and its tokenizer, the same bytes whether just built or loaded."""
    for part in (model.config.vision_config, model.config.text_config):
        part.dtype = model.dtype
    model.save_pretrained(folder, state_dict=tensors)
    _write_tokenizer(tokenizer, folder)


def link_model(base: Path, tokenizer: "PreTrainedTokenizerBase", folder: Path) -> None:
    """What `write_model` wrote into `base` for `folder` as well: linked, or copied where that cannot be.

    A model folder's files are replaced and never changed, so both may share one.
    """
    for path in sorted([*base.glob("*.safetensors*"), *base.glob("*config.json")]):
        if path.name not in (PROJECTION_FILE, "tokenizer_config.json"):
            try:
                os.link(path, folder / path.name)
            except OSError:  # another disk, or one without links
                shutil.copyfile(path, folder / path.name)
    _write_tokenizer(tokenizer, folder)


def _write_tokenizer(tokenizer: "PreTrainedTokenizerBase", folder: Path) -> None:
    for trace in ("is_local", "local_files_only", "name_or_path"):
        tokenizer.init_kwargs.pop(trace, None)
    try:
        tokenizer.save_pretrained(folder)
    except Exception as error:
        if type(error) is not Exception:
            raise
        # The tokenizers library raises the bare class when the disk takes no more.
        raise HemlineError(f"{folder}: the tokenizer cannot be written ({error}); free some space") from None


def load_model(
    auto: Any, folder: Path, dtype: str, packing: Any = None, device: str = "cpu"
) -> "PreTrainedModel":
    """transformers' model in `folder`; HemlineError when configuration and weights do not fit.

    `packing`: a quantisation of transformers, done on `device`; None: the model as it is, on the CPU.
    """
    import torch

    refuse_unsafe(folder)
    more = {} if packing is None else {"quantization_config": packing, "device_map": {"": device}}
    more |= {"use_safetensors": True, "trust_remote_code": False, "output_loading_info": True}
    try:
        model, info = auto.from_pretrained(folder, dtype=getattr(torch, dtype), local_files_only=True, **more)
    except ImportError as error:  # of a packing that transformers finds too old
        first = str(error).strip().splitlines()[0]
        raise HemlineError(f"{folder} cannot be packed: {first}") from None
    except Exception as error:  # of a damaged or hostile configuration the library raises many kinds
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise HemlineError(
            f"{folder}: the weights cannot be loaded ({first}); copy the whole folder again"
        ) from None
    wrong = sorted(map(str, [*info["missing_keys"], *info["mismatched_keys"], *info["unexpected_keys"]]))
    if wrong:
        raise HemlineError(
            f"{folder}: the weights do not fit config.json ({len(wrong)} tensors, first {wrong[0]}); "
            "copy the whole model folder again"
        )
    if packing is None:
        for parameter in model.parameters():
            if parameter.data_ptr() % ALIGNMENT:
                parameter.data = parameter.data.clone()
    return model


def refuse_other_model(folder: Path) -> None:
    """Refuse a folder that already holds a model, before any work is done for it."""
    if _is_model(folder):
        raise HemlineError(
            f"{folder} already holds a model; choose another --out or remove that folder first"
        )


@contextmanager
def quiet() -> Iterator[None]:
    """Without transformers' progress bars for small files and PEFT's use of a deprecated property."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=FutureWarning, message=".*is_gradient_checkpointing.*")
            yield
    finally:
        if shown:
            logging.enable_progress_bar()
