"""The theory shown: what has no figure says so, and the document is JSON."""

from __future__ import annotations

import json

import pytest
import torch

from actfunc import get
from actfunc.analysis.correlation import correlation_series
from actfunc.analysis.gain import recommend, torch_gain
from actfunc.analysis.gaussian import moments, moments_error
from actfunc.analysis.propagation import agreement, measure, predict
from actfunc.analysis.signal import critical_line, fixed_points, variance_map
from actfunc.show import signal
from tests.show.printing import printed

SPECS = ("relu", "softplus", "signed_sqrt", "leaky_relu:negative_slope=0.1")


@pytest.fixture(scope="module", params=[None, (1.0, 0.5)], ids=["recommended", "given"])
def found(request):
    """The theory of four activations, measured for the first."""
    variances = torch.logspace(-2, 2, 9, dtype=torch.float64)
    correlations = torch.linspace(-1, 1, 5, dtype=torch.float64)
    theories = {}
    for spec in SPECS:
        record = get(spec)
        gain = recommend(record)
        used = request.param or (float(gain.weight), float(gain.bias))
        predicted = predict(record, *used, depth=4, variance=float(gain.variance))
        networks = measure(record, *used, width=16, depth=4, networks=2) if spec == "relu" else None
        theories[record.spec] = signal.Theory(
            moments=moments(record, 1.0),
            error=moments_error(record, 1.0),
            gain=gain,
            torch=torch_gain(record),
            used=used,
            fixed_points=fixed_points(record, *used),
            line=critical_line(record, variances),
            variances=variances,
            mapped=variance_map(record, variances, *used),
            correlations=correlations,
            correlated=correlation_series(record, 1.0, *used)(correlations),
            predicted=predicted,
            measured=networks,
            agreement=networks and agreement(networks, predicted),
        )
    return theories


def test_tables_say_what_there_is_and_what_not(found):
    gains = printed(signal.gain_table(found), 140)
    assert "none" in gains  # torch has no gain for the third
    assert "inf" in gains
    assert "values only" in gains
    points = printed(signal.fixed_point_table(found), 140)
    for one in found.values():
        for point in one.fixed_points:
            assert point.phase in points
    measured = printed(signal.measured_table(found), 140)
    assert "relu" in measured
    assert "softplus" not in measured


def test_the_document_is_json_with_nothing_infinite(found):
    document = signal.signal_document(found)
    again = json.loads(json.dumps(document, allow_nan=False))
    assert list(again) == list(found)
    assert again["signed_sqrt"]["moments"]["slope"] is None
    assert again["relu"]["measured"]["error"]["variance"]
    assert again["softplus:beta=1.0"]["measured"] is None


def test_the_figure_has_its_five_panels_each_with_every_activation(found):
    figure = signal.signal_figure(found)
    *panels, legend = figure.axes
    assert len(panels) == 5
    assert len(legend.get_legend().get_texts()) == len(found)
    for axis in panels:
        labels = {line.get_label() for line in axis.get_lines()}
        assert {"relu", "softplus", "signed_sqrt", "leaky_relu"} <= labels
        assert axis.get_xlabel()
        assert axis.get_title(loc="left")
