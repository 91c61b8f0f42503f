"""The one kind of error that a user caused and can mend."""

LONGEST = 1000  # characters of a sentence, which may quote what somebody sent


class HemlineError(ValueError):
    """Bad input or a fault outside the program: one sentence that says what, where and what to do.

    What it quotes may be of any length; a sentence longer than LONGEST loses its middle.
    """

    def __init__(self, message: object = "") -> None:
        text = str(message)
        super().__init__(text if len(text) <= LONGEST else f"{text[: LONGEST - 300]} … {text[-300:]}")
