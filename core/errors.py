"""The one kind of error that a user caused and can mend."""


class HemlineError(ValueError):
    """Bad input or a fault outside the program: one sentence that says what, where and what to do."""
