"""What can be told before any network is trained: functions, derivatives, data, gradients."""

from __future__ import annotations

import torch

from actfunc.activation import Activation
from actfunc.certify.check import ORDERS
from actfunc.show.activations import activations_figure
from actfunc.show.data import examples_figure
from actfunc.show.gradients import gradients_figure, ratio
from actfunc.show.page import Cell, Drawn, Table, Told
from actfunc.tutorial.remarks import SYMBOLS, worst_check
from actfunc.tutorial.story.words import (
    FEW,
    STARVED,
    among,
    lost,
    named,
    percent,
    spreads,
    zeros,
)
from actfunc.tutorial.study import Study


def functions(study: Study) -> Told:
    """What the functions look like, and how steep they get."""
    x = torch.linspace(-10, 10, 20_001, dtype=torch.float64, device="cpu")
    slopes = {name: float(one.df(x).abs().max()) for name, one in study.activations.items()}
    flattest = min(slopes, key=lambda name: slopes[name])
    rows = [
        [named(n), Cell(f"{slopes[n]:.3g}"), Cell(_on_the_left(study.activations[n]))]
        for n in slopes
    ]
    return Told(
        (
            f"The backpropagated signal is multiplied by f′ at every layer. That of {flattest} is"
            f" {slopes[flattest]:.3g} at most, so ten layers of it leave at most"
            f" {slopes[flattest] ** 10:.1e} of a signal, before the weights have their say.",
            "A dot marks a joint, where a derivative jumps. The slope there is a convention; ours"
            " is torch's, and the formula's branch condition says which.",
        ),
        (
            Drawn(
                "activations",
                activations_figure(list(study.activations.values())),
                "Each function (solid) with its first (dashed) and second derivative (dotted).",
            ),
        ),
        Table(["function", "steepest slope", "far on the left"], rows),
        "actfunc plot",
    )


def derivatives(study: Study) -> Told:
    """How far off each function and its derivatives are at the worst."""
    rows = []
    for name, certificate in study.certificates.items():
        worst = {(one.dtype, one.order): f"{one.worst.ulp:.2f}" for one in certificate.checks}
        cells = [Cell(worst[dtype, order]) for dtype in ("float64", "float32") for order in ORDERS]
        held = Cell("held" if certificate.held else "NOT HELD", certificate.held)
        rows.append([named(name), *cells, held])
    name, check = worst_check(study.certificates)
    header = [
        "worst error in ulp",
        *(f"{SYMBOLS[order]} {dtype}" for dtype in ("float64", "float32") for order in ORDERS),
        "",
    ]
    every = study.certificates.values()
    points = max(check.points for one in every for check in one.checks)
    ways = [way for one in every for way in one.routes]
    failed = [name for name, one in study.certificates.items() if not one.held]
    verdicts = f"not held: {among(failed)}" if failed else "all of them hold their bounds"
    return Told(
        (
            f"Value, slope and curvature of {len(rows)} functions at up to {points:,} points a"
            f" dtype, at joints, beside them, and in tails to the largest number there is:"
            f" {verdicts}. The worst of all is {check.worst.ulp:.2f} units in the last place, in"
            f" {SYMBOLS[check.order]} of {name} ({check.dtype}) at x = {check.worst.x:.4g}.",
            f"Torch has {len({way.name for way in ways})} ways to a derivative: reverse, forward"
            " and nested. "
            + (
                "All give these very numbers."
                if all(way.held for way in ways)
                else "Not all of them give these numbers."
            ),
        ),
        table=Table(header, rows),
        command="actfunc certify sigmoid tanh relu leaky_relu:negative_slope=0.1 elu silu",
    )


def examples(study: Study) -> Told:
    """The images, and how many there are."""
    dataset, split = study.work.dataset, study.work.split
    train, validation, test = (f"{len(part.labels):,}" for part in split)
    size = " by ".join(map(str, dataset.train.images.shape[1:]))
    return Told(
        (
            f"{dataset.name}: images of {size} grey pixels, {len(dataset.classes)} kinds of"
            f" clothing; {train} to train on, {validation} to choose the epoch by, {test} to report"
            f" on. Guessing is right for {100 / len(dataset.classes):.0f} %.",
        ),
        (Drawn("examples", examples_figure(dataset), f"Examples of {dataset.name}."),),
        command="actfunc data --show examples.svg",
    )


def gradients(study: Study) -> Told:
    """How far the gradient reaches at initialisation."""
    found = {name: spreads(layers) for name, layers in study.gradients.items()}
    shares = {name: lost(layers) for name, layers in study.gradients.items()}
    starved = [name for name, share in shares.items() if share > STARVED]
    others = {name: share for name, share in shares.items() if share <= STARVED}
    told = [
        f"The last layer of the {name} network receives gradients of {found[name][-1]:.1e}"
        f" (standard deviation), its first layer {found[name][0]:.1e}: one part in"
        f" {shares[name]:,.0f}. A learning rate that suits the last layer leaves the first one"
        " standing still; one that suits the first would blow up the last."
        for name in starved
    ] or ["With none of these weights and functions does the first layer starve."]
    if others:
        told.append(
            f"{among(others).capitalize()} hold the scale: from the first layer to the last it"
            f" changes {min(others.values()):.0f} to {max(others.values()):.0f} times."
        )
    off = {n: [zeros(layer.weight) for layer in each] for n, each in study.gradients.items()}
    told += [
        f"Of {name}'s gradients up to {percent(max(shares))} of a layer are exactly 0 (layer"
        f" {shares.index(max(shares)) + 1}): of weights into neurons that are off for every image"
        " of the batch, or from neurons that are. These are the spike at 0."
        for name, shares in off.items()
        if max(shares) > FEW
    ]
    rows = [
        [named(n), *(Cell(f"{s:.1e}") for s in sigmas), Cell(ratio(sigmas[0], sigmas[-1]))]
        for n, sigmas in found.items()
    ]
    columns = [f"layer {n}" for n in range(1, len(rows[0]) - 1)]
    return Told(
        told,
        (
            Drawn(
                "gradients",
                gradients_figure(study.gradients),
                "Gradients of the weights by layer, from the input on, and their standard"
                " deviations side by side.",
            ),
        ),
        Table(["standard deviation", *columns, "first : last"], rows),
        "actfunc gradients",
    )


def _on_the_left(record: Activation) -> str:
    """What the function does far out on the left, where that is known."""
    end = record.asymptotes[0] or ""
    for name, value in record.params.items():
        end = end.replace(name, f"{value:g}")
    return f"tends to {end}" if end else ""
