"""What a model of a given shape needs: memory, disk and computing, worked out and not measured.

Memory of a step is that of the weights, of what trains (float32 with its gradient and two moments) and of the
states that the backward pass reads again. The last follows, layer by layer, from which tensors the modules of
transformers keep; attention is taken not to keep its length-squared weights (scaled_dot_product_attention).
A measured step took 0.79 to 0.93 of it (`python -m tests.bench.memory_estimate`), on a CPU and of a small
model; of real sizes nothing was run.
"""

from dataclasses import dataclass
from typing import Literal

from core.backbones.shapes import ALL_LAYERS, Shape, Stack

Quantize = Literal["none", "8bit", "4bit"]
Stage = Literal["stage1", "in-batch", "bank"]

GB = 1e9
# Bytes a weight: NF4 has a scale, packed to 8 bits, for each 64; LLM.int8 one for each row.
QUANTIZED = {"8bit": 1.01, "4bit": 0.516}
# What the driver, the libraries and the allocator's gaps take on an accelerator, an assumption.
RUNTIME = 1.0 * GB
TRAINED = 16  # bytes a trained parameter: float32, with its gradient and AdamW's two moments
# Tokens beside the picture's: a chat template with our wording, a change, a caption. Assumptions.
PROMPT, CHANGE, CAPTION = 40, 24, 32
INDEXED = 32  # photos that `core.catalogue` encodes at once


@dataclass(frozen=True)
class Setting:
    """How a stage is run; the fields are the flags of `train.stage1` and `train.stage2`.

    `dtype` that the model is kept in; `lora`: the rank of the adapters, 0 trains the whole decoder; `chunk`
    rows encoded at once, 0 for the batch. A dual encoder trains its text side whole, whatever `lora` says.
    """

    batch: int
    chunk: int = 0
    lora: int = 16
    checkpoint_layers: bool = False
    quantize: Quantize = "none"
    dtype: Literal["bfloat16", "float32"] = "bfloat16"

    @property
    def at_once(self) -> int:
        """Rows whose states are kept at the same time."""
        return min(self.chunk, self.batch) if self.chunk else self.batch

    @property
    def itemsize(self) -> int:
        """Bytes of a number of the model and of its states."""
        return 2 if self.dtype == "bfloat16" else 4


def adapter_parameters(stack: Stack, rank: int) -> int:
    """Parameters of one LoRA adapter on every linear module of the layers."""
    return stack.layers * rank * sum(sum(pair) for pair in stack.linears)


def trained_parameters(shape: Shape, stage: Stage, lora: int) -> int:
    """How many parameters a step of the stage changes.

    With adapters: one in stage 1, both in phase (a), the query's in phase (b). Without: the decoder and its
    head, and in phase (b) an adapter of rank 16. Of a dual encoder the text side, and what it shares with the
    picture's vector in phase (a).
    """
    if shape.dual:
        side = shape.parameters["decoder"]
        return side + (shape.parameters["connector"] if stage == "in-batch" else 0)
    one = adapter_parameters(shape.decoder, lora or 16)
    if stage == "bank":
        return one
    adapters = one if stage == "stage1" else 2 * one
    if lora:
        return adapters
    return shape.parameters["decoder"] + shape.parameters["head"] + (adapters if stage != "stage1" else 0)


def weight_bytes(shape: Shape, setting: Setting) -> float:
    """All weights as they lie in memory; only the decoder's linear modules are quantized."""
    if setting.quantize == "none" or shape.dual:
        return float(shape.total * setting.itemsize)
    small = shape.decoder.layers * sum(a * b for a, b in shape.decoder.linears)
    return small * QUANTIZED[setting.quantize] + (shape.total - small) * setting.itemsize


def lengths(shape: Shape, stage: Stage) -> tuple[int, ...]:
    """Tokens of each sequence that one example of the stage is, pictures among them."""
    if shape.dual:
        return (shape.positions,)
    if stage == "stage1":
        return (shape.tokens + PROMPT + CAPTION,)
    query = shape.tokens + PROMPT + CHANGE
    return (query, shape.tokens + PROMPT) if stage == "in-batch" else (query,)


def kept_numbers(stack: Stack, lora: bool, half: bool) -> int:
    """Numbers that one layer keeps of one token for the backward pass.

    Two norms with their input, normalised input and output (in half precision the first also in float32);
    queries, keys and values as attention takes them, its output, and that once more in rows; the inputs of
    the activation and of the matrices around it. Each adapted matrix keeps a copy of its input in half
    precision, because the adapter is in float32.
    """
    norms = 2 * (4 if half else 3) * stack.width
    attention = 5 * stack.attention
    inner = (4 if stack.gated else 2) * stack.mlp
    copies = sum(before for before, _ in stack.linears) if lora and half else 0
    return norms + attention + inner + copies


def activation_bytes(shape: Shape, stage: Stage, setting: Setting) -> float:
    """States that are kept at the same time in a step, with the largest gradients beside them.

    Chunked, they are one chunk's of the longest sequence; not chunked, those of all sequences of the batch.
    Checkpointed, each layer keeps its input, and one layer all.
    """
    stack = shape.decoder
    half = setting.itemsize == 2
    sequences = lengths(shape, stage)
    chunked = 0 < setting.chunk < setting.batch
    tokens = setting.at_once * (max(sequences) if chunked else sum(sequences))
    adapted = bool(setting.lora) or stage == "bank"
    layer = kept_numbers(stack, adapted and not shape.dual, half)
    whole = layer + stack.layers * stack.width if setting.checkpoint_layers else layer * stack.layers
    passing = 2 * (stack.width + stack.mlp)
    numbers = tokens * (whole + passing)
    logits = 0.0
    if stage == "stage1":  # the logits, in float32 once more, and a gradient of each
        logits = setting.at_once * CAPTION * shape.vocabulary * (2 * setting.itemsize + 8)
    pictures = 4.0 * setting.at_once * shape.tokens * shape.channels
    return numbers * setting.itemsize + logits + pictures


def training_memory(shape: Shape, stage: Stage, setting: Setting) -> dict[str, float]:
    """Bytes of a step by what they are for; "total" has the accelerator's own share as well."""
    trained = trained_parameters(shape, stage, setting.lora)
    # A trained weight of the model itself lies there once, in the float32 of its optimizer.
    replaced = 0
    if shape.dual:
        replaced = trained
    elif setting.lora == 0 and stage != "bank":
        replaced = shape.parameters["decoder"] + shape.parameters["head"]
    found = {
        "weights": weight_bytes(shape, setting) - replaced * setting.itemsize,
        "trained": 4.0 * trained,
        "gradients": 4.0 * trained,
        "optimizer": 8.0 * trained,
        "activations": activation_bytes(shape, stage, setting),
    }
    return found | {"total": sum(found.values()) + RUNTIME}


def inference_memory(shape: Shape, rows: int, setting: Setting) -> dict[str, float]:
    """Bytes to embed `rows` photos or queries at once: vision side, then decoder, nothing kept."""
    eye, words = shape.vision, shape.decoder
    seen = shape.patches * (4 * eye.width + 3 * eye.attention + 2 * eye.mlp)
    if shape.family in ALL_LAYERS:
        seen += shape.patches * eye.width * eye.layers
    length = max(lengths(shape, "in-batch"))
    read = length * (6 * words.width + 4 * words.attention + 3 * words.mlp)
    states = rows * max(seen, read) * setting.itemsize + 2.0 * rows * shape.tokens * shape.channels
    weights = weight_bytes(shape, setting)
    return {"weights": weights, "activations": states, "total": weights + states + RUNTIME}


def forward_flops(shape: Shape, length: int, predicted: int = 0) -> float:
    """Multiplications and additions of the decoder on a sequence, with its head on `predicted` tokens."""
    stack = shape.decoder
    matrices = stack.layers * sum(a * b for a, b in stack.linears)
    attention = 4.0 * stack.layers * stack.attention * length
    return length * (2.0 * matrices + attention) + 2.0 * predicted * shape.vocabulary * stack.width


def picture_flops(shape: Shape) -> float:
    """Of the frozen vision side on one picture."""
    eye = shape.vision
    sides = shape.parameters["vision"] + (0 if shape.dual else shape.parameters["connector"])
    return shape.patches * (2.0 * sides + 4.0 * eye.layers * eye.attention * shape.patches)


def step_flops(shape: Shape, stage: Stage, setting: Setting) -> float:
    """Of one optimizer step on cached features.

    A backward pass through frozen matrices costs as much as the forward pass, through trained ones twice;
    chunks and checkpointed layers each add a forward pass.
    """
    trains_all = shape.dual or (setting.lora == 0 and stage != "bank")
    again = int(0 < setting.chunk < setting.batch) + int(setting.checkpoint_layers)
    passes = 1 + (2 if trains_all else 1) + again
    predicted = CAPTION if stage == "stage1" else 0
    once = sum(forward_flops(shape, length, predicted) for length in lengths(shape, stage))
    adapters = 0 if shape.dual else adapter_parameters(shape.decoder, setting.lora or 16)
    learning = 6.0 * adapters * sum(lengths(shape, stage))
    return setting.batch * (once * passes + learning)


def feature_bytes(shape: Shape, photos: int, views: int = 1) -> int:
    """Disk of the float16 features of so many photos in so many views."""
    return 2 * photos * views * shape.tokens * shape.channels


def index_bytes(shape: Shape, photos: int) -> int:
    """Disk of an index of so many photos: float32 vectors, and the features kept beside them."""
    return photos * 4 * shape.dim + feature_bytes(shape, photos)
