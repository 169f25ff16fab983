"""The program: `actfunc` where it is installed, and `python -m actfunc`."""

import sys

from actfunc.errors import INTERRUPTED


def main() -> None:
    """Load the command line and run it. Ctrl-C ends it in a line while it is being loaded, too."""
    try:
        from actfunc.cli import main as program
    except KeyboardInterrupt:
        print("error: interrupted before it began", file=sys.stderr)
        sys.exit(INTERRUPTED)
    program()


if __name__ == "__main__":
    main()
