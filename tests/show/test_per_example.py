"""Table, figure and JSON of the examples' gradients tell what the records hold."""

from __future__ import annotations

import json

import pytest
import torch

from actfunc import Activation, get, mlp
from actfunc.analysis.gradient_statistics import gradient_statistics
from actfunc.show import per_example as show
from tests.show.printing import printed

pytestmark = pytest.mark.usefixtures("one_thread")
SIZES = (784, 16, 8, 10)


def test_the_examples_table_fits_and_has_a_line_a_layer_and_one_for_all(statistics):
    shown = printed(show.examples_table(statistics))
    assert "…" not in shown
    lines = shown.splitlines()
    for found in statistics.values():
        for noise, cosine in zip(found.layer_noise, found.layer_cosines, strict=True):
            scale = show._scale(noise)
            assert any(scale in line and f"{float(cosine):.3f}" in line for line in lines)
    assert sum(" all " in line for line in lines) == 2


def test_the_examples_figure_counts_every_example(statistics):
    figure = show.examples_figure(statistics)
    assert len(figure.axes) == len(SIZES)  # a layer each, and the network
    for axis in figure.axes:
        assert axis.get_xscale() == "log"
        assert [patch.get_data().values.sum() for patch in axis.patches] == [64, 64]


def test_the_document_is_the_records_as_json(statistics):
    document = json.loads(json.dumps(show.examples_document(statistics), allow_nan=False))
    for name, found in statistics.items():
        written = document[name]
        assert written["network"]["noise_scale"] == pytest.approx(float(found.noise.scale))
        assert written["network"]["norm"]["mean"] == pytest.approx(float(found.norms.whole.mean()))
        for layer, moments, noise in zip(
            written["layers"], found.layers, found.layer_noise, strict=True
        ):
            assert layer["spread"] == pytest.approx(float(noise.spread))
            assert layer["variance"]["weight"]["shape"] == list(moments.mean.weight.shape)
            assert layer["second_moment"]["bias"]["mean"] == pytest.approx(
                float(moments.square.bias.mean())
            )


def test_an_infinite_noise_scale_is_shown_as_such(statistics):
    found = statistics["relu"]
    lost = found._replace(noise=found.noise._replace(strength=-found.noise.strength.abs()))
    assert "∞" in printed(show.examples_table({"relu": lost}))
    assert show.examples_document({"relu": lost})["relu"]["network"]["noise_scale"] is None


def test_a_dead_network_is_told_without_a_division(batch):
    """No example has any gradient: a network whose activation and last weights give nothing."""
    params = mlp.init(SIZES, seed=1)
    sure = params[-1]._replace(bias=torch.full((SIZES[-1],), 0.0))
    own = Activation.from_function(lambda x: x * 0, "own")
    found = gradient_statistics((*params[:-1], sure), own, *batch)
    assert not found.norms.layer[:, :-1].any()
    shown = printed(show.examples_table({"own": found}))
    assert "nan" not in shown
    assert "∞" in shown
    json.dumps(show.examples_document({"own": found}), allow_nan=False)
    figure = show.examples_figure({"own": found})
    assert not figure.axes[0].patches


def test_examples_without_any_gradient_are_counted(statistics):
    found = statistics["relu"]
    lost = found._replace(norms=type(found.norms)(*(norm * 0 for norm in found.norms)))
    [legend] = show.examples_figure({"relu": lost, "tanh": statistics["tanh"]}).legends
    assert "relu 64 without gradient" in [entry.get_text() for entry in legend.get_texts()]


@pytest.mark.parametrize("name", ["leaky_relu:negative_slope=0.1", "silu", "relu"])
@pytest.mark.parametrize("width", [80, 100])
def test_no_cell_of_the_table_is_cut(name, width, batch):
    found = gradient_statistics(mlp.init(SIZES, seed=1), get(name), *batch)
    assert "…" not in printed(show.examples_table({get(name).spec: found}), width)
