"""Curvature shown: the record's numbers in table and JSON, a diverged network refused."""

from __future__ import annotations

import json

import pytest
import torch

from actfunc import get, mlp
from actfunc.analysis.landscape import gauss_newton_share, landscape
from actfunc.errors import ActfuncError
from actfunc.show import curvature as show
from tests.show.test_depth import rendered


@pytest.fixture(scope="module")
def found():
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(20, 6, generator=generator)
    labels = torch.randint(0, 4, (20,), generator=generator)
    params = mlp.init((6, 5, 4), seed=0)
    return {
        name: landscape(params, get(name), images, labels, top=3, steps=20, probes=4)
        for name in ("relu", "silu")
    }


def test_table_and_document_have_the_records_numbers(found):
    text = rendered(show.curvature_table(found))
    document = json.loads(json.dumps(show.curvature_document(found), allow_nan=False))
    for spec, one in found.items():
        line = next(line for line in text.splitlines() if spec in line)
        assert f"{float(one.top.values[0]):.3g} ±" in line
        assert f"{float(one.trace.value):.3g} ±" in line
        assert document[spec]["hessian"]["eigenvalues"] == one.top.values.tolist()
        assert document[spec]["gauss_newton_share"] == float(gauss_newton_share(one))
        assert len(document[spec]["singular_values"]) == 4


def test_the_figure_has_the_eigenvalues_the_spectrum_and_the_stretch(found):
    figure = show.curvature_figure(found)
    ranked, density, stretch = figure.axes
    assert len(ranked.containers) == 4
    for container, one in zip(ranked.containers[::2], found.values(), strict=True):
        assert container[0].get_ydata().tolist() == pytest.approx(one.top.values.tolist())
    assert [text.get_text() for text in density.get_legend().get_texts()] == list(found)
    assert len(stretch.lines) == 3
    figure.canvas.draw()


def test_a_diverged_network_is_refused(found):
    lost = found["relu"]._replace(stretch=torch.tensor([[torch.nan]]))
    for shown in (show.curvature_figure, show.curvature_document):
        with pytest.raises(ActfuncError, match="has diverged"):
            shown({"relu": lost})
