"""Specs of optimisers and what is said of wrong ones; test_schedule.py has those of schedules."""

from __future__ import annotations

import contextlib
import inspect

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from actfunc import mlp, tree
from actfunc.errors import ActfuncError, UnknownNameError, UsageError
from actfunc.training import Optimizer, adam, adamw, optimizer, sgd
from tests.training.test_optimizer import SPECS


@pytest.mark.parametrize(
    ("spec", "full"),
    [
        ("sgd", "sgd:momentum=0.9,nesterov=False,weight_decay=0.0"),
        ("SGD:", "sgd:momentum=0.9,nesterov=False,weight_decay=0.0"),
        ("sgd: nesterov = TRUE, momentum = .5", "sgd:momentum=0.5,nesterov=True,weight_decay=0.0"),
        ("sgd:momentum=-0", "sgd:momentum=0.0,nesterov=False,weight_decay=0.0"),
        ("adam", "adam:beta1=0.9,beta2=0.999,eps=1e-08,weight_decay=0.0"),
        ("AdamW", "adamw:beta1=0.9,beta2=0.999,eps=1e-08,weight_decay=0.01"),
        ("adam-w:eps=1", "adamw:beta1=0.9,beta2=0.999,eps=1.0,weight_decay=0.01"),
    ],
)
def test_a_spec_has_one_full_form(spec, full):
    assert optimizer.canonical(spec) == full
    assert optimizer.canonical(full) == full


@pytest.mark.parametrize("spec", SPECS)
def test_a_spec_and_its_full_form_are_the_function_called(spec):
    name, _, tail = spec.partition(":")
    values = dict(setting.split("=") for setting in tail.split(",") if setting)
    chosen = {k: v == "true" if k == "nesterov" else float(v) for k, v in values.items()}
    params = mlp.init((3, 2), seed=0)
    grads, rate = tree.map(torch.ones_like, params), torch.tensor(0.1)
    called = {"sgd": sgd, "adam": adam, "adamw": adamw}[name](**chosen)
    want = called.update(grads, called.init(params), params, rate)
    for text in (spec, optimizer.canonical(spec)):
        ours = optimizer.named(text)
        got = ours.update(grads, ours.init(params), params, rate)
        for one, other in zip(tree.leaves(got), tree.leaves(want), strict=True):
            assert torch.equal(one, other)


def test_every_optimiser_has_a_spec_for_every_setting():
    assert optimizer.OPTIMIZERS.names() == ("sgd", "adam", "adamw")
    for name in optimizer.OPTIMIZERS.names():
        parameters = inspect.signature(getattr(optimizer, name)).parameters
        written = ",".join(f"{key}={p.default!r}" for key, p in parameters.items())
        assert optimizer.canonical(name) == f"{name}:{written}"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("sgd:momentum=1", r"momentum must be at least 0 and below 1, got 1\.0"),
        ("sgd:momentum=-0.1", "momentum must be at least 0 and below 1, got -0.1"),
        ("sgd:momentum=nan", "'momentum' of 'sgd:momentum=nan' must be a finite number, got 'nan'"),
        ("sgd:momentum=", "must be a finite number, got ''"),
        ("sgd:momentum", "must be a finite number, got ''"),
        ("sgd:weight_decay=-1", r"weight_decay must be .* 0 or more, got -1\.0"),
        ("sgd:weight_decay=inf", "must be a finite number, got 'inf'"),
        ("sgd:nesterov=1", "'nesterov' of .* must be true or false, got '1'"),
        ("sgd:nesterov=true,momentum=0", "nesterov needs a momentum above 0"),
        ("adam:beta1=1", "beta1 must be at least 0 and below 1"),
        ("adamw:beta2=-1e-9", "beta2 must be at least 0 and below 1"),
        ("adam:eps=0", r"eps must be a number above 0 .*, got 0\.0"),
        ("adam:weight_decay=-1", "weight_decay must be"),
        ("adamw:weight_decay=-1", "weight_decay must be"),
        ("adam:momentum=0.9", "no setting named 'momentum' in .*; accepted: beta1=0.9, beta2"),
        ("sgd:=1", "no setting named ''"),
        ("sgd:momentum=0.1,momentum=0.2", "'momentum' stands twice"),
    ],
)
def test_what_is_not_accepted_is_told(spec, said):
    for lookup in (optimizer.named, optimizer.canonical):
        with pytest.raises(UsageError, match=said):
            lookup(spec)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1, 1.5])
def test_a_function_called_with_what_is_not_accepted_says_so(value):
    for function, name in ((sgd, "momentum"), (adam, "beta1"), (adamw, "beta2")):
        with pytest.raises(UsageError, match=f"{name} must be"):
            function(**{name: value})


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match=r"no optimizer named 'adm'\. Did you mean") as error:
        optimizer.named("adm:eps=1")
    assert "adam" in error.value.message
    assert error.value.hint == "accepted: sgd, adam, adamw"


@settings(deadline=None, max_examples=200)
@given(
    st.text()
    | st.builds("sgd:{}={}".format, st.sampled_from(["momentum", "nesterov"]), st.text())
    | st.builds("adam:eps={},beta1={}".format, st.floats(width=16), st.floats(width=16))
    | st.text(alphabet="sgdam:=,.0123e-")
)
def test_any_text_is_an_optimiser_or_our_own_error(text):
    with contextlib.suppress(ActfuncError):
        assert isinstance(optimizer.named(text), Optimizer)
        assert optimizer.canonical(optimizer.canonical(text)) == optimizer.canonical(text)
