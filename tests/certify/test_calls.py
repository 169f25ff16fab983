"""How a function is called: what goes wrong in one way of calling only is found, and said."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import count

import pytest
import torch

import actfunc
from actfunc.catalogue import PAIRS
from actfunc.certify import certify, parse
from actfunc.certify.audited import audited
from actfunc.certify.call_ways import WAYS
from actfunc.certify.calls import AGAIN, INPUT, RESULT, calls
from actfunc.certify.certificate import evaluated, on_grid
from actfunc.certify.check import BOUNDS, Judged, measured
from actfunc.certify.pair_calls import pair_calls
from actfunc.certify.pair_ways import ORDERS as PAIR_ORDERS
from actfunc.certify.pairs import certify_pair, pair_answers, pair_grid, pair_truth
from actfunc.gated import SIBLINGS as PAIR_SIBLINGS

pytestmark = pytest.mark.usefixtures("one_thread")
TANH = actfunc.get("tanh")
SIBLINGS = ("f", "df", "d2f")


@cache
def right():
    """tanh on its grid in float32, with what is true there."""
    return on_grid(TANH, parse(TANH.formula), torch.float32)


def judged(record):
    """A record that is tanh, or nearly, at the same points."""
    x, _, true, _ = right()
    got = torch.stack(evaluated(record, x))
    return Judged(x, got, true, measured(got, true, x))


def wrong_calls(record, *, lifted=True):
    """The ways of calling such a record that do not hold, each with what was found."""
    found = calls(record, judged(record), lifted=lifted)
    return {one.called: one for one in found if not one.held}


def planted(fault, sibling="f", record=TANH):
    """A record with a sibling that is off by a thousandth where `fault(x)` says so."""
    right = getattr(record, sibling).function

    def function(x, **params):
        y = right(x, **params)
        return y * 1.001 if fault(x) else y

    return replace(record, **{sibling: function})


def mapped(x):
    return torch._C._functorch.is_batchedtensor(x)


FAULTS = {
    "on one number, 0-d": lambda x: x.dim() == 0,
    "on one element": lambda x: x.dim() == 1 and x.numel() == 1,
    "on a few elements": lambda x: 1 < x.numel() < 10,
    "on some thousand elements": lambda x: x.numel() in (256, 257, 4097),
    "on 131,073 elements": lambda x: x.numel() > 8000,
    "on two dimensions": lambda x: x.dim() == 2,
    "on three dimensions": lambda x: x.dim() == 3,
    "on four dimensions": lambda x: x.dim() == 4,
    "on five dimensions": lambda x: x.dim() == 5,
    "with channels last": lambda x: x.dim() == 4 and x.stride(1) == 1 < x.shape[1],
    "transposed": lambda x: x.dim() == 2 and x.stride(0) < x.stride(1),
    "on every second element of a tensor": lambda x: not x.is_contiguous(),
    "behind another element": lambda x: not mapped(x) and x.storage_offset() == 1,
    "expanded": lambda x: 0 in x.stride(),
    "under no_grad": lambda x: not torch.is_grad_enabled(),
    "under inference_mode": lambda x: torch.is_inference_mode_enabled(),
    "on a tensor that requires grad": lambda x: x.requires_grad,
    "under autocast to bfloat16": lambda x: torch.is_autocast_enabled("cpu"),
    "under autocast to float16": lambda x: (
        torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") == torch.float16
    ),
    "under vmap over rows": mapped,
}


@pytest.mark.parametrize(
    ("called", "sibling"),
    [  # each in one sibling, and in full in all three
        pytest.param(called, sibling, marks=() if number % 3 == order else pytest.mark.full)
        for number, called in enumerate(FAULTS)
        for order, sibling in enumerate(SIBLINGS)
    ],
)
def test_what_goes_wrong_when_called_so_is_found(called, sibling):
    found = wrong_calls(planted(FAULTS[called], sibling))
    assert called in found
    assert found[called].different > 0
    assert found[called].worst.got == pytest.approx(1.001 * found[called].worst.wanted, rel=1e-4)
    assert found[called].order == ("value", "first", "second")[SIBLINGS.index(sibling)]


def test_every_way_of_calling_is_in_the_certificate_and_holds():
    certificate = certify(TANH, dtypes=(torch.float64, torch.bfloat16))
    names = [way.called for way in WAYS] + [AGAIN, INPUT, RESULT]
    assert [one.called for one in certificate.calls] == 2 * names
    assert [one for one in certificate.calls if not one.held] == []
    assert all(one.points > 0 for one in certificate.calls if one.called != "on no element")
    assert max(one.points for one in certificate.calls) >= 100_000


@pytest.mark.parametrize("nth", [2, 3, 7, 20, 37])
@pytest.mark.parametrize("sibling", SIBLINGS)
def test_what_goes_wrong_on_every_so_many_th_call_is_found(nth, sibling):
    numbers = count(1)
    record = planted(lambda x: next(numbers) % nth == 0, sibling)
    seen = judged(record)
    found = {one.called for one in calls(record, seen, lifted=True) if not one.held}
    # the call that is judged may be one of the wrong ones
    assert AGAIN in found or (seen.errors.amax(1) > torch.tensor(BOUNDS)).any()


def test_what_remembers_a_tensor_and_not_its_numbers_is_found():
    seen = {}

    def remembering(x):
        key = id(x), x.data_ptr()
        # as a cache of the last tensor
        if key not in seen:
            seen.clear()
            seen[key] = torch.tanh(x)
        return seen[key]

    assert AGAIN in wrong_calls(replace(TANH, f=remembering))


def written_over(x):
    y = torch.tanh(x)
    x.zero_()
    return y


def written_over_and_back(x):
    y = torch.tanh(x)
    x.add_(0.0)
    return y


@pytest.mark.parametrize("function", [written_over, written_over_and_back])
def test_an_input_that_is_not_left_alone_is_found(function):
    found = wrong_calls(replace(TANH, f=function))
    assert "the input is" in found[INPUT].failure


def test_a_result_that_a_later_call_writes_over_is_found():
    place = torch.empty(40)

    def one_place(x):
        return torch.tanh(x, out=place) if x.shape == (40,) else torch.tanh(x)

    assert set(wrong_calls(replace(TANH, f=one_place))) >= {RESULT}


def test_what_is_no_tensor_of_the_dtype_and_shape_is_said():
    def widening(x):
        return torch.tanh(x).double() if x.dim() == 0 else torch.tanh(x)

    found = wrong_calls(replace(TANH, f=widening))["on one number, 0-d"]
    assert found.failure == "it gives float64 for float32"
    assert (found.order, found.by) == ("value", "f")

    def flattening(x):
        return torch.tanh(x).flatten()

    found = wrong_calls(replace(TANH, f=flattening))["on two dimensions"]
    assert found.failure == "it gives the shape (700,) for (20, 35)"


def test_a_way_of_calling_that_raises_is_a_finding():
    def no_matrix(x):
        if x.dim() == 2:
            raise ValueError("no matrices here\nplease")
        return torch.tanh(x)

    found = wrong_calls(replace(TANH, f=no_matrix))["on two dimensions"]
    assert found.failure == "ValueError: no matrices here"


def test_what_is_not_elementwise_is_found():
    """On a vector of two it has the right shape and dtype."""
    assert wrong_calls(replace(TANH, f=lambda x: torch.tanh(x) + 0 * x.flip(-1).cumsum(-1)))


def test_ones_own_function_is_called_in_every_way_too():
    def own(x):
        return torch.tanh(x) * (1.001 if x.dim() == 2 else 1.0)

    found = certify(audited("own", own, TANH), dtypes=(torch.float32,))
    wrong = [one.called for one in found.calls if not one.held]
    assert "on two dimensions" in wrong
    assert "on three dimensions" not in wrong
    assert not found.held
    assert wrong_calls(audited("right", torch.tanh, TANH), lifted=False) == {}


PAIR = PAIRS["swiglu"]
PAIR_FAULTS = ("on two dimensions", "under vmap over rows", "under no_grad")


@cache
def right_pair():
    """swiglu on its grid in float32, with what is true there."""
    x, gate = pair_grid(PAIR, torch.float32)
    return x, gate, pair_truth(PAIR.formula, x, gate)


@pytest.mark.parametrize(("sibling", "called"), [*zip(PAIR_SIBLINGS, 2 * PAIR_FAULTS, strict=True)])
def test_a_pair_is_called_in_every_way_too(sibling, called):
    right = getattr(PAIR, sibling).function

    def function(x, gate):
        return right(x, gate) + (1e-3 if FAULTS[called](x) else 0.0)

    found = pair_calls(replace(PAIR, **{sibling: function}), pair_answers(PAIR, *right_pair()))
    (wrong,) = [one for one in found if one.called == called]
    assert not wrong.held
    assert wrong.order == PAIR_ORDERS[PAIR_SIBLINGS.index(sibling)]


def test_a_pair_that_is_called_wrongly_in_one_way_has_no_certificate():
    def function(x, gate):
        return PAIR.f.function(x, gate) * (1.001 if x.dim() == 2 else 1.0)

    found = certify_pair(replace(PAIR, f=function), dtypes=(torch.float32,))
    assert all(one.held for one in found.checks)
    assert not found.held
