"""The real tokenizer classes of the released models, with tiny vocabularies of their own kind."""

from typing import Any

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from tests.tiny_backbones import WORDS

BYTES = [f"<0x{value:02X}>" for value in range(256)]


def _bpe(split: Any, first: list[str], normalizer: Any = None, **trainer: Any) -> dict[str, Any]:
    """Vocabulary and merges of a BPE trained on a few sentences; `first` take the first ids."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = split
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    options = {"vocab_size": 400 + len(first), "special_tokens": first, "show_progress": False, **trainer}
    tokenizer.train_from_iterator(WORDS * 3, trainers.BpeTrainer(**options))
    vocab = tokenizer.get_vocab()
    merges = []
    import json

    for pair in json.loads(tokenizer.to_str())["model"]["merges"]:
        merges.append(tuple(pair) if isinstance(pair, list) else tuple(pair.split(" ")))
    return {"vocab": vocab, "merges": merges}


def _byte_level(first: list[str]) -> dict[str, Any]:
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    return _bpe(pre_tokenizers.ByteLevel(add_prefix_space=False), first, initial_alphabet=alphabet)


def qwen(*special: str) -> Any:
    """Qwen2's, as InternVL3, LLaVA-OneVision and Qwen-VL have it."""
    from transformers import Qwen2Tokenizer

    made = Qwen2Tokenizer(**_byte_level(["<|endoftext|>"]), eos_token="<|im_end|>", pad_token="<|endoftext|>")
    made.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>", *special]})
    return made


def gpt2(*special: str, **ends: str) -> Any:
    """GPT-2's, as SmolVLM and OPT have it."""
    from transformers import GPT2Tokenizer

    made = GPT2Tokenizer(**_byte_level(["<|endoftext|>"]), **ends)
    made.add_special_tokens({"additional_special_tokens": [*special]})
    return made


def llama(*special: str) -> Any:
    """Llama's, as LLaVA has it: pieces that begin with a mark, bytes where a character is unknown."""
    from transformers import LlamaTokenizer

    first = ["<unk>", "<s>", "</s>", *BYTES]
    made = LlamaTokenizer(**_bpe(pre_tokenizers.Metaspace(), first), pad_token="<unk>", add_bos_token=True)
    made.add_special_tokens({"additional_special_tokens": [*special]})
    return made


def clip() -> Any:
    """CLIP's: lower case, words that end with a mark."""
    from transformers import CLIPTokenizer

    learnt = _bpe(
        pre_tokenizers.Sequence(
            [pre_tokenizers.Whitespace(), pre_tokenizers.ByteLevel(add_prefix_space=False)]
        ),
        ["<|startoftext|>", "<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        end_of_word_suffix="</w>",
    )
    return CLIPTokenizer(**learnt)


def siglip2() -> Any:
    """SigLIP 2's: Gemma's in lower case, which ends every text and pads it to 64."""
    from tokenizers.processors import TemplateProcessing
    from transformers import Siglip2Tokenizer

    first = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *BYTES]
    split = pre_tokenizers.Split(" ", "merged_with_previous")
    made = Siglip2Tokenizer(**_bpe(split, first, normalizers.Replace(" ", "▁")), padding_side="right")
    ending = TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", 1)])
    made.backend_tokenizer.post_processor = ending
    return made
