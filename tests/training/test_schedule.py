"""The schedules are torch.optim.lr_scheduler's, take steps of any shape, and have specs."""

from __future__ import annotations

import contextlib
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import vmap
from torch.optim import lr_scheduler

from actfunc import mlp, tree
from actfunc.errors import ActfuncError, UnknownNameError, UsageError
from actfunc.training import constant, cosine, schedule, sgd, warm_up

TOTAL, RATE = 100, 0.05


def constant_of_torch(reference, steps):
    return lr_scheduler.ConstantLR(reference, factor=1.0)


def cosine_of_torch(final):
    return lambda reference, steps: lr_scheduler.CosineAnnealingLR(
        reference, T_max=steps, eta_min=final * RATE
    )


def warm_up_of_torch(steps, then):
    def build(reference, total):
        ramp = lr_scheduler.LinearLR(reference, start_factor=1 / steps, total_iters=steps - 1)
        return lr_scheduler.SequentialLR(
            reference, [ramp, then(reference, total - steps)], milestones=[steps]
        )

    return build


@pytest.mark.parametrize(
    ("spec", "theirs"),
    [
        ("constant", constant_of_torch),
        ("cosine", cosine_of_torch(0.0)),
        ("cosine:final=0.1", cosine_of_torch(0.1)),
        ("warm_up:steps=1", warm_up_of_torch(1, constant_of_torch)),
        ("warm_up:steps=10", warm_up_of_torch(10, constant_of_torch)),
        ("warm_up:steps=10,then=cosine", warm_up_of_torch(10, cosine_of_torch(0.0))),
        ("warm_up:steps=99,then=cosine", warm_up_of_torch(99, cosine_of_torch(0.0))),
        ("warm_up:steps=33,then=cosine:final=0.5", warm_up_of_torch(33, cosine_of_torch(0.5))),
    ],
)
def test_a_run_is_torchs_over_a_hundred_steps(spec, theirs):
    params = mlp.init((5, 4, 3), seed=0, dtype=torch.float64)
    leaves = [leaf.clone().requires_grad_() for leaf in tree.leaves(params)]
    reference = torch.optim.SGD(leaves, RATE, momentum=0.9)
    scheduler = theirs(reference, TOTAL)
    ours, factor = sgd(), schedule.named(spec)
    state = ours.init(params)
    for step in torch.arange(TOTAL, dtype=torch.float64):
        rate = RATE * factor(step, TOTAL)
        assert rate.item() == pytest.approx(scheduler.get_last_lr()[0], rel=1e-13, abs=1e-15)
        params, state = ours.update(tree.map(torch.sin, params), state, params, rate)
        for leaf in leaves:
            leaf.grad = leaf.detach().sin()
        reference.step()
        scheduler.step()
        for got, want in zip(tree.leaves(params), leaves, strict=True):
            torch.testing.assert_close(got, want.detach(), rtol=1e-13, atol=1e-13)


SPECS = ["constant", "cosine:final=0.1", "warm_up:steps=7", "warm_up:steps=7,then=cosine"]


@pytest.mark.parametrize("spec", SPECS)
def test_steps_of_any_shape_and_dtype(spec):
    factor = schedule.named(spec)
    steps = torch.arange(24).view(2, 3, 4)
    want = factor(steps.double(), 24)
    assert (want.dtype, want.shape) == (torch.float64, steps.shape)
    for same in (steps, steps.int(), steps.float()):
        got = factor(same, 24)
        assert got.dtype == torch.float32
        torch.testing.assert_close(got, want.float(), rtol=3e-7, atol=0)
    mapped = vmap(factor, (0, None))(steps.flatten(), 24)
    torch.testing.assert_close(mapped.view(steps.shape), factor(steps, 24))
    assert factor(steps[0, 0, 0], 24).shape == ()


def test_the_end_of_a_cosine_keeps_float32s_digits():
    """½(1 + cos) would give 0 for the last step."""
    last, total = 9_999, 10_000
    got = cosine()(torch.tensor(last), total).item()
    assert got == pytest.approx(math.sin(math.pi / 2 / total) ** 2, rel=1e-6)


@settings(deadline=None)
@given(st.integers(1, 50), st.integers(0, 50), st.floats(0, 1))
def test_a_factor_is_between_zero_and_one_also_past_the_end(warm, rest, final):
    steps = torch.arange(2 * (warm + rest), dtype=torch.float64)
    for then in (constant(), cosine(final)):
        factor = warm_up(warm, then)(steps, warm + rest)
        assert factor[0] == 1 / warm
        assert factor[warm - 1] == 1
        assert factor.min() >= min(1 / warm, final)
        assert factor.max() <= 1 + 1e-15
    assert cosine(final)(steps, warm)[warm:].eq(final).all()


@pytest.mark.parametrize("total", [9, 10, 11])
def test_a_run_may_be_all_warm_up_but_not_shorter(total):
    factor, steps = warm_up(10, cosine()), torch.arange(total)
    if total < 10:
        with pytest.raises(UsageError, match="at most the run's 9, got 10"):
            factor(steps, total)
    else:
        ramp = torch.arange(1, 11) / 10
        assert torch.equal(factor(steps, total), torch.cat([ramp, torch.ones(total - 10)]))


# By name


@pytest.mark.parametrize(
    ("spec", "full"),
    [
        ("constant", "constant"),
        ("Constant:", "constant"),
        ("cosine", "cosine:final=0.0"),
        ("cosine: final = 1e-1", "cosine:final=0.1"),
        ("warmup:steps=100", "warm_up:steps=100,then=constant"),
        ("warm-up:steps=100,then=Cosine", "warm_up:steps=100,then=cosine:final=0.0"),
        (
            "warm_up:steps=2,then=warm_up:steps=3,then=cosine:final=0.5",
            "warm_up:steps=2,then=warm_up:steps=3,then=cosine:final=0.5",
        ),
    ],
)
def test_a_spec_has_one_full_form(spec, full):
    assert schedule.canonical(spec) == full
    assert schedule.canonical(full) == full
    steps = torch.arange(TOTAL)
    assert torch.equal(schedule.named(spec)(steps, TOTAL), schedule.named(full)(steps, TOTAL))


def test_a_spec_is_the_function_called():
    steps = torch.arange(TOTAL)
    for spec, called in (
        ("constant", constant()),
        ("cosine:final=0.2", cosine(0.2)),
        ("warm_up:steps=10", warm_up(10)),
        ("warm_up:steps=10", warm_up(10, constant())),
        ("warm_up:steps=10,then=cosine:final=0.2", warm_up(10, cosine(0.2))),
    ):
        assert torch.equal(schedule.named(spec)(steps, TOTAL), called(steps, TOTAL))


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("cosine:final=-0.1", "final must be from 0 to 1, got -0.1"),
        ("cosine:final=1.5", r"final must be from 0 to 1, got 1\.5"),
        ("cosine:final=nan", "must be a finite number, got 'nan'"),
        ("constant:final=1", "no setting named 'final' in .*; accepted: none"),
        ("warm_up", "'warm_up' lacks steps; accepted: steps, then=constant"),
        ("warm_up:then=cosine", "lacks steps"),
        ("warm_up:steps=0", "steps must be a whole number, 1 or more, got 0"),
        ("warm_up:steps=1.5", r"'steps' of .* must be a whole number, got '1\.5'"),
        ("warm_up:steps=5,then=cosine:final=2", "final must be from 0 to 1"),
        ("warm_up:steps=5,then=", "no schedule named ''"),
        ("warm_up:steps=5,then=cosin", "no schedule named 'cosin'. Did you mean cosine"),
        ("warm_up:steps=5,then=cosine,steps=6", "no schedule named 'cosine,steps=6'"),
    ],
)
def test_what_is_not_accepted_is_told(spec, said):
    for lookup in (schedule.named, schedule.canonical):
        with pytest.raises(UsageError, match=said):
            lookup(spec)


def test_a_setting_behind_then_is_told_where_it_belongs():
    with pytest.raises(UsageError, match="lacks steps") as error:
        schedule.named("warm_up:then=cosine,steps=5")
    assert error.value.hint == "what follows then= belongs to it, so it is written last"


def test_an_unknown_name_lists_the_names():
    with pytest.raises(UnknownNameError, match="no schedule named 'linear'") as error:
        schedule.named("linear")
    assert error.value.hint == "accepted: constant, cosine, warm_up"
    assert schedule.SCHEDULES.names() == ("constant", "cosine", "warm_up")


@settings(deadline=None, max_examples=200)
@given(
    st.text()
    | st.builds("warm_up:steps={},then={}".format, st.integers(), st.text())
    | st.builds("cosine:final={}".format, st.floats(width=16))
    | st.text(alphabet="cosine:=,.0123final")
)
def test_any_text_is_a_schedule_or_our_own_error(text):
    with contextlib.suppress(ActfuncError):
        assert schedule.named(text)(torch.tensor(0), 10**6) >= 0
        assert schedule.canonical(schedule.canonical(text)) == schedule.canonical(text)
