"""A certificate of another device: its arithmetic there, the truth here, and it says where."""

from __future__ import annotations

import pytest
import torch

from actfunc import get
from actfunc.certify import certify
from actfunc.certify.audited import audited, elsewhere
from actfunc.cli import run

CPU = torch.device("cpu")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_where_the_arithmetic_is_the_same_so_is_what_is_found(dtype):
    record = get("gelu")
    here, there = (
        {one.order: one for one in certify(each, dtypes=[dtype]).checks}
        for each in (record, elsewhere(record, CPU))
    )
    for order, one in there.items():
        assert one.held
        assert one.bound == here[order].bound
        if dtype == torch.bfloat16:
            assert one == here[order]


def test_it_says_where_and_sees_what_is_wrong_there(monkeypatch):
    """A device that is there in name only, with an exponential of its own."""
    record = get("sigmoid")
    monkeypatch.setattr("actfunc.certify.audited.describe", lambda device: "cuda, a GPU")
    there = elsewhere(record, CPU)
    assert certify(there, dtypes=[torch.float16]).device == "cuda, a GPU"
    right = there.f

    def worse(x, **params):
        y = right(x, **params)
        return y if x.dtype == torch.float64 else y + 8 * torch.finfo(y.dtype).eps * y

    object.__setattr__(there, "f", worse)
    for dtype in (torch.float32, torch.float16):
        value, slope, _ = certify(there, dtypes=[dtype]).checks
        assert not value.held
        assert slope.held


def test_somebody_elses_function_is_judged_there_by_what_it_is_judged_by_here():
    given = audited("mine", torch.tanh, get("tanh"))
    there = elsewhere(given, CPU)
    assert there.judge is given.judge
    x = torch.linspace(-3, 3, 7)
    assert torch.equal(there.f(x), torch.tanh(x))
    assert torch.equal(there.df(x), given.df(x))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["gelu", "--compiled"], "--compiled is judged on a CPU"),
        (["softmax"], "--device is for elementwise functions"),
    ],
)
def test_what_is_judged_on_a_cpu_alone_is_refused_elsewhere(monkeypatch, capsys, more, said):
    monkeypatch.setattr("actfunc.cli.certify.resolve_device", lambda name: torch.device("cuda", 0))
    assert run(["certify", *more, "--device", "cuda"]) == 2
    assert said in capsys.readouterr().err


def test_the_command_judges_where_it_is_told_to(monkeypatch, capsys):
    """On torch's `meta` device nothing can be computed, and that is what is found."""
    monkeypatch.setattr("actfunc.cli.certify.resolve_device", lambda name: torch.device("meta"))
    assert run(["certify", "relu", "--dtype", "float16", "--device", "cuda"]) == 1
    assert "NOT HELD" in capsys.readouterr().out
