"""Anyone's function under a record's formula: what is wrong with it is found, in its own dtype."""

from __future__ import annotations

import json

import pytest
import torch

import actfunc
from actfunc.certify import certify
from actfunc.certify.audited import audited, backward
from actfunc.certify.check import BOUNDS, ORDERS, Point
from actfunc.certify.grids import branch_points
from actfunc.certify.peers import audit, peer
from actfunc.cli import run
from actfunc.formulas.formula import parse
from actfunc.show.audit import audit_markdown
from tests.records import each

pytestmark = pytest.mark.usefixtures("one_thread")
CATALOGUE = tuple(actfunc.CATALOGUE.values())
PEERS = [record for record in CATALOGUE if peer(record) is not None]


@each(CATALOGUE, ("gelu", "elu", "signed_sqrt", "exponential"))
def test_a_record_passes_as_itself_by_its_own_formula(record):
    """Lifted, called as a stranger's function, differentiated by plain backward: still right."""
    found = certify(audited("again", record, record), dtypes=(torch.float64,))
    assert [one for one in found.checks if not one.held] == []
    assert found.routes == ()
    assert found.parameters == ()


@each(CATALOGUE, ("gelu", "elu"))
def test_the_wrong_judge_says_no(record):
    other = actfunc.get("gelu" if record.name != "gelu" else "silu")
    assert not certify(audited("impostor", record, other), dtypes=(torch.float32,)).held


def test_a_16_bit_function_is_given_16_bits_and_only_those():
    """A kernel that knows bfloat16 alone is judged in bfloat16 alone."""
    gelu = actfunc.get("gelu")

    def kernel(x):
        assert x.dtype == torch.bfloat16
        return gelu(x)

    found = certify(audited("kernel", kernel, gelu), dtypes=(torch.bfloat16,))
    assert all(one.held for one in found.checks)

    def rounding_twice(x):
        assert x.dtype == torch.bfloat16
        return x * torch.special.ndtr(x.float()).bfloat16()

    found = certify(audited("kernel", rounding_twice, gelu), dtypes=(torch.bfloat16,))
    value = found.checks[0]
    assert not value.held
    assert value.beyond > 100
    assert value.points == 2 * 0x7F80
    assert value.worst.ulp > 250  # beyond -8 the distribution's value is lost


def test_without_a_record_the_formula_judges_every_16_bit_input():
    def squared(x):  # the branch not taken would be infinite at infinity, and its slope NaN
        return torch.where(x > 1, 1.0, x) ** 2

    text = "x if x > 1 else x**2"
    own = audited("own", lambda x: torch.where(x > 1, x, squared(x)), formula=text)
    assert own.joint_points == pytest.approx((1.0,), abs=1e-15)
    assert certify(own, dtypes=(torch.float16,)).held
    wrong = audited("own", lambda x: torch.where(x >= 1, x, squared(x)), formula=text)
    first = certify(wrong, dtypes=(torch.float16,)).checks[1]
    assert first.beyond == 1
    assert first.worst.x == 1


def test_a_derivative_that_is_claimed_is_judged():
    def silu(x):
        return x * torch.sigmoid(x)

    def claimed(x):  # right in exact arithmetic
        s = torch.sigmoid(x)
        return s + silu(x) * (1 - s)

    record = actfunc.get("silu")
    float32 = (torch.float32,)
    found = certify(audited("own", silu, record, claimed), dtypes=float32)
    assert not found.checks[1].held
    assert certify(audited("own", silu, record, record.df), dtypes=float32).checks[1].held


def test_backward_is_a_derivative_of_any_order_and_of_constants():
    x = torch.linspace(-2, 2, 9, dtype=torch.float64)
    cube = backward(backward(lambda x: x**3))
    torch.testing.assert_close(cube(x), 6 * x)
    assert torch.equal(backward(torch.ones_like)(x), torch.zeros_like(x))


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("x if x > 0.5 else 0", (0.5,)),
        ("max(x, -1) + min(x, 3)", (-1, 3)),
        ("abs(x - 2)", (2,)),
        ("1 if -1 < x <= 1 else sign(x)", (-1, 0, 1)),
        ("tanh(x)", ()),
    ],
)
def test_a_formula_tells_where_its_branches_meet(text, points):
    found = branch_points(parse(text))
    for point in points:
        assert min(abs(at - point) for at in found) < 1e-12
    for at in found:
        assert min(abs(at - point) for point in points) < 1e-12


# Torch's own


def test_torch_has_a_good_part_of_the_catalogue():
    assert len(PEERS) >= 25


@each(PEERS)
def test_the_audit_measures_torchs_own_function(record):
    """In plain units a point is never better than in those that forgive the input's rounding."""
    for dtype in (torch.float64, torch.float32):
        for order, one in enumerate(audit(record, dtype)):
            assert one.held == (one.worst.ulp <= BOUNDS[order])
            assert one.plain >= one.worst.ulp


def test_a_second_derivative_that_torch_has_not_is_nan_and_does_not_hold():
    """Of a function in pieces 0 would be right: that torch has none must show."""
    found = audited("rrelu", lambda x: WithoutSecond.apply(x), actfunc.get("relu"))
    x = torch.linspace(-2, 2, 8)
    assert found.df(x).tolist() == (x > 0).float().tolist()
    assert found.d2f(x).isnan().all()
    checks = certify(found, dtypes=(torch.float32,)).checks
    assert [one.held for one in checks] == [True, True, False]


class WithoutSecond(torch.autograd.Function):
    """relu, whose backward cannot be differentiated, as that of some of torch's kernels."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.relu()

    @staticmethod
    def backward(ctx, grad):
        return SlopeAlone.apply(grad, *ctx.saved_tensors)


class SlopeAlone(torch.autograd.Function):
    """The slope, and no more."""

    @staticmethod
    def forward(ctx, grad, x):
        return grad * (x > 0)

    @staticmethod
    def backward(ctx, *_):
        raise RuntimeError("derivative for aten::some_backward is not implemented")


def test_nans_of_torchs_function_are_counted_order_by_order(monkeypatch):
    def ill(x):  # a value everywhere, no slope beyond 3 and no curvature beyond 2
        d = (x - x.detach()).square()
        return torch.tanh(x) + (d.sqrt() * (x > 3)).nan_to_num(0.0)

    monkeypatch.setattr("actfunc.certify.peers.peer", lambda _: ("torch.ill", ill))
    value, first, second = audit(actfunc.get("tanh"), torch.float32)
    assert value.nans == 0
    assert 0 < first.nans <= second.nans
    assert not first.held


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "gelu", "silu", "mish", "softplus"])
def test_torchs_second_derivatives_lose_every_digit(name):
    """The reason why this package exists; when it fails one day, torch has got better."""
    for dtype in (torch.float64, torch.float32):
        second = audit(actfunc.get(name), dtype)[2]
        assert second.plain > 0.1 / torch.finfo(dtype).eps
        assert second.worst.ulp > 1e-3 / torch.finfo(dtype).eps


def test_a_zero_crossing_is_no_headline():
    """Between two numbers the slope of gelu is 0: there a plain unit says 1e8 of anybody's."""
    slope = audit(actfunc.get("gelu"), torch.float32)[1]
    assert not -0.76 < slope.worst.x < -0.74
    assert slope.worst.ulp > 1e5
    near = Point(-0.7518, 1e-9, 2e-9, 2.1)
    shown = slope._replace(worst=near, plain=1.2e8, held=True)
    assert "| 2.1 @ -0.752 (1.2e8) |" in audit_markdown([shown])
    assert "| 2.1 @ -0.752 |" in audit_markdown([shown._replace(plain=3.0)])


# The commands


def test_the_audit_command(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["audit", "gelu", "relu", "--markdown", "table.md", "--plot", "error.svg"]) == 0
    shown = capsys.readouterr().out
    assert "2 functions of torch" in shown
    assert "!" in shown
    table = (tmp_path / "table.md").read_text()
    assert table.startswith("| function |")
    assert "| `torch.nn.functional.gelu` | float32 | **!" in table
    assert (tmp_path / "error.svg").stat().st_size > 1000
    assert run(["audit", "gelu", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {one["order"] for one in document["functions"]} == set(ORDERS)
    assert document["torch"] == torch.__version__
    assert run(["audit", "mish", "squish", "--json"]) == 0
    assert run(["audit", "squish"]) == 2


def test_certify_takes_a_judge_and_a_derivative(capsys, tmp_path):
    own = tmp_path / "own.py"
    own.write_text(
        "import torch\n"
        "from torch import relu as good\n"
        "def slope(x):\n    return (x > 0).to(x.dtype)\n"
        "def wrong(x):\n    return (x >= 0).to(x.dtype)\n"
    )
    relu = [f"{own}:good", "--as", "relu", "--dtype", "float32", "--dtype", "float16"]
    assert run(["certify", *relu, "--derivative", f"{own}:slope"]) == 0
    capsys.readouterr()
    assert run(["certify", *relu, "--derivative", f"{own}:wrong", "--json"]) == 1
    checks = json.loads(capsys.readouterr().out)["certificates"][0]["checks"]
    assert [one["order"] for one in checks if not one["held"]] == ["first", "first"]
    assert {one["worst"]["x"] for one in checks if not one["held"]} == {0.0}
