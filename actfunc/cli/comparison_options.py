"""What the options of `actfunc compare` ask for: activations, seeds, rates, arms, a GPU."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from actfunc.errors import UsageError

if TYPE_CHECKING:
    from actfunc.compare.ranks import Ranks
    from actfunc.compare.records import Arm


def listed(text: str) -> list[str]:
    """`relu, elu:alpha=1,swish` as three: a comma inside a spec is followed by `name=`."""
    return [one for one in re.split(r"\s+|,(?![^,:]*=)", text) if one]


def seed_list(text: str) -> tuple[int, ...]:
    """`10` as the first ten from 0, `3,5,8` as these; UsageError for anything else."""
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 1 and "," not in text and numbers[0] > 0:
        return tuple(range(numbers[0]))
    if not numbers or min(numbers) < 0 or ("," not in text):
        raise UsageError(
            f"seeds must be how many, or a list of whole numbers, got {text!r}",
            "for example --seeds 10, or --seeds 3,5,8",
        )
    return tuple(dict.fromkeys(numbers))


def rate_list(text: str) -> tuple[float, ...]:
    """`0.1,0.01` as numbers, the smallest first; UsageError where one is not above 0."""
    try:
        rates = [float(part) for part in text.split(",")]
    except ValueError:
        rates = []
    if not rates or not all(0 < rate < float("inf") for rate in rates):
        raise UsageError(
            f"learning_rates must be numbers above 0, got {text!r}",
            "for example --learning-rates 0.01,0.03,0.1",
        )
    return tuple(sorted(dict.fromkeys(rates)))


def rates_by_optimizer(
    texts: Sequence[str], optimizers: Sequence[str]
) -> tuple[tuple[float, ...], tuple[tuple[str, tuple[float, ...]], ...]]:
    """The learning rates of all, 0.01 where none is said, and of each optimiser that has its own.

    texts: `0.01,0.03` for all, `adamw=0.001,0.003` for an optimiser by its name or spec.
    """
    for_all: tuple[float, ...] = (0.01,)
    own: dict[str, tuple[float, ...]] = {}
    for text in texts:
        rule, said, rates = text.rpartition("=")
        if not said:
            for_all = rate_list(rates)
            continue
        meant = [spec for spec in optimizers if rule.strip() in (spec, spec.partition(":")[0])]
        if not meant:
            raise UsageError(
                f"learning_rates must be of an optimiser that is compared, got {rule!r}",
                f"compared are {', '.join(optimizers)}; --optimizer adds one",
            )
        own |= dict.fromkeys(meant, rate_list(rates))
    return for_all, tuple(own.items())


def init_list(texts: Sequence[str]) -> tuple[str, ...]:
    """Ways to draw the weights, each in its one spec, `recommended` as it is."""
    from actfunc.analysis.gain import canonical_init

    return tuple(dict.fromkeys(map(canonical_init, texts)))


def arm_named(text: str, arms: Sequence[Arm]) -> Arm:
    """The first arm that has all that the text says, word by word: `gelu adamw`, `relu 64,32`.

    Each word is an activation, an optimiser, hidden layers or an init of some arm, and may leave
    out the settings. UsageError for what is none, or not together in one.
    """
    from actfunc.catalogue import get

    left, words = list(arms), text.split()
    for word in words:
        activations = {arm.activation for arm in arms}
        spec = word if word in activations or _tells(word, arms) else get(word).spec
        left = [arm for arm in left if spec == arm.activation or _tells(spec, [arm])]
    if not left or not words:
        told = dict.fromkeys(" ".join(_parts(arm)) for arm in arms)
        raise UsageError(
            f"baseline must be one of what is compared, got {text!r}",
            "; ".join([*list(told)[:6], *(["…"] if len(told) > 6 else [])]),
        )
    return left[0]


def _tells(word: str, arms: Sequence[Arm]) -> bool:
    """Whether it is the optimiser, the hidden layers or the init of some arm."""
    parts = {part for arm in arms for part in _parts(arm)[1:]}
    return word in parts or word in {part.partition(":")[0] for part in parts}


def _parts(arm: Arm) -> list[str]:
    return [arm.activation, arm.layers, arm.optimizer, arm.init]


def own_gpu(device: str, ranks: Ranks) -> str:
    """The GPU of this process among those of its machine, by its number there; else `device`.

    UsageError where there are fewer GPUs than processes, or one is named for all of them.
    """
    import torch

    kind, _, number = device.partition(":")
    on_gpus = kind == "cuda" or (kind == "auto" and torch.cuda.is_available())
    if ranks.here == 1 or not on_gpus:
        return device
    if number:
        raise UsageError(
            f"--device {device} is one GPU, and {ranks.here} processes of this machine want one"
            " each",
            "--device cuda gives each its own",
        )
    there = torch.cuda.device_count()
    if ranks.here > there:
        few = f"--nproc-per-node {there} starts as many as there are, or " if there else ""
        raise UsageError(
            f"{ranks.here} processes of this machine want a GPU each, and it has {there}",
            f"{few}--device cpu",
        )
    return f"cuda:{ranks.local}"


def one_folder(name: str | None) -> str | None:
    """The name of a folder in another, and no way out of that."""
    if name is not None and (name in ("", ".", "..") or {"/", "\\", "\0"} & {*name}):
        raise UsageError(f"--name must be the name of one folder, got {name!r}", "--out says where")
    return name
