"""What a run with `--lora` trains: adapters on a decoder that stays as it is, and may be packed.

For models whose decoder is too large to train whole. Without the flag both stages train every part.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from core.errors import HemlineError
from train.options import check_ranges

if TYPE_CHECKING:
    from core.backbones.base import Backbone


class LoraOptions(Protocol):
    """What the recipes of both stages say of it: the rank, 0 for no LoRA, and how the rest is packed."""

    @property
    def lora(self) -> int: ...
    @property
    def quantize(self) -> str: ...
    @property
    def seed(self) -> int: ...


def check_lora(config: LoraOptions) -> None:
    """Refuse (HemlineError) a rank under 0, an unknown packing, and one of a decoder that trains."""
    from core.backbones.quantize import KINDS

    check_ranges(config, {"lora": (0, float("inf"))})
    if config.quantize not in KINDS:
        raise HemlineError(f"--quantize is {config.quantize!r}; it must be one of {', '.join(KINDS)}")
    if config.quantize != "none" and not config.lora:
        raise HemlineError(
            f"--quantize {config.quantize} packs weights that then cannot train; add --lora RANK (16, say)"
        )


def give_adapters(backbone: "Backbone", names: Sequence[str], rank: int, seed: int, frozen: bool) -> None:
    """Add those of the adapters `names` that a multi-modal `backbone` lacks, and of `rank`.

    `frozen`: they are all that trains of the decoder. Then a projection in half precision becomes float32, as
    small steps would round away. Raises HemlineError for a frozen one that has no decoder, or adapters of
    another rank.
    """
    from core.backbones.mllm import MllmBackbone, adapter_rank, add_adapters

    if not isinstance(backbone, MllmBackbone):
        if frozen:
            raise HemlineError(
                f"--lora adapts a language model's decoder and kind {backbone.spec.kind} has none; "
                "leave it out"
            )
        return
    ranks = {name: adapter_rank(backbone, name) for name in names}
    for name, found in ranks.items():
        if frozen and found not in (None, rank):
            raise HemlineError(
                f"--lora is {rank} but the {name} adapter of --init is of rank {found}; give --lora {found}"
            )
    lacking = [name for name, found in ranks.items() if found is None]
    if lacking:
        add_adapters(backbone, lacking, rank=rank, alpha=2 * rank, seed=seed)
    if frozen:
        backbone.projection.float()
