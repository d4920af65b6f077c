"""`bondreplicate`, and `python -m bondreplicate`: what runs before anything else is imported."""

from __future__ import annotations

import os
import signal
from typing import NoReturn

INTERRUPTED = 130
"""Exit status after Ctrl+C, as shells have it."""


def end_quietly(*_: object) -> NoReturn:
    """End at once: in the middle of an import there is nothing to put in order."""
    os._exit(INTERRUPTED)


def main() -> NoReturn:
    """Run a command; Ctrl+C ends it quietly, also while its modules are still being loaded."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, end_quietly)
    from bondreplicate.faces.cli import main as run

    if signal.getsignal(signal.SIGINT) is end_quietly:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run()


if __name__ == "__main__":
    main()
