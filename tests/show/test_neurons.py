"""Neurons and values shown: every figure of the records stands where it belongs."""

from __future__ import annotations

import io

import pytest
import torch
from rich.console import Console

from actfunc import get, mlp, tree
from actfunc.analysis import LayerActivations, distribution
from actfunc.analysis.activations import figures
from actfunc.analysis.neurons import LayerTally
from actfunc.show.distribution import distribution_figure, distribution_table
from actfunc.show.neurons import (
    KINDS,
    neurons_figure,
    neurons_table,
    starving_warning,
    tallies_document,
)
from tests.show.printing import printed


def layer(dead: int, saturated: int, linear: int, undefined: int = 0) -> LayerTally:
    counts = (torch.tensor(n) for n in (8, dead, saturated, linear, undefined))
    return LayerTally(*counts, torch.tensor(0.25))


FOUND = {"relu": (layer(0, 0, 2), layer(4, 5, 1)), "tanh": (layer(0, 3, 0),)}


def test_the_table_has_counts_and_shares():
    rows = [
        " ".join(line.split()) for line in printed(neurons_table(FOUND, 0.01), 120).splitlines()
    ]
    # network, layer, neurons, dead, saturated, always linear, saturated pairs
    assert "relu 1 8 0 0 2 (25 %) 25.0 %" in rows
    assert "2 8 4 (50 %) 5 (62 %) 1 (12 %) 25.0 %" in rows
    assert "undefined" not in printed(neurons_table(FOUND, 0.01), 120)
    assert "undefined" in printed(neurons_table({"a": (layer(0, 0, 0, 1),)}, 0.01), 120)


@pytest.mark.parametrize("networks", [1, 2, 4])
def test_the_figure_has_a_panel_a_network_and_a_bar_a_share(networks):
    found = {f"n{index}": FOUND["relu"] for index in range(networks)}
    shown = [axis for axis in neurons_figure(found).axes if axis.get_visible()]
    assert len(shown) == networks
    for axis in shown:
        heights = [bar.get_height() for bar in axis.patches]
        wanted = [100 * float(each.share(kind)) for kind in KINDS for each in FOUND["relu"]]
        assert heights == pytest.approx(wanted)


def test_the_warning_names_the_layers():
    assert starving_warning("relu", FOUND["relu"], 0.25) == "relu: dead are 50 % of layer 2"
    assert starving_warning("relu", FOUND["relu"], 0.5) == ""
    assert "diverged" in starving_warning("relu", (layer(0, 0, 0, 1),), 0.5)


def test_the_document_is_plain_numbers():
    assert tallies_document(FOUND["tanh"]) == [
        {"neurons": 8, "dead": 0, "saturated": 3, "linear": 0, "undefined": 0,
         "saturated_pairs": 0.25}
    ]  # fmt: skip


def test_a_distribution_is_shown_with_its_ranks():
    images = torch.rand(40, 12, generator=torch.Generator().manual_seed(0))
    values = distribution(mlp.init((12, 9, 6, 3), seed=0), get("relu").f, images)
    found = figures(values)
    figure = distribution_figure({"relu": values}, {"relu": found})
    for axis, each in zip(figure.axes, found, strict=True):
        assert axis.get_title(loc="right").endswith(f"rank {float(each.rank.effective):.0f}")
    assert "rank" not in distribution_figure({"relu": values}).axes[0].get_title(loc="right")
    told = printed(distribution_table({"relu": found}, 0.01), 120)
    for each in found:
        assert f"{100 * float(each.post.zeros):.0f} %" in told
        assert f"{float(each.rank.participation):.1f}" in told
        assert f"{float(each.post.largest):.2f}" in told


def test_values_far_from_1_keep_the_table_in_80_columns_and_zero_has_no_sign():
    images = torch.rand(40, 12, generator=torch.Generator().manual_seed(0))
    scaled = tree.map(lambda leaf: 1e6 * leaf, mlp.init((12, 9, 6, 3), seed=0))
    huge = figures(distribution(scaled, get("leaky_relu").f, images))
    tiny = figures([LayerActivations(-1e-9 * images, -1e-9 * images)])
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(distribution_table({"leaky_relu": huge, "relu": tiny}, 0.01))
    told = console.export_text()
    for each in huge[1:]:
        assert f"{float(each.post.largest):.0e}" in told
    assert "…" not in told
    assert "0.00" in told
    assert "-0.00" not in told
