"""What a command works on, found from its options: data and device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actfunc.cli.console import Output
from actfunc.errors import UsageError
from actfunc.machine import settle_on

if TYPE_CHECKING:
    import torch

    from actfunc.storage import WorkingSet


def set_up(
    out: Output,
    dataset: str,
    *,
    seed: int,
    device: str,
    split_seed: int | None = None,
    examples: int | None = None,
    keep: int | None = None,
) -> WorkingSet:
    """Load what a command works on and print the first line: data set, sizes, seed, device.

    examples: split only so many images; keep: use only so many of what was split.
    """
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
    if keep is not None:
        work = work.first(keep)
    out.header(*work.described)
    if work.dataset.name == "silhouettes" or (examples, keep) != (None, None):
        out.note(work.dataset.note)
    if not work.dataset.classes:
        out.note(
            "percentages are of the targets' variance that is explained, 0 where their mean would"
            " do as well"
        )
    return work


def resolve_device(name: str) -> torch.device:
    """The device meant by auto, cpu or cuda[:index]."""
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UsageError(f"no device named {name!r}", "take auto, cpu, cuda or cuda:1") from error
    if device.type not in ("cpu", "cuda"):
        raise UsageError(f"device must be auto, cpu or cuda, got {name!r}")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise UsageError(
            f"no device {name!r} on this machine ({torch.cuda.device_count()} GPUs)",
            "take --device cpu",
        )
    settle_on(device)
    return device
