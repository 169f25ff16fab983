"""Gates, waves and bells where they were once wrong: the inputs, what is true there, and how near.

Most lie between the points of a certificate's grid, or at parameters it does not try.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import pytest
import torch
from torch import Tensor
from torch.func import grad, vmap

import actfunc
from actfunc.certify.check import BOUNDS
from actfunc.certify.oracle import truth
from actfunc.certify.routes import run_compiled
from actfunc.errors import UsageError
from actfunc.formulas.formula import parse
from actfunc.numerics.ulp import error

pytestmark = pytest.mark.usefixtures("one_thread")
DOUBLE, SINGLE = torch.float64, torch.float32


class Figure(NamedTuple):
    """What a function (order 0) or its derivative truly is at a point of a dtype."""

    spec: str
    dtype: torch.dtype
    order: int
    x: float
    true: float

    def __str__(self) -> str:
        return f"{self.spec} {self.order} {self.x!r}"


FIGURES = (
    Figure("sinlu", DOUBLE, 1, -1.98249286509, -0.2358330907233723),
    Figure("erf_act", DOUBLE, 0, -953.45, -2.229764094441364e-308),
    Figure("calu", DOUBLE, 1, -1.45e81, 6.96073117517549e-245),
    Figure("logish", DOUBLE, 1, -2.5197605, -0.08982123063652837),
    Figure("gish", DOUBLE, 1, -2.3951090056807742, -0.09980313182418135),
    Figure("gish", SINGLE, 1, -2.3992347717285156, -0.09980442453648067),
    Figure("colu", SINGLE, 1, -0.0014634702820330858, 0.9989193801332579),
    Figure("cauchy", DOUBLE, 1, 0.5762966697879226, -0.6495174285860635),
    Figure("elish", DOUBLE, 1, -1.7, -0.07852796987968147),
    Figure("dsu", SINGLE, 0, 1.199999978106707e-38, 1.199999978106707e-38),
    Figure("dsu", SINGLE, 0, 2.0000000102211272e-38, 2.0000000102211272e-38),
    Figure("smish:beta=0.1", DOUBLE, 2, -4.228398782715637, 0.03119649435171666),
    Figure("smish:beta=100.0", SINGLE, 2, -0.004212882835417986, 31.196619405806413),
    Figure("smish:alpha=10000.0", SINGLE, 0, -95.0, -5.245028163177106e-36),
    Figure("tanh_soft_2:beta=10.0", SINGLE, 0, 50.0, 50.0),
    Figure("tanh_soft_2:beta=10.0", SINGLE, 1, 50.0, 1.0),
    Figure("tanh_soft_2:beta=10.0", SINGLE, 2, 50.0, -0.0),
    Figure("tanh_soft_2:beta=10000.0", SINGLE, 1, -95.0, -5.189817340406821e-36),
    Figure("erf_act:alpha=3.0", DOUBLE, 0, -953.45, -8.919056377765455e-308),
    Figure("erf_act:alpha=3.0", SINGLE, 0, -120.0, -3.328543130338272e-37),
    Figure("erf_act:alpha=0.001,beta=0.001", SINGLE, 1, 6691.7958984375, 3.92412394048379),
    Figure("srs", DOUBLE, 2, -2.349514795554628, 0.7651129996248034),
    Figure("srs", SINGLE, 2, 50.0, -5.789047174204097e-10),
    Figure("srs:alpha=1.0,beta=1.0", DOUBLE, 2, 4e-115, -1.2e-114),
    Figure("sinlu:a=-1.0,b=1.0", DOUBLE, 1, 0.0037099999999997504, 3.449531831521668e-06),
    Figure("sinlu:a=2.75,b=2.75", DOUBLE, 1, -9.5, -0.0004989560077222922),
    Figure("sinlu:a=100.0,b=100.0", SINGLE, 2, -95.0, -8.594086861552683e-37),
)


def errors(spec: str, order: int, x: Tensor, got: Tensor) -> Tensor:
    """How far off each number is, in the measure of a certificate."""
    record = actfunc.get(spec)
    true = truth(parse(record.formula, tuple(record.params)), x, record.params)
    assert true.known.all()
    return error(got, true.hi[order], true.lo[order], true.hi[order + 1], x)


def sibling(spec: str, order: int, x: Tensor) -> Tensor:
    record = actfunc.get(spec)
    return (record.f, record.df, record.d2f)[order](x)


@pytest.mark.parametrize("figure", FIGURES, ids=str)
def test_it_is_right_where_it_once_was_not(figure):
    spec, dtype, order, at, wanted = figure
    record, x = actfunc.get(spec), torch.tensor([at], dtype=dtype)
    assert x.item() == at
    true = truth(parse(record.formula, tuple(record.params)), x, record.params)
    assert true.hi[order].item() == wanted
    assert errors(spec, order, x, sibling(spec, order, x)) <= BOUNDS[order]


@pytest.mark.parametrize("figure", FIGURES[:9], ids=str)
def test_there_is_air_around_a_point_that_was_beyond_its_bound(figure):
    """Between zeros of the next derivative nothing is forgiven for the rounding of the input."""
    spec, dtype, order, at, _ = figure
    spots = at * (1 + 1e-3 * torch.sin(torch.arange(1500, dtype=DOUBLE)))
    x = spots.to(dtype).unique()
    assert errors(spec, order, x, sibling(spec, order, x)).max() < 0.9 * BOUNDS[order]


@pytest.mark.parametrize("spec", ["tanh_soft_2:beta=10.0", "srs", "erf_act:alpha=3.0"])
def test_a_value_far_out_is_no_nan_for_its_derivatives(spec):
    """A NaN of a derivative was one of the value, through the lift."""
    record = actfunc.get(spec)
    for dtype in (DOUBLE, SINGLE):
        x = torch.tensor([50.0, -50.0, 1e30, -1e30], dtype=dtype)
        for function in (record, vmap(grad(record)), vmap(grad(grad(record)))):
            assert not function(x).isnan().any()
    assert actfunc.get("tanh_soft_2")(torch.tensor(50.0), beta=10.0) == 50


def test_derivatives_vanish_together_and_keep_their_digits():
    """SinLU where its wave just touches, in (a, b) and next to it: float64 alone is not enough."""
    x = torch.linspace(-12, 12, 1201, dtype=DOUBLE) + 0.00371
    for a, b in ((2.75, 2.75), (1.0, 1.0), (4.0, 0.25), (-1.0, 1.0), (1.0001, 1.0), (100.0, 0.3)):
        spec = f"sinlu:a={a},b={b}"
        for order in range(3):
            assert errors(spec, order, x, sibling(spec, order, x)).max() < BOUNDS[order]


DOMAINS = {
    "smish": {"alpha": (1e-6, 1e4), "beta": (1e-6, 1e4)},
    "sinlu": {"a": (-30.0, 1e-6, 1e3), "b": (-30.0, 0.0, 1e3)},
    "srs": {"alpha": (1.2, 1e4), "beta": (1e-6, 3.0)},
    "tanh_soft_2": {"beta": (1e-6, 1e4), "gamma": (1e-6, 1e4)},
    "erf_act": {"alpha": (1e-6, 1e4), "beta": (1e-6, 1e4)},
    "sin": {"omega": (-30.0, 0.0, 1e-6, 1e4)},
    "snake": {"a": (1e-6, 0.1, 1e4)},
}


@pytest.mark.parametrize("name", DOMAINS)
@pytest.mark.parametrize("dtype", [DOUBLE, SINGLE], ids=["float64", "float32"])
def test_it_holds_over_the_domain(name, dtype):
    """Points spread by the parameters' own scale, and over all exponents."""
    record, given = actfunc.get(name), DOMAINS[name]
    formula = parse(record.formula, tuple(record.params))
    settings = [{}]
    for key, values in given.items():
        settings = [{**one, key: value} for one in settings for value in values]
    for params in settings:
        wide = torch.logspace(-30, 30, 61, dtype=DOUBLE)
        near = torch.linspace(-9.0, 9.0, 101, dtype=DOUBLE)
        scales = [1 / abs(value) for value in params.values() if value]
        x = torch.cat([wide, -wide, near, *(near * scale for scale in scales)]).to(dtype).unique()
        true = truth(formula, x, params)
        tensors = {key: torch.tensor([value], dtype=DOUBLE) for key, value in params.items()}
        for order, function in enumerate((record.f, record.df, record.d2f)):
            got = function(x, **params)
            off = error(got, true.hi[order], true.lo[order], true.hi[order + 1], x)
            assert off[true.known].max() <= BOUNDS[order], (params, order)
            assert not function(x, **tensors).isnan().any()


@pytest.mark.parametrize("name", DOMAINS)
def test_the_slope_by_a_parameter_is_a_number_everywhere(name):
    record = actfunc.get(name)
    for dtype in (DOUBLE, SINGLE):
        far = torch.finfo(dtype).max / 8
        x = torch.tensor([-far, -1e3, -90.0, -1.0, 0.0, 1.0, 90.0, 1e3, far], dtype=dtype)
        for key, values in DOMAINS[name].items():
            for value in values:
                leaf = torch.full_like(x, value).requires_grad_()
                for function in (record.f, record.df, record.d2f):
                    (slope,) = torch.autograd.grad(function(x, **{key: leaf}).sum(), leaf)
                    assert not slope.isnan().any(), (key, value)


def test_a_slope_by_a_parameter_has_digits_where_the_gate_is_nearly_open():
    """1 - tanh² has none: torch's own derivative of tanh was 3e-9 beside 8e-7 here."""
    beta = torch.tensor([1e-6], dtype=DOUBLE, requires_grad=True)
    x = torch.tensor([6.052657932713654], dtype=DOUBLE)
    y = actfunc.get("tanh_soft_2")(x, beta=beta, gamma=2.75)
    (slope,) = torch.autograd.grad(y.sum(), beta)
    assert slope.item() == pytest.approx(8.02476690133777e-07, rel=1e-9)


@pytest.mark.parametrize(
    "spec",
    [
        "smish:alpha=0.0",
        "smish:beta=-1.0",
        "srs:alpha=1.0,beta=2.6",
        "srs:alpha=1.0,beta=2.718281828459045",
        "srs:alpha=-2.0",
        "tanh_soft_2:gamma=0.0",
        "erf_act:alpha=0.0",
        "snake:a=0.0",
    ],
)
def test_what_is_outside_the_domain_is_told(spec):
    with pytest.raises(UsageError, match="must be in"):
        actfunc.get(spec)


def operations(record: actfunc.Activation) -> set[str]:
    """Which operations a compiler gets to see of a function in float32 with its slope."""
    seen = []

    def look(graph: torch.fx.GraphModule, _: list[Tensor]) -> torch.fx.GraphModule:
        seen.extend(str(node.target) for node in graph.graph.nodes)
        return graph

    torch.compile(lambda x: record(x), backend=look, fullgraph=True)(torch.ones(3))
    return {name.rpartition(".")[2].strip("<>").split(" at ")[0] for name in seen}


def test_no_compiler_gets_to_see_a_float32_erf():
    """On a CPU its own has no digits next to 0 (pytorch #198183)."""
    assert not any("erf" in name and "erfc" not in name for name in operations(actfunc.get("erf")))


@pytest.mark.full
@pytest.mark.parametrize("name", ["erf", "serf", "erf_act", "silu"])
def test_compiled_it_is_within_its_bounds(name):
    record, far = actfunc.get(name), torch.logspace(-37, 1, 3001, dtype=DOUBLE)
    near = torch.linspace(-12, 12, 20001, dtype=DOUBLE)
    x = torch.cat([near, far, -far, torch.tensor([1e-7, -2.4050045013427734])]).to(SINGLE)
    got = run_compiled(lambda x: (record(x), vmap(grad(record))(x)), x)
    for order in (0, 1):
        assert errors(name, order, x, got[order]).max() < 0.9 * BOUNDS[order]
    if name == "erf":
        assert got[0][-2].item() == pytest.approx(1.1283791670955126e-07, rel=2e-7)


@pytest.mark.parametrize(("name", "sign"), [("ssu", 1), ("dsu", 1), ("dsu", -1)])
def test_where_a_slope_is_zero_at_pi_it_has_its_digits(name, sign):
    """Most of what the measure of a certificate forgives there, as π lies between two floats."""
    record = actfunc.get(name)
    x = sign * torch.tensor([math.pi, math.nextafter(math.pi, 4), 3.1415], dtype=torch.float64)
    wanted = truth(parse(record.formula), x).hi
    torch.testing.assert_close(record.df(x), wanted[1], rtol=1e-14, atol=0)
