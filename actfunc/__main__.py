"""`python -m actfunc` is the same program as `actfunc`."""

from actfunc.cli import main

main()
