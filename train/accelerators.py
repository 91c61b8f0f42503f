"""Accelerators that estimates name, as data: memory and the published dense bfloat16 peak."""

from dataclasses import dataclass

UTILISATION = 0.35
"""The share of the peak that training is taken to reach: an assumption, not measured here.

Well-tuned training of large models reports 0.3 to 0.5; small models and short sequences reach less.
"""


@dataclass(frozen=True)
class Accelerator:
    """`memory_gb` in GB of 1e9 bytes, `teraflops` dense bfloat16 with float32 sums, as its maker gives it."""

    name: str
    memory_gb: float
    teraflops: float

    def seconds(self, flops: float) -> float:
        """How long so many operations take at `UTILISATION`."""
        return flops / (self.teraflops * 1e12 * UTILISATION)


ACCELERATORS = (
    Accelerator("rtx-3090", 25.8, 71),
    Accelerator("rtx-4090", 25.8, 165),
    Accelerator("l4", 24.1, 121),
    Accelerator("a100-40gb", 42.9, 312),
    Accelerator("a100-80gb", 85.9, 312),
    Accelerator("h100-80gb", 85.9, 989),
    Accelerator("h200", 151.0, 989),
)
