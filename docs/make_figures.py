"""Make every figure of the docs: each is what one `actfunc` command draws.

    python docs/make_figures.py            all of them
    python docs/make_figures.py gradients  those whose file name starts so

They are of FashionMNIST and of the author's networks, so ACTFUNC_DATA has to lead there or the
network has to be up.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
import tempfile
from pathlib import Path

from actfunc.cli import run

DOCS = Path(__file__).parent.resolve()

FIGURES = {
    "activations.svg": "plot -o {}",
    "examples.svg": "data --dataset fashion_mnist --show {}",
    "silhouettes.svg": "data --dataset silhouettes --show {}",
    "gradients.svg": "gradients --dataset fashion_mnist -o {}",
    "curves.svg": (
        "train sigmoid tanh relu leaky_relu:negative_slope=0.1 elu silu"
        " --dataset fashion_mnist --plot {}"
    ),
    "distribution.svg": "distribution --pretrained --dataset fashion_mnist -o {}",
    "dead.svg": "dead --pretrained --dataset fashion_mnist -o {}",
    # thousands of points each: pixels are smaller
    "certify-gelu.png": "certify gelu --no-compiled --plot {}",
    "certify-torch-gelu.png": (
        "certify torch.nn.functional:gelu --formula 'x * erfc(-x / sqrt(2)) / 2' --plot {}"
    ),
    "squareplus.svg": "plot my.py:squareplus softplus silu -o {}",
}
"""Each figure and the command that draws it."""

NOT_HELD = {"certify-torch-gelu.png"}
"""Certificates that are there to fail."""


def main(wanted: list[str]) -> int:
    """Draw the figures whose names start with one of `wanted`; all where none is given."""
    files = dict(
        re.findall(r'```python title="(.+?)"\n(.+?)```', (DOCS / "add.md").read_text(), re.S)
    )
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, content in files.items():
            Path(name).write_text(content)
        for name, command in FIGURES.items():
            if wanted and not name.startswith(tuple(wanted)):
                continue
            print(f"\n{name}: actfunc {command.format(name)}", flush=True)
            words = shlex.split(command.format(shlex.quote(str(DOCS / "figures" / name))))
            if run(words) != (1 if name in NOT_HELD else 0):
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
