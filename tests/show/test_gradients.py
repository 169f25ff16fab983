"""Table, figure and JSON of what layers receive tell what the records hold, streamed or not."""

from __future__ import annotations

import json

import pytest

from actfunc import Activation, get, mlp
from actfunc.analysis import backpropagate, summarise
from actfunc.analysis.gradient_statistics import gradient_statistics
from actfunc.data import normalise
from actfunc.errors import ActfuncError
from actfunc.show import gradients as show
from tests.show.printing import printed

pytestmark = pytest.mark.usefixtures("one_thread")
SIZES = (784, 16, 8, 10)


def test_the_layers_table_fits_and_tells_every_part(batch):
    params = mlp.init(SIZES, seed=1)
    found = backpropagate(params, get("relu"), normalise(batch.images), batch.labels)
    shown = printed(show.layers_table("relu", found))
    assert "…" not in shown
    for layer in found:
        for values in layer:
            figures = summarise(values)
            assert f"{float(figures.norm):.1e}" in shown
            assert f"{float(figures.mean):.1e}" in shown
    assert [shown.count(part) for part in ("signal", "weight", "bias")] == [3, 3, 3]


def test_streamed_gradients_are_shown_as_those_of_a_batch(batch, statistics):
    """One batch through either way: the same rows, the same panels, the same keys."""
    params = mlp.init(SIZES, seed=1)
    at_once = backpropagate(params, get("relu"), normalise(batch.images), batch.labels)
    streamed = statistics["relu"].gradients
    rows = [printed(show.layers_table("relu", found)).split() for found in (streamed, at_once)]
    assert len(rows[0]) == len(rows[1])
    assert rows[0].count("signal") == len(at_once)
    for layer in at_once:
        assert f"{float(summarise(layer.signal).norm):.1e}" in rows[0]
    for part, label in show.PARTS.items():
        figures = [show.gradients_figure({"relu": found}, part) for found in (streamed, at_once)]
        assert all(label in figure.get_supxlabel() for figure in figures)
        for one, other in zip(figures[0].axes, figures[1].axes, strict=True):
            assert one.get_title(loc="right") == other.get_title(loc="right")
            assert one.get_xlim() == pytest.approx(other.get_xlim(), rel=1e-4)
    document = json.loads(json.dumps(show.layers_document({"relu": streamed}), allow_nan=False))
    for layer, found in zip(document["relu"], at_once, strict=True):
        assert layer["signal"]["values"] == found.signal.numel()
        assert sum(layer["signal"]["histogram"]["counts"]) == found.signal.numel()
        assert layer["signal"]["std"] == pytest.approx(float(summarise(found.signal).std), rel=1e-4)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_not_finite_is_refused_streamed_or_not(bad, batch):
    own = Activation.from_function(lambda x: x * bad, "own")
    params = mlp.init(SIZES, seed=1)
    streamed = gradient_statistics(params, own, *batch).gradients
    at_once = backpropagate(params, own, normalise(batch.images), batch.labels)
    for found in (streamed, at_once):
        with pytest.raises(ActfuncError, match="not finite"):
            show.layers_document({"own": found})
        with pytest.raises(ActfuncError, match="not finite"):
            show.gradients_figure({"own": found}, "signal")


def test_a_dead_network_divides_by_nothing(batch):
    """All gradients of the first layers are 0."""
    params = mlp.init(SIZES, seed=1)
    own = Activation.from_function(lambda x: x * 0, "own")
    for found in (
        gradient_statistics(params, own, *batch).gradients,
        backpropagate(params, own, normalise(batch.images), batch.labels),
    ):
        shown = printed(show.gradients_table({"own": found}))
        assert "0.0e+00" in shown
        assert "nan" not in shown
        assert "nan" not in printed(show.layers_table("own", found))
        json.dumps(show.layers_document({"own": found}), allow_nan=False)
        for part in show.PARTS:
            assert len(show.gradients_figure({"own": found}, part).axes) == len(params) + 1
