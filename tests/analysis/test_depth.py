"""Depth against what is known: linear stacks, He's relu, the vanishing sigmoid, and a module."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import vmap

from actfunc import CATALOGUE, get
from actfunc.analysis.depth import (
    Carried,
    Stack,
    carry,
    course_of_gradient,
    course_of_variance,
    draw,
)
from actfunc.errors import UsageError
from tests.compiling import backends
from tests.records import each

pytestmark = pytest.mark.usefixtures("one_thread")


def gaussian(gain: float) -> str:
    return f"gaussian:gain={gain!r}"


def several(
    name: str, seeds: int = 8, depth: int = 40, width: int = 64, **options
) -> list[Carried]:
    options = {"init": gaussian(1.0)} | options
    stacks = (draw(depth, width, seed=seed, examples=8, **options) for seed in range(seeds))
    return [carry(get(name), stack) for stack in stacks]


@each(CATALOGUE.values())
def test_all_layers_are_those_of_autograd(record):
    # weights so small that an exponential of an exponential is still a number
    stack = draw(4, 12, init="gaussian:gain=0.3,bias=0.3", seed=1, examples=3)
    taps = torch.zeros(4, 12, 3, dtype=torch.float64, requires_grad=True)
    read, kept = stack.inputs, []
    for weight, bias, tap in zip(stack.weights, stack.biases, taps, strict=True):
        kept.append(weight @ read + bias[:, None] + tap)
        read = record(kept[-1])
    kept[-1].backward(stack.signal)
    found = carry(record, stack)
    for layer, z in enumerate(kept):
        want = z.detach().square().mean().log10()
        torch.testing.assert_close(found.variance[layer], want, rtol=1e-9, atol=1e-9)
    want = (taps.grad.flatten(1).norm(dim=1) / stack.signal.norm()).log10()
    torch.testing.assert_close(found.gradient, want, rtol=1e-9, atol=1e-9)


def test_a_linear_stack_takes_the_square_of_its_gain_a_layer():
    gain = 0.5
    found = several("identity", seeds=200, depth=4, width=32, init=gaussian(gain))
    for values in (
        torch.stack([10**one.variance for one in found]),
        torch.stack([10 ** (2 * one.gradient.flip(0)) for one in found]),
    ):
        # in expectation exactly gain² a layer, so the mean is within its own standard error
        ratios = values / gain ** (2 * torch.arange(4))
        wanted = gain**2 if values[0, 0] != 1 else 1.0
        error = ratios.std(dim=0) / len(found) ** 0.5
        assert ((ratios.mean(dim=0) - wanted).abs() <= 4 * error + 1e-12).all()
        assert (error < 0.05 * wanted).all()


@settings(deadline=None, max_examples=20)
@given(gain=st.integers(-10, 10).map(lambda k: 2.0**k), seed=st.integers(0, 9))
def test_a_gain_is_a_rate_exactly(gain, seed):
    """The same draw at another gain differs by the gain alone in a linear stack."""
    unit = carry(get("identity"), draw(30, 16, seed=seed, examples=2, init=gaussian(1.0)))
    other = carry(get("identity"), draw(30, 16, seed=seed, examples=2, init=gaussian(gain)))
    layers = torch.arange(1, 31, dtype=torch.float64)
    shift = other.variance - unit.variance
    torch.testing.assert_close(shift, 2 * math.log10(gain) * layers, rtol=0, atol=1e-9)
    shift = other.gradient - unit.gradient
    torch.testing.assert_close(
        shift, math.log10(gain) * layers.flip(0) - math.log10(gain), rtol=0, atol=1e-9
    )


@pytest.mark.parametrize(
    ("name", "options", "verdicts"),
    [
        ("relu", {"init": gaussian(2**0.5)}, ("holds", "holds")),
        ("relu", {"init": gaussian(1.0)}, ("vanishes", "vanishes")),
        ("relu", {"init": gaussian(2.0)}, ("explodes", "explodes")),
        ("identity", {"init": gaussian(1.0)}, ("holds", "holds")),
        ("sigmoid", {"init": gaussian(1.0)}, ("holds", "vanishes")),
        ("sigmoid", {"init": "linear"}, ("holds", "vanishes")),
        ("tanh", {"init": gaussian(1.0)}, ("holds", "holds")),
        ("tanh", {"init": gaussian(3.0)}, ("holds", "explodes")),
    ],
)
def test_verdicts(name, options, verdicts):
    found = several(name, width=256, seeds=3, **options)
    assert (course_of_variance(found).verdict, course_of_gradient(found).verdict) == verdicts


def test_a_course_is_that_of_each_layer_over_the_initialisations():
    found = several("tanh", seeds=5, depth=4, width=8)
    for course, values in (
        (course_of_variance(found), torch.stack([one.variance for one in found])),
        (course_of_gradient(found), torch.stack([one.gradient for one in found])),
    ):
        torch.testing.assert_close(course.mean, values.mean(dim=0))
        torch.testing.assert_close(course.standard_error, values.std(dim=0) / 5**0.5)


def test_relu_at_gain_one_halves_the_variance_every_layer():
    found = several("relu", width=256, seeds=6)
    forward, backward = course_of_variance(found), course_of_gradient(found)
    assert abs(forward.rate - math.log10(0.5)) < 0.02
    assert abs(backward.rate - math.log10(0.5) / 2) < 0.01
    assert forward.factor == 10**forward.rate
    assert 0 < forward.rate_error < 0.01
    # a gain is a factor for a function that scales, exactly so where it is a power of 2
    doubled = course_of_variance(several("relu", width=256, seeds=6, init=gaussian(2.0)))
    assert math.isclose(doubled.rate - forward.rate, math.log10(4), rel_tol=1e-9)


def test_small_signals_do_not_underflow():
    found = several("identity", seeds=2, depth=100, init=gaussian(1e-3))
    for course, rate in ((course_of_variance(found), -6), (course_of_gradient(found), -3)):
        assert course.verdict == "vanishes"
        assert abs(course.rate - rate) < 0.05
        assert course.mean.isfinite().all()
        assert course.mean.min() < -290


def test_what_overflows_explodes_and_the_gradient_is_told_from_below_it():
    found = several("square", seeds=3, depth=30, init=gaussian(4.0))
    forward, backward = course_of_variance(found), course_of_gradient(found)
    assert forward.verdict == "explodes"
    assert (forward.mean == math.inf).any()
    finite = forward.mean.isfinite()
    assert backward.mean[finite].isfinite().all()
    assert backward.mean[~finite].isnan().all()
    assert backward.verdict == "explodes"


def test_what_is_nowhere_alive_vanishes():
    found = several("relu", seeds=2, depth=3)
    dead = Stack(*draw(3, 8, examples=2))._replace(biases=torch.full((3, 8), -1e3).double())
    assert math.isinf(carry(get("relu"), dead).gradient[0])
    gone = [carry(get("relu"), dead), carry(get("relu"), dead)]
    assert course_of_gradient(gone).verdict == "vanishes"
    assert course_of_gradient(gone[:1]).standard_error.isnan().all()
    assert course_of_gradient(found).mean[-1] == 0


def test_initialisations_are_mapped_over_and_plain_callables_taken():
    stacks = [draw(5, 8, seed=seed, examples=2) for seed in range(3)]
    together = Stack(*(torch.stack(parts) for parts in zip(*stacks, strict=True)))
    for activation in (get("tanh"), torch.tanh):
        found = vmap(lambda stack, activation=activation: carry(activation, stack))(together)
        for index, stack in enumerate(stacks):
            for got, want in zip(found, carry(get("tanh"), stack), strict=True):
                torch.testing.assert_close(got[index], want)


@backends
def test_it_compiles_whole(backend):
    stack = draw(5, 8, seed=0, examples=2)
    compiled = torch.compile(
        lambda stack: carry(get("tanh"), stack), fullgraph=True, backend=backend
    )
    for got, want in zip(compiled(stack), carry(get("tanh"), stack), strict=True):
        torch.testing.assert_close(got, want)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"depth": 0}, "depth must be a whole number, 1 or more, got 0"),
        ({"width": 0}, "width must be a whole number, 1 or more, got 0"),
        ({"examples": 0}, "examples must be a whole number, 1 or more, got 0"),
        ({"init": "he"}, "no initialisation named 'he'"),
        ({"init": gaussian(0.0)}, "gain must be a positive number, got 0.0"),
        ({"init": gaussian(math.inf)}, "must be a finite number"),
    ],
)
def test_wrong_stacks_are_refused(options, said):
    with pytest.raises(UsageError, match=said):
        draw(**{"depth": 3, "width": 3, **options})


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_gradient_past_what_a_float_holds_does_not_come_back(dtype):
    stack = draw(6, 4, init=gaussian(1.0), examples=2, dtype=dtype)
    found = carry(get("signed_sqrt"), stack._replace(inputs=torch.zeros_like(stack.inputs)))
    assert found.variance.tolist() == [-math.inf] * 6
    # the lift makes an infinite slope of two finite ones, so that a part of it may be finite
    assert (found.gradient[:-1] > math.log10(torch.finfo(dtype).max) - 2).all()
    assert found.gradient[-1] == 0
    assert course_of_gradient([found]).verdict == "explodes"


@pytest.mark.parametrize("rate", [400.0, -400.0])
def test_a_rate_past_what_a_float_holds_has_an_infinite_factor_or_none(rate):
    decades = rate * torch.arange(3, dtype=torch.float64)
    course = course_of_variance([Carried(decades, decades)])
    assert course.rate == pytest.approx(rate)
    assert course.factor == (math.inf if rate > 0 else 0)
