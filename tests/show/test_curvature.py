"""Curvature shown: the record's numbers in table and JSON, a diverged network refused."""

from __future__ import annotations

import json

import pytest
import torch

from actfunc import get, mlp
from actfunc.analysis.lanczos import Ritz, TraceEstimate
from actfunc.analysis.landscape import gauss_newton_share, landscape
from actfunc.errors import ActfuncError
from actfunc.show import curvature as show
from actfunc.show.digits import with_error
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
        cells = [cell.strip() for cell in line.split("  ")]
        for pair in (one.top, one.lowest, one.trace, one.gauss_newton):
            assert with_error(*(float(part.flatten()[0]) for part in pair)) in cells
        assert document[spec]["hessian"]["eigenvalues"] == one.top.values.tolist()
        assert document[spec]["gauss_newton_share"] == float(gauss_newton_share(one))
        assert len(document[spec]["singular_values"]) == 4


@pytest.mark.parametrize("columns", [80, 100])
def test_the_table_fits(found, columns):
    wide = found["silu"]._replace(
        lowest=Ritz(torch.tensor([-0.16]), torch.tensor([0.002])),
        trace=TraceEstimate(torch.tensor(356.0), torch.tensor(3.0)),
    )
    text = rendered(show.curvature_table({"leakyrelu": wide, "sigmoid": wide}), columns)
    assert "…" not in text
    assert "leakyrelu" in text
    assert text.count("-0.160 ± 0.002") == text.count("356 ± 3") == 2


def test_the_figure_has_the_eigenvalues_the_spectrum_and_the_stretch(found):
    figure = show.curvature_figure(found)
    ranked, density, stretch = figure.axes
    assert len(ranked.containers) == 4
    for container, one in zip(ranked.containers[::2], found.values(), strict=True):
        assert container[0].get_ydata().tolist() == pytest.approx(one.top.values.tolist())
    assert [label.get_text() for label in density.get_yticklabels()] == list(found)
    for row, (drawn, one) in enumerate(zip(density.collections, found.values(), strict=True)):
        places = torch.tensor(drawn.get_offsets().tolist())
        torch.testing.assert_close(places[:, 0], one.spectrum.nodes)
        assert (places[:, 1] == row).all()
        # the more eigenvalues, the larger
        assert drawn.get_sizes().argmax() == int(one.spectrum.weights.argmax())
    assert len(stretch.lines) == 3
    figure.canvas.draw()


def test_a_flat_loss_is_shown_without_a_share_or_a_logarithm():
    params, images = mlp.init((6, 5, 1), seed=0), torch.ones(3, 6)
    flat = landscape(params, get("silu"), images, torch.zeros(3).long(), top=2, steps=4, probes=2)
    document = show.curvature_document({"silu": flat})["silu"]
    assert document["gauss_newton_share"] is None
    assert document["trace"] == {"value": 0.0, "standard_error": 0.0}
    json.dumps(document, allow_nan=False)
    assert "–" in rendered(show.curvature_table({"silu": flat}))
    figure = show.curvature_figure({"silu": flat})
    assert figure.axes[0].get_yscale() == "linear"
    figure.canvas.draw()


def test_a_diverged_network_is_refused(found):
    lost = found["relu"]._replace(stretch=torch.tensor([[torch.nan]]))
    for shown in (show.curvature_table, show.curvature_figure, show.curvature_document):
        with pytest.raises(ActfuncError, match="network of relu has diverged"):
            shown({"relu": lost})
