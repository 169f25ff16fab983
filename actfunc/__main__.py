"""The program: `actfunc` where it is installed, and `python -m actfunc`."""

import os
import sys

from actfunc.errors import INTERRUPTED


def main() -> None:
    """Load the command line and run it. Ctrl-C ends it in a line while it is being loaded, too."""
    try:
        if os.environ.get("WORLD_SIZE", "1") != "1":  # by torchrun, which may be killed any time
            from actfunc.machine import end_with_parent

            end_with_parent()
        from actfunc.cli import main as program
    except KeyboardInterrupt:
        print("error: interrupted before it began", file=sys.stderr)
        sys.exit(INTERRUPTED)
    program()


if __name__ == "__main__":
    main()
