"""`python cli.py …` from a checkout is the same program as the installed `actfunc …`."""

from actfunc.__main__ import main

if __name__ == "__main__":
    main()
