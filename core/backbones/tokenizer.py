"""The tokenizer: byte-level BPE trained on the captions, saved in transformers' own format."""

from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from core.errors import HemlineError

PAD, IMAGE, QUERY, TARGET, CAPTION, EOS = "<pad>", "<image>", "<query>", "<target>", "<caption>", "<eos>"
SPECIAL = (PAD, IMAGE, QUERY, TARGET, CAPTION, EOS)
# 256 byte symbols and the special tokens; fewer could not encode every text.
SMALLEST_VOCABULARY = 256 + len(SPECIAL)


def train_tokenizer(texts: Iterable[str], vocabulary: int = 2000) -> PreTrainedTokenizerFast:
    """A lower-casing byte-level BPE of at most `vocabulary` tokens; any text encodes, none is unknown.

    The special tokens take the first ids in `SPECIAL`'s order. Raises HemlineError when there is no text to
    learn from or `vocabulary` is under 262.
    """
    wordings = [text for text in texts if text.strip()]
    if not wordings:
        raise HemlineError("no caption or modification text to train the tokenizer on; check the data folder")
    if vocabulary < SMALLEST_VOCABULARY:
        raise HemlineError(f"a vocabulary of {vocabulary} is too small; the least is {SMALLEST_VOCABULARY}")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    # The prefix space makes a word the same token at the start of a text and inside it.
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(wordings, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=EOS,
        additional_special_tokens=[IMAGE, QUERY, TARGET, CAPTION],
        clean_up_tokenization_spaces=False,
    )


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer saved in `folder`, whose code is never run; HemlineError where it cannot be read."""
    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # of a damaged or hostile file the libraries raise many kinds
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise HemlineError(
            f"{folder}: its tokenizer cannot be read ({first}); copy the whole folder again"
        ) from None


def prompt_ids(tokenizer: PreTrainedTokenizerBase, prompt: str) -> list[int]:
    """Ids of a piece of prompt, in which special tokens count."""
    return list(tokenizer(prompt, add_special_tokens=False)["input_ids"]) if prompt else []


def text_ids(tokenizer: PreTrainedTokenizerBase, text: str, longest: int) -> list[int]:
    """Ids of a user's text; a special token written in it is plain text.

    Raises HemlineError when there are more than `longest` tokens.
    """
    ids = list(tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"])
    if len(ids) > longest:
        start = text[:40] + ("…" if len(text) > 40 else "")
        raise HemlineError(
            f'the text "{start}" is {len(ids)} tokens long; this model reads at most {longest}: shorten it'
        )
    return ids


def vocabulary_fingerprint(tokenizer: PreTrainedTokenizerBase) -> str:
    """Changes whenever the tokenizer would encode some text otherwise: sha256 of its definition."""
    from core.files import fingerprint

    backend = getattr(tokenizer, "backend_tokenizer", None)
    return fingerprint(backend.to_str() if backend is not None else sorted(tokenizer.get_vocab().items()))
