"""Runs a command's main function and turns the errors a user can mend into one sentence and an exit code."""

import sys
from collections.abc import Callable

from core.errors import HemlineError


def entry(main: Callable[[], None]) -> None:
    """Run `main`; a HemlineError or an OSError is one sentence on stderr and exit 2, Ctrl-C exit 130."""
    try:
        main()
    except HemlineError as error:
        print(f"hemline: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        told = f"{error.strerror or error}{where}"
        print(f"hemline: {told}; nothing already saved was changed", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("hemline: interrupted; run the same command again to go on", file=sys.stderr)
        raise SystemExit(130) from None
