"""What the arms of a comparison are called."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from actfunc.compare.records import Arm
from actfunc.show import style


def arm_names(arms: Sequence[Arm]) -> dict[Arm, str]:
    """The short name of each arm's activation, with what it takes to tell it from the others."""
    names = style.labels(arm.activation for arm in arms)
    return {arm: " ".join([names[arm.activation], *_details(arm, arms)]) for arm in arms}


def arm_texts(arms: Sequence[Arm], among: Sequence[Arm]) -> list[Text]:
    """Arms in colour, with their parameters, for a column that may break its lines."""
    names, texts = arm_names(among), []
    for arm in arms:
        in_full = names[arm].startswith(arm.activation)
        colour = f"bold {style.colour(arm.activation)}"
        text = Text(arm.activation, colour) if in_full else style.named(arm.activation)
        texts.append(text)
        for detail in _details(arm, among):
            text.append(f" {detail}", style="not bold dim")
    return texts


def _details(arm: Arm, among: Sequence[Arm]) -> list[str]:
    """What of hidden layers, optimiser and init is not the same for all, without settings where
    the name alone tells it apart."""
    layers = {other.layers for other in among}
    optimizers = style.labels(other.optimizer for other in among)
    inits = style.labels(other.init for other in among)
    hidden = [arm.layers] if len(layers) > 1 else []
    optimizer = [optimizers[arm.optimizer]] if len(optimizers) > 1 else []
    return hidden + optimizer + ([inits[arm.init]] if len(inits) > 1 else [])
