"""Whether a figure of ours agrees with the published one, in a word."""

from __future__ import annotations

from actfunc.show.style import Verdict
from actfunc.training.evaluate import left_chance
from actfunc.tutorial import published
from actfunc.tutorial.study import Study

WITHIN = 2.0
"""Points of accuracy that a network trained anew, with its own batch order, may differ by."""

CHANCE = 10.0
"""Percent right by guessing."""


def comparable(study: Study) -> bool:
    """Whether the study is on the tutorial's own data, all of it, with its seed."""
    whole = len(study.work.split.train.labels) == 50_000
    return study.work.dataset.name == published.DATASET and whole and study.work.seed == 42


def of_test_accuracy(study: Study, name: str) -> Verdict:
    """The test accuracy of a network against the published one, which is in percent."""
    if not comparable(study):
        return Verdict("other data", None)
    if name not in published.TEST_ACCURACY:
        return Verdict("not published", None)
    ours, theirs = 100 * study.accuracy[name].test, published.TEST_ACCURACY[name]
    if round(ours, 2) == theirs:
        return Verdict("as published", True)
    if study.pretrained:
        return Verdict(f"differs by {ours - theirs:+.2f}", False)
    if theirs == CHANCE:
        stays = study.accuracy[name].test <= left_chance()
        return Verdict(f"{'near' if stays else 'leaves'} chance", stays)
    held = abs(ours - theirs) <= WITHIN
    return Verdict(f"{ours - theirs:+.2f}" + ("" if held else f", over {WITHIN:g} points"), held)


def differing(study: Study) -> list[str]:
    """What does not agree with the published figures, by name; empty where all does."""
    judged = {name: of_test_accuracy(study, name) for name in study.accuracy}
    judged |= {f"dead neurons, {name}": of_dead_neurons(study, name) for name in study.dead}
    return [name for name, found in judged.items() if found.held is False]


def of_dead_neurons(study: Study, network: str) -> Verdict:
    """The dead neurons of a network, layer by layer, against the published counts."""
    if not comparable(study):
        return Verdict("other data", None)
    if list(study.dead[network]) == published.DEAD_NEURONS[network]:
        return Verdict("as published", True)
    if network == "trained" and not study.pretrained:
        return Verdict("another training", None)
    return Verdict("differs", False)
