"""The maps against closed forms, the literature's points, each other, and real networks."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from actfunc import CATALOGUE, get, mlp, tree
from actfunc.analysis.correlation import correlation_map, correlation_series
from actfunc.analysis.gain import recommend, torch_gain
from actfunc.analysis.gaussian import moments
from actfunc.analysis.propagation import (
    Propagation,
    agreement,
    measure,
    measured,
    predict,
    propagate,
)
from actfunc.analysis.signal import (
    critical_line,
    depth_scale,
    fixed_point,
    fixed_points,
    variance_map,
)
from actfunc.errors import UsageError
from actfunc.training import initialisation

pytestmark = pytest.mark.usefixtures("one_thread")
catalogue = pytest.mark.parametrize("record", CATALOGUE.values(), ids=lambda record: record.name)


# Gains


@catalogue
def test_the_recommended_pair_holds_its_variance_and_gradients_where_it_says_so(record):
    gain = recommend(record)
    weight, bias, variance = float(gain.weight), float(gain.bias), float(gain.variance)
    kept = float(variance_map(record, variance, weight, bias))
    assert kept == pytest.approx(variance, rel=1e-9)
    slope = weight**2 * float(moments(record, variance).slope)
    if gain.critical:
        assert slope == pytest.approx(1, abs=1e-12)
        assert variance == 1 or not gain.unstable
    else:
        assert (bias, variance) == (0, 1)
        assert weight == float(gain.forward)
        # without a critical pair gradients shrink, or have no mean square
        assert slope < 1 or math.isinf(slope)


@catalogue
def test_the_growth_is_the_maps_slope_at_the_recommended_variance(record):
    gain = recommend(record)
    step = 1e-5 * float(gain.variance)
    near = gain.variance + torch.tensor([-step, step], dtype=torch.float64)
    low, high = variance_map(record, near, float(gain.weight), float(gain.bias))
    assert float(gain.growth) == pytest.approx(float(high - low) / (2 * step), rel=1e-5, abs=1e-7)


@catalogue
def test_a_variance_other_than_one_is_for_a_reason_and_comes_back(record):
    gain = recommend(record)
    pair = float(gain.weight), float(gain.bias)
    one = critical_line(record, torch.ones(1, dtype=torch.float64))
    holds = bool(one.bias.isfinite()) and 0 < float(one.gain) < math.inf
    if float(gain.variance) == 1:
        assert bool(gain.critical) is holds
        return
    assert not holds or float(one.growth) > 1
    for factor in (0.5, 2.0):
        v = factor * gain.variance
        for _ in range(100):
            v = variance_map(record, v, *pair)
        assert abs(float((v / gain.variance).log())) < 0.8 * math.log(2)


def test_the_gains_people_know():
    assert float(recommend(get("relu")).weight) == pytest.approx(math.sqrt(2), rel=1e-14)
    assert float(recommend(get("relu")).bias) == 0
    assert float(recommend(get("identity")).weight) == pytest.approx(1, rel=1e-14)
    # SELU's constants were chosen for it: Klambauer et al. 2017
    assert float(recommend(get("selu")).forward) == pytest.approx(1, abs=1e-14)
    assert float(recommend(get("selu")).weight) == pytest.approx(1, abs=0.04)
    # erf in closed form (Williams 1997): E[erf′²] = 4/π√5
    assert float(recommend(get("erf")).weight) == pytest.approx((math.pi * 5**0.5 / 4) ** 0.5)
    tanh = recommend(get("tanh"))
    assert float(tanh.weight) < float(tanh.forward) < torch_gain(get("tanh")) == 5 / 3


@catalogue
def test_the_pair_is_written_as_settings_read_it(record):
    gain = recommend(record)
    params = initialisation.drawn(gain.spec, (3, 4, 2), 7)
    wanted = mlp.init((3, 4, 2), gain=float(gain.weight), bias=float(gain.bias), seed=7)
    for got, want in zip(tree.leaves(params), tree.leaves(wanted), strict=True):
        assert torch.equal(got, want)


@pytest.mark.parametrize("slope", [0.0, 0.01, 0.2, 0.7])
def test_leaky_relus_gain_is_torchs(slope):
    record = get(f"leaky_relu:negative_slope={slope}")
    assert float(recommend(record).weight) == pytest.approx(torch_gain(record), rel=1e-14)
    assert torch_gain(record) == pytest.approx(math.sqrt(2 / (1 + slope**2)))


def test_torchs_gains_are_calculate_gains():
    wanted = {
        name: torch.nn.init.calculate_gain(name) for name in ("sigmoid", "tanh", "relu", "selu")
    }
    wanted |= {"identity": 1, "leaky_relu": torch.nn.init.calculate_gain("leaky_relu")}
    found = {name: torch_gain(record) for name, record in CATALOGUE.items()}
    assert {name: gain for name, gain in found.items() if gain is not None} == wanted


def test_a_function_that_is_zero_has_no_gain():
    with pytest.raises(UsageError, match="no gain keeps the variance"):
        recommend(torch.zeros_like)


# Fixed points


@catalogue
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
    for _ in range(300):
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


# Critical line


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


# Correlations


CORRELATIONS = torch.tensor([-1, -0.8, -0.1, 0, 0.3, 0.9, 0.999, 1], dtype=torch.float64)


@settings(deadline=None, max_examples=5)
@given(st.floats(0.05, 20))
def test_the_arc_cosine_and_the_arc_sine(v):
    c = CORRELATIONS
    # Cho & Saul 2009, ReLU at gain √2
    relu = (c * (math.pi - c.acos()) + (1 - c * c).sqrt()) / math.pi
    got = correlation_map(get("relu"), c, v, math.sqrt(2))
    torch.testing.assert_close(got, relu, rtol=1e-9, atol=1e-9)
    # Williams 1997
    erf = (2 * v * c / (1 + 2 * v)).asin() / math.asin(2 * v / (1 + 2 * v))
    torch.testing.assert_close(correlation_map(get("erf"), c, v, 1.5), erf, rtol=1e-9, atol=1e-9)


@catalogue
def test_the_series_is_the_map(record):
    v, inner = 1.5, CORRELATIONS[[1, 5]]
    if not float(moments(record, v).square) < 1e100:
        pytest.skip("E[φ²] overflows")
    series = correlation_series(record, v, 1.3, 0.2)
    wanted = correlation_map(record, inner, v, 1.3, 0.2)
    torch.testing.assert_close(series(inner), wanted, rtol=0, atol=1e-6)
    torch.testing.assert_close(series(torch.ones(1).double()), torch.ones(1).double())


@pytest.mark.parametrize("name", ["tanh", "gelu", "sin"])
def test_the_slope_at_one_is_chi(name):
    gain = recommend(get(name))
    pair = float(gain.weight), float(gain.bias)
    near = torch.tensor([1 - 1e-4, 1.0], dtype=torch.float64)
    low, high = correlation_map(get(name), near, float(gain.variance), *pair)
    assert float(high) == pytest.approx(1, abs=1e-10)
    assert gain.critical
    assert float((high - low) / 1e-4) == pytest.approx(1, rel=1e-3)


# Networks


def test_prediction_stands_still_at_the_recommended_gain():
    for name in ("tanh", "relu", "selu", "sin"):
        gain = recommend(get(name))
        found = predict(get(name), float(gain.weight), float(gain.bias), depth=30)
        for part in found:
            torch.testing.assert_close(part, torch.ones(30, dtype=torch.float64), rtol=1e-8, atol=0)


def test_prediction_is_the_product_of_the_maps():
    found = predict(get("tanh"), 1.2, 0.1, depth=4, variance=2.0)
    v, slopes = 2.0, []
    for layer in range(4):
        assert float(found.variance[layer]) == pytest.approx(v)
        slopes.append(1.2**2 * float(moments(get("tanh"), v).slope))
        v = float(variance_map(get("tanh"), v, 1.2, 0.1))
    for layer in range(4):
        assert float(found.gradient[layer]) == pytest.approx(math.prod(slopes[layer:3]))


def test_propagation_is_autograds():
    params = mlp.init((6, 5, 4, 3), gain=1.2, bias=0.3, seed=1, dtype=torch.float64)
    images, signal = torch.randn(7, 6).double(), torch.randn(7, 3).double()
    found = propagate(params, get("tanh"), images, signal)
    x, kept = images, []
    for index, (weight, bias) in enumerate(params):
        x = (x.tanh() if index else x) @ weight.T + bias
        kept.append(x.requires_grad_() if index == 0 else x)
        kept[-1].retain_grad()
    x.backward(signal)
    for layer, z in enumerate(kept):
        torch.testing.assert_close(found.variance[layer], z.detach().square().mean())
        torch.testing.assert_close(found.gradient[layer], z.grad.square().mean())


@pytest.mark.parametrize("name", ["tanh", "relu", "selu", "sin", "elu"])
def test_small_networks_do_what_theory_says(name):
    gain = recommend(get(name))
    pair = float(gain.weight), float(gain.bias)
    calls = []
    found = measure(
        *(get(name), *pair),
        width=256,
        depth=6,
        networks=32,
        on_network=lambda *at: calls.append(at),
    )
    assert calls == [(done, 32) for done in range(1, 33)]
    want = predict(get(name), *pair, depth=6)
    for mean, error, theory in zip(found.mean, found.error, want, strict=True):
        assert mean.shape == error.shape == (6,)
        assert (error > 0).all()
        assert ((mean - theory).abs() <= 4 * error).all()
        assert float((mean / theory - 1).abs().mean()) < 0.1


def test_agreement_is_in_parts_of_the_prediction_and_in_standard_errors():
    each = Propagation(*(torch.tensor([[1.0, 3.0], [3.0, 5.0]]).double() for _ in range(2)))
    found = measured(each)
    want = Propagation(*(torch.tensor([1.0, 8.0]).double() for _ in range(2)))
    off, errors = agreement(found, want)
    for part in range(2):
        assert found.mean[part].tolist() == [2, 4]
        assert found.error[part].tolist() == pytest.approx([1, 1])
        assert off[part].tolist() == [1, -0.5]
        assert errors[part].tolist() == pytest.approx([1, -4])


def test_a_gain_that_is_wrong_is_seen_in_both():
    found = measure(get("relu"), 1.0, width=256, depth=6, networks=4)
    want = predict(get("relu"), 1.0, depth=6)
    assert float(want.variance[-1]) == pytest.approx(2.0**-5)
    assert float(found.mean.variance[-1]) == pytest.approx(2.0**-5, rel=0.4)
    assert float(found.mean.gradient[0]) == pytest.approx(2.0**-5, rel=0.4)
