"""Make every figure of the docs: each is what one `actfunc` command draws.

    python docs/make_figures.py            all of them
    python docs/make_figures.py gradients  those whose file name starts so
    python docs/make_figures.py torch      the audit, with its table
    python docs/make_figures.py compare-sigmoid    one of the comparisons, with its table

Comparisons take from a quarter of an hour to an hour on two cores, and are made only when they are
named; where ACTFUNC_RUNS names a folder, what it has of them is taken from there. Most are of
FashionMNIST and of the author's networks, so ACTFUNC_DATA has to lead there or the network has to
be up. The small ones of the catalogue are drawn while the site is built.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from thumbnails import with_palette

from actfunc.cli import run

DOCS = Path(__file__).parent.resolve()

FIGURES = {
    "activations.svg": "plot -o {}",
    "silhouettes.svg": "data --dataset silhouettes --show {}",
    "curves.svg": (
        "train sigmoid tanh relu leaky_relu:negative_slope=0.1 elu silu"
        " --dataset fashion_mnist --plot {}"
    ),
    "signal.svg": "signal relu tanh gelu sigmoid --measure -o {}",
    "depth.svg": "depth relu sigmoid tanh gelu -o {}",
    "depth-recommended.svg": "depth relu sigmoid tanh gelu --init recommended -o {}",
    "curvature.svg": (
        "curvature sigmoid relu swish --pretrained --batch 256 --dataset fashion_mnist -o {}"
    ),
    # thousands of points each: pixels are smaller
    "certify-gelu.png": "certify gelu --plot {}",
    "certify-torch-gelu.png": "certify torch.nn.functional:gelu --as gelu --plot {}",
    "torch-audit.png": "audit gelu silu tanh softplus --plot {}",
    "squareplus.svg": "plot my.py:squareplus softplus silu -o {}",
}
"""Each figure and the command that draws it."""

TABLES = {"torch-table.md": "audit --markdown {}"}
"""Each table that a page takes in and the command that makes it."""

COMPARISONS = {
    "compare-sigmoid": "compare --activations sigmoid --seeds 20 --dataset fashion_mnist",
    "compare-init": (
        "compare sigmoid tanh gelu --init linear --init recommended --seeds 10"
        " --learning-rates 0.01,0.03 --epochs 5 --dataset fashion_mnist"
    ),
    "compare-eight": (
        "compare relu leaky_relu elu gelu silu mish tanh softplus --seeds 10"
        " --learning-rates 0.01,0.03,0.1 --epochs 5 --dataset fashion_mnist"
    ),
}
"""Each comparison and its command: its tables become a part of a page."""

SHOWN = {
    "compare-sigmoid": ("escape",),
    "compare-init": ("bands",),
    "compare-eight": ("intervals", "bands"),
}
"""Which of a comparison's figures the pages show."""

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
            if name.endswith(".png"):
                figure = DOCS / "figures" / name
                figure.write_bytes(with_palette(figure.read_bytes()))
        for name, command in TABLES.items():
            if not wanted or name.startswith(tuple(wanted)):
                run(shlex.split(command.format(shlex.quote(str(DOCS / name)))))
        for name in COMPARISONS.keys() & set(wanted):
            if not compared(name):
                return 1
    return 0


def compared(name: str) -> bool:
    """Make a comparison and put its tables and figures where the pages look for them."""
    folder = Path(os.environ.get("ACTFUNC_RUNS", "runs")).absolute()
    words = shlex.split(COMPARISONS[name])
    print(f"\n{name}: actfunc {COMPARISONS[name]}", flush=True)
    if run([*words, "--out", str(folder), "--name", name]) != 0:
        return False
    text = (folder / name / "summary.md").read_text("utf-8")
    # the command that makes it, and not the one that called it from here
    text = re.sub(r"^`[^`]+` ", f"`actfunc {COMPARISONS[name]}` ", text, flags=re.M)
    (DOCS / f"{name}.md").write_text(text, "utf-8")
    for figure in SHOWN[name]:
        shutil.copy(folder / name / f"{figure}.svg", DOCS / "figures" / f"{name}-{figure}.svg")
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
