"""What a command works on, found from its options: data, device, trained networks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from actfunc.cli.console import Output
from actfunc.errors import UsageError

if TYPE_CHECKING:
    import torch

    from actfunc.storage import WorkingSet
    from actfunc.storage.tutorial_checkpoint import Checkpoint


def set_up(
    out: Output,
    dataset: str,
    *,
    seed: int,
    device: str,
    split_seed: int | None = None,
    examples: int | None = None,
) -> WorkingSet:
    """Load what a command works on and print the first line: data set, sizes, seed, device."""
    from actfunc.storage import prepare

    chosen = resolve_device(device)
    with out.status("loading the data") as report:
        work = prepare(
            dataset,
            seed=seed,
            split_seed=split_seed,
            device=chosen,
            examples=examples,
            report=report,
        )
    out.header(*work.described)
    if work.dataset.name == "silhouettes" or examples is not None:
        out.print(f"[yellow]note:[/yellow] {escape(work.dataset.note)}")
    return work


def resolve_device(name: str) -> torch.device:
    """The device meant by auto, cpu or cuda[:index]."""
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UsageError(f"no device named {name!r}", "take auto, cpu or cuda") from error
    if device.type not in ("cpu", "cuda"):
        raise UsageError(f"device must be auto, cpu or cuda, got {name!r}")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise UsageError(
            f"no device {name!r} on this machine ({torch.cuda.device_count()} GPUs)",
            "take --device cpu",
        )
    return device


def trained_networks(
    out: Output,
    work: WorkingSet,
    activations: list[str] | None,
    *,
    pretrained: str | None,
    runs: Path,
    hidden: tuple[int, ...],
) -> dict[str, Checkpoint]:
    """The trained networks asked for, by name, on the device.

    Those of the tutorial's author, by the tutorial's names, where `pretrained` says from where;
    else those that `train` left in the folder `runs`, by their specs. The six by default.
    """
    from actfunc import tree
    from actfunc.catalogue import get
    from actfunc.errors import CheckpointError
    from actfunc.storage import RunFolder
    from actfunc.storage.tutorial_checkpoint import Checkpoint
    from actfunc.tutorial import SIX
    from actfunc.tutorial.checkpoints import read_six

    if pretrained is not None:
        with out.status("reading the author's networks") as report:
            six = read_six(pretrained, activations, report)
        return {
            name: found._replace(params=tree.map(lambda leaf: leaf.to(work.device), found.params))
            for name, found in six.items()
        }
    networks = {}
    for text in activations or SIX.values():
        record = get(text)
        folder = RunFolder.of(runs, work.dataset.name, record.spec, work.seed)
        if not folder.parameters_file.exists():
            raise CheckpointError(
                f"no trained network for {record.spec} in {folder.path}",
                f"`actfunc train {text}` makes it; --pretrained takes the author's",
            )
        networks[record.spec] = Checkpoint(record, folder.parameters(work.fresh(hidden)))
    return networks
