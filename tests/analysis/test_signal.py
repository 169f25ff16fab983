"""The variance map against closed forms, the literature's points, and itself iterated."""

from __future__ import annotations

import math

import pytest
import torch

from actfunc import CATALOGUE, get
from actfunc.analysis.gain import recommend
from actfunc.analysis.signal import (
    critical_line,
    depth_scale,
    fixed_point,
    fixed_points,
    variance_map,
)
from tests.records import each

pytestmark = pytest.mark.usefixtures("one_thread")


@each(CATALOGUE.values())
def test_what_is_found_is_fixed_and_the_recommended_one_is_found(record):
    gain = recommend(record)
    weight, bias = float(gain.weight), float(gain.bias)
    found = fixed_points(record, weight, bias)
    assert any(
        float(point.variance) == pytest.approx(float(gain.variance), rel=1e-5) for point in found
    )
    assert [float(p.variance) for p in found] == sorted(float(p.variance) for p in found)
    for point in found:
        if (v := float(point.variance)) > 0:
            assert float(variance_map(record, v, weight, bias)) == pytest.approx(v, rel=1e-8)


@pytest.mark.parametrize(("gain", "bias"), [(1.3, 0.0), (2.0, 0.3), (0.9, 0.5), (4.0, 0.0)])
def test_iterating_the_map_ends_in_tanhs_stable_point(gain, bias):
    v = torch.tensor(0.7, dtype=torch.float64)
    for _ in range(100):
        v = variance_map(get("tanh"), v, gain, bias)
    [stable] = [p for p in fixed_points(get("tanh"), gain, bias) if p.stability == "stable"]
    torch.testing.assert_close(stable.variance, v, rtol=1e-9, atol=0)


def test_zero_is_fixed_and_loses_its_stability_at_tanhs_gain_one():
    [point] = fixed_points(get("tanh"), 0.9)
    assert (float(point.variance), point.stability, point.phase) == (0, "stable", "ordered")
    zero, other = fixed_points(get("tanh"), 1.1)
    assert (zero.stability, zero.phase) == ("unstable", "chaotic")
    assert (other.stability, other.phase) == ("stable", "chaotic")


def test_every_variance_is_fixed_for_relu_and_one_stands_for_all():
    [point] = fixed_points(get("relu"), math.sqrt(2))
    assert (float(point.variance), point.stability, point.phase) == (1, "marginal", "critical")
    assert math.isinf(point.depth_scale)


def test_no_fixed_point_where_variance_grows_for_ever():
    assert fixed_points(get("identity"), 1.0, 0.5) == ()


@pytest.mark.parametrize("name", ["softshrink", "hermite_2"])
def test_a_map_that_only_touches_is_seen(name):
    gain = recommend(get(name))
    points = fixed_points(get(name), float(gain.weight), float(gain.bias))
    assert any(
        p.stability == "marginal"
        and float(p.variance) == pytest.approx(float(gain.variance), rel=1e-5)
        for p in points
    )


def test_the_growth_is_the_maps_slope():
    point = fixed_point(get("silu"), 2.0, 1.7, 0.1)
    up, down = (variance_map(get("silu"), 2.0 + side, 1.7, 0.1) for side in (1e-4, -1e-4))
    torch.testing.assert_close(point.growth, (up - down) / 2e-4, rtol=1e-7, atol=0)


def test_the_depth_scale_is_the_literatures():
    slopes = torch.tensor([0.5, 0.9, 1.0, 2.0], dtype=torch.float64)
    wanted = torch.tensor([1 / math.log(2), -1 / math.log(0.9), math.inf, 1 / math.log(2)])
    torch.testing.assert_close(depth_scale(slopes), wanted.double())


def test_tanhs_line_runs_from_gain_one_and_every_point_of_it_is_critical_and_stable():
    variances = torch.logspace(-3, 1, 20, dtype=torch.float64)
    line = critical_line(get("tanh"), variances)
    assert float(line.gain[0]) == pytest.approx(1, abs=2e-3)
    assert float(line.bias[0]) == pytest.approx(0, abs=2e-3)
    assert (line.gain.diff() > 0).all()
    assert (line.bias.diff() > 0).all()
    for v, gain, bias, growth in zip(*(part.tolist() for part in line), strict=True):
        point = fixed_point(get("tanh"), v, gain, bias)
        assert float(variance_map(get("tanh"), v, gain, bias)) == pytest.approx(v, rel=1e-9)
        assert point.phase == "critical"
        assert growth < 1
        torch.testing.assert_close(point.growth, torch.tensor(growth, dtype=torch.float64))


def test_the_literatures_critical_points():
    # Poole et al. 2016 and Schoenholz et al. 2017: tanh at σ_b² = 0.05 has σ_w² = 1.76
    variances = torch.logspace(-1, 0, 301, dtype=torch.float64)
    line = critical_line(get("tanh"), variances)
    nearest = (line.bias.square() - 0.05).abs().argmin()
    assert float(line.gain[nearest].square()) == pytest.approx(1.76, abs=0.01)
    # Hayou et al. 2019: ReLU's whole line is the point (√2, 0)
    relu = critical_line(get("relu"), variances)
    torch.testing.assert_close(relu.gain, torch.full_like(relu.gain, math.sqrt(2)))
    assert (relu.bias == 0).all()


def test_no_bias_no_point():
    assert critical_line(get("sigmoid"), torch.tensor([1.0]).double()).bias.isnan().all()


def test_vmap_and_compile():
    variances = torch.logspace(-2, 1, 7, dtype=torch.float64)
    want = critical_line(get("gelu"), variances)
    for mapped in (torch.func.vmap, lambda f: torch.compile(f, backend="eager", fullgraph=True)):
        got = mapped(lambda v: critical_line(get("gelu"), v))(variances)
        for a, b in zip(got, want, strict=True):
            torch.testing.assert_close(a, b, equal_nan=True)
