"""The `scaling` command, also as `python -m scaling.cli`.

SIGTERM is answered from the first line on, before anything else is loaded: whoever stops a run in its first second gets
the same exit code as later. A run takes both signals over while it works; see `scaling.launch.stopping`.
"""

import signal
import sys

from scaling.cli.exit_codes import INTERRUPTED


def main() -> None:
    """Runs the command; mistakes in the input become a message and exit code 2, never a traceback."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # raises KeyboardInterrupt, as Ctrl-C does
    try:
        from scaling.cli.app import run

        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
