"""The recommended pair: it holds what it says, is the one people know, and scales as it must."""

from __future__ import annotations

import math
import re
from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from actfunc import CATALOGUE, Activation, get, mlp, tree
from actfunc.analysis.gain import Gain, recommend, torch_gain
from actfunc.analysis.gaussian import moments
from actfunc.analysis.signal import critical_line, variance_map
from actfunc.errors import UsageError
from actfunc.training import initialisation
from tests.docs.pages import ROOT
from tests.records import HANDFUL, each

pytestmark = pytest.mark.usefixtures("one_thread")

KINDS = (
    *HANDFUL,  # some without a critical pair, one that wanders off
    "relu",  # no bias, and every variance is kept
    "sigmoid",  # nothing at variance 1, but a larger one
    "elish",  # a smaller one, and there deviations shrink slowly
    "ncu",  # a smaller one, and there they shrink fast
)
"""Names of records that between them meet every case of `recommend`."""

catalogue = each(CATALOGUE.values(), KINDS)
handful = each(map(get, HANDFUL))


@cache
def recommended(name: str) -> Gain:
    return recommend(get(name))


def check_pair(record, gain):
    """That the pair keeps its variance, and gradients where it says so."""
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
def test_the_recommended_pair_holds_its_variance_and_gradients_where_it_says_so(record):
    check_pair(record, recommended(record.name))


@catalogue
def test_the_growth_is_the_maps_slope_at_the_recommended_variance(record):
    gain = recommended(record.name)
    step = 1e-5 * float(gain.variance)
    near = gain.variance + torch.tensor([-step, step], dtype=torch.float64)
    low, high = variance_map(record, near, float(gain.weight), float(gain.bias))
    assert float(gain.growth) == pytest.approx(float(high - low) / (2 * step), rel=1e-5, abs=1e-7)


@catalogue
def test_a_variance_other_than_one_is_for_a_reason_and_comes_back(record):
    gain = recommended(record.name)
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


@catalogue
def test_it_is_the_nearest_variance_that_is_kept(record):
    """The rule of `recommend`, point by point."""
    gain = recommended(record.name)
    grid = 10 ** (torch.arange(-30, 31, dtype=torch.float64) / 10)
    steady, at_one = {}, None
    for v, weight, bias, growth in zip(
        *map(torch.Tensor.tolist, critical_line(record, grid)), strict=True
    ):
        if not (math.isfinite(bias) and 0 < weight < math.inf):
            continue
        if v == 1:
            at_one = growth
        low, high = (float(variance_map(record, far, weight, bias)) for far in (v / 2, 2 * v))
        if growth < 1 - 1e-6 and v / 2 < low < 2 * v and v / 2 < high < 2 * v:
            steady[v] = growth
    fast = [v for v, growth in steady.items() if growth <= 0.95]
    if at_one is not None and at_one <= 1 + 1e-6:
        wanted = 1.0
    elif fast:
        wanted = min(fast, key=lambda v: abs(math.log(v)))
    else:
        wanted = min(steady, key=steady.__getitem__, default=1.0)
    assert float(gain.variance) == wanted
    assert bool(gain.critical) is (at_one is not None or bool(steady))


def test_the_docs_have_its_numbers():
    page = (ROOT / "docs/network.md").read_text("utf-8")
    rows = re.findall(r"^\| (\w+) \| (\S+) \| (\S+) \| (\S+) \| (\S+) \| (\S+) \|$", page, re.M)
    assert len(rows) >= 6
    for name, *told in rows:
        gain, torchs = recommend(get(name)), torch_gain(get(name))
        figures = [gain.weight, gain.bias, gain.variance, gain.forward, torchs]
        for text, figure in zip(told, figures, strict=True):
            if figure is None:
                assert text == "none"
            else:
                digits = len(text.partition(".")[2])
                assert text == f"{float(figure):.{digits}f}"


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


@pytest.mark.parametrize("name", ["gelu", "signed_sqrt"])
def test_the_pair_is_written_as_settings_read_it(name):
    gain = recommended(name)
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


SLOPES = st.floats(-1, 2)
SIZES = st.floats(0.2, 3)
FREE = {
    "leaky_relu": {"negative_slope": SLOPES},
    "elu": {"alpha": SIZES},
    "celu": {"alpha": SIZES},
    "silu": {"beta": SIZES},
    "softplus": {"beta": SIZES},
    "softshrink": {"lambd": SIZES},
    "snake": {"a": SIZES},
}


def test_the_parameters_that_are_drawn_are_parameters():
    for name, free in FREE.items():
        assert free.keys() <= get(name).params.keys(), name


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_any_parameters_have_a_pair_that_holds(data):
    name = data.draw(st.sampled_from(sorted(FREE)))
    record = get(name).bind(**data.draw(st.fixed_dictionaries(FREE[name])))
    check_pair(record, recommend(record))


def made_of(record, inner=1.0, outer=1.0):
    """outer·φ(inner·x) as a record."""
    return Activation(
        "made",
        "",
        *(
            lambda x, part=part, k=k: outer * inner**k * part(inner * x)
            for k, part in enumerate((record.f, record.df, record.d2f))
        ),
        joints=tuple(joint / inner for joint in record.joint_points),
        poles=tuple(pole / inner for pole in record.poles),
        steep=record.steep,
    )


@handful
def test_a_multiple_wants_so_much_less_weight_and_the_same_bias(record):
    outer = -3.0
    want, got = recommended(record.name), recommend(made_of(record, outer=outer))
    for name in ("weight", "forward", "backward"):
        near = pytest.approx(float(getattr(want, name)) / abs(outer), rel=1e-9)
        assert float(getattr(got, name)) == near, name
    # a bias is a root of a difference, that is near 0 where the bias is
    assert float(got.bias) ** 2 == pytest.approx(float(want.bias) ** 2, rel=1e-8, abs=1e-9)
    assert float(got.growth) == pytest.approx(float(want.growth), rel=1e-9, abs=1e-12)
    assert (got.variance, bool(got.critical)) == (want.variance, bool(want.critical))


@handful
def test_the_mirror_image_wants_the_same(record):
    mirrored = recommend(made_of(record, inner=-1.0))
    for want, got in zip(recommended(record.name), mirrored, strict=True):
        assert float(got) == pytest.approx(float(want), rel=1e-8, abs=1e-5)


@handful
def test_what_stretches_the_input_is_another_variance(record):
    got, want = moments(made_of(record, inner=2.0), 0.5), moments(record, 2.0)
    for name, factor in {"mean": 1, "square": 1, "slope": 4, "growth": 4}.items():
        near = pytest.approx(factor * float(getattr(want, name)), rel=1e-11, abs=1e-13)
        assert float(getattr(got, name)) == near, name
