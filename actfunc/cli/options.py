"""Options that several commands share, so that one thing has one name everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from actfunc import __version__
from actfunc.errors import UsageError
from actfunc.places import from_home


def example(*commands: str) -> str:
    """A command's epilog: how it is called."""
    return "Example: " + "\n\n".join(f"[bold]{command}[/bold]" for command in commands)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"actfunc {__version__}")
        raise typer.Exit


def _check_seed(seed: int | None) -> int | None:
    # what torch's generators take; as a range it would fill the help's columns
    if seed is not None and seed >= 2**63:
        raise typer.BadParameter(f"a seed is under 2**63, got {seed}")
    return seed


def _from_home(folder: Path) -> Path:
    return from_home(folder)


version_callback: TypeAlias = Annotated[
    bool,
    typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version."),
]
traceback_option: TypeAlias = Annotated[
    bool,
    typer.Option("--traceback", help="With any command: show where in the code an error arose."),
]
Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else there.")
]
Seed: TypeAlias = Annotated[
    int, typer.Option("--seed", min=0, callback=_check_seed, help="Seed of all randomness.")
]
Epochs: TypeAlias = Annotated[
    int,
    typer.Option("--epochs", min=1, envvar="ACTFUNC_EPOCHS", help="Train at most so many epochs."),
]
BatchSize: TypeAlias = Annotated[int, typer.Option(min=1, help="Images a step.")]
Compiling: TypeAlias = Annotated[
    bool | None,
    typer.Option("--compile/--eager", help="Compile the step; by default where it pays."),
]
Overwrite: TypeAlias = Annotated[
    bool, typer.Option("--overwrite", help="Train anew what is there already.")
]
SplitSeed: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--split-seed",
        min=0,
        callback=_check_seed,
        help="Seed of the split in training and validation images; by default --seed.",
    ),
]
Optimizer: TypeAlias = Annotated[
    str,
    typer.Option("--optimizer", help="sgd, adam or adamw, with settings: sgd:nesterov=true."),
]
SixByDefault: TypeAlias = Annotated[
    list[str] | None, typer.Argument(help="Activations; the tutorial's six by default.")
]
NetworkSpec: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--network",
        metavar="SPEC",
        help="Look into this network, freshly drawn: mlp, residual:depth=20, my.py:net,"
        " torchvision.models:resnet18:num_classes=10. Its own activations are `own`.",
    ),
]
Batch: TypeAlias = Annotated[
    int, typer.Option("--batch", min=1, help="Take the first so many training images.")
]
Init: TypeAlias = Annotated[
    str,
    typer.Option(
        "--init",
        help="How weights are drawn: linear (as nn.Linear), recommended (what `signal` recommends"
        " for the activation), or gaussian:gain=1.4.",
    ),
]
Schedule: TypeAlias = Annotated[
    str,
    typer.Option(
        "--schedule",
        help="Of the learning rate: constant, cosine or warm_up:steps=195 (and ,then=cosine).",
    ),
]
Network: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--network",
        help="In place of --hidden: residual:depth=20, convolutional, skip_mlp, transformer, or"
        " your own file.py:name or package:name.",
    ),
]
Loss: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--loss",
        help="cross_entropy, squared_error (the default where targets are numbers),"
        " binary_cross_entropy, or your own file.py:name.",
    ),
]
DataSet: TypeAlias = Annotated[
    str,
    typer.Option(
        "--dataset",
        envvar="ACTFUNC_DATASET",
        help="auto (FashionMNIST where it is or can be fetched, else the drawn set),"
        " fashion_mnist, silhouettes, spirals, shapes, wave, or your own file.npz or file.py:name.",
    ),
]
Examples: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--examples",
        min=1,
        envvar="ACTFUNC_EXAMPLES",
        help="Use only so many images of the training set, for a quick try.",
    ),
]
Device: TypeAlias = Annotated[
    str, typer.Option("--device", envvar="ACTFUNC_DEVICE", help="auto, cpu or cuda.")
]
Out: TypeAlias = Annotated[
    Path,
    typer.Option(
        "--out",
        "-o",
        envvar="ACTFUNC_RUNS",
        callback=_from_home,
        help="Folder for the results.",
    ),
]
Runs: TypeAlias = Annotated[
    Path,
    typer.Option(
        "--runs",
        envvar="ACTFUNC_RUNS",
        callback=_from_home,
        help="Folder that `train` wrote into.",
    ),
]
Figure: TypeAlias = Annotated[
    Path, typer.Option("--out", "-o", help="Where to write the figure: .svg, .pdf or .png.")
]
Hidden: TypeAlias = Annotated[
    str, typer.Option("--hidden", help="Sizes of the hidden layers, from the input on.")
]
TrainedHidden: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--hidden",
        help="Sizes of the hidden layers; a trained network's own are read from its run, and others"
        " refused.",
    ),
]
TrainedSplitSeed: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--split-seed",
        min=0,
        callback=_check_seed,
        help="Seed of the split; a trained network's own is read from its run, and others refused.",
    ),
]

Pretrained: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--pretrained",
        metavar="[DIR]",
        help="Use the tutorial's own six networks: those in DIR, or without DIR those in the data"
        " folder, fetched from the author's repository where they are not there.",
    ),
]


def layer_sizes(text: str) -> tuple[int, ...]:
    """`512,256` as numbers."""
    try:
        sizes = tuple(int(part) for part in text.split(","))
    except ValueError:
        sizes = (0,)
    if min(sizes) < 1:
        raise UsageError(
            f"hidden must be positive whole numbers with commas between, got {text!r}",
            "for example --hidden 512,256,256,128",
        )
    return sizes
