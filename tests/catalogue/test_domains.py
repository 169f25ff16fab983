"""Parameters over their domains: what was off is right, nothing is NaN, what is outside is told."""

from __future__ import annotations

import math

import pytest
import torch

import actfunc
from actfunc import CATALOGUE, Activation
from actfunc.certify.check import BOUNDS
from actfunc.certify.oracle import truth
from actfunc.domain import interval
from actfunc.errors import UsageError
from actfunc.formulas.formula import parse
from actfunc.numerics.ulp import error
from tests.records import each

pytestmark = pytest.mark.usefixtures("one_thread")
FINE = {64: torch.float64, 32: torch.float32}
ORDERS = ("f", "df", "d2f")

# an input each at which a bound was exceeded, the true value there, and how far off it was
MENDED = [
    ("gelu", "df", 64, -1.421418514566962, -0.12889342568405945),  # 4.8
    ("softclip", "df", 32, -0.012153681367635727, 0.2304030336321659),  # 3.8, of 4
    ("elu:alpha=100", "df", 64, -734.3699897789334, 1.1672553e-317),  # 49
    ("elu:alpha=100", "d2f", 32, -102.36263275146484, 3.5032686520498773e-43),  # 50
    ("e_swish:beta=100", "f", 64, -719.4837876571492, -2.4500909940314495e-308),  # 43
    ("e_swish:beta=100", "df", 32, -96.46493530273438, -1.2180210206669088e-38),  # 72
    ("softplus:beta=0.001", "f", 64, -722693.2266288033, 1.3750534063237e-311),  # 1,420
    ("softplus:beta=0.001", "f", 32, -102353.8828125, 3.534056538566556e-42),  # 1,450
    ("silu:beta=0.001", "f", 64, -720796.8216978869, -6.602837759179065e-308),  # 230
    ("silu:beta=0.001", "f", 32, -98830.1953125, -1.1843530532613718e-38),  # 717
    ("celu:alpha=100", "f", 32, -1.7547689954584306e-38, -1.7547689954584306e-38),  # 25
    ("polu:n=64", "df", 32, -3.564589500427246, 8.811862712591788e-42),  # 7.2
    ("polu:n=64", "d2f", 32, -3.6984963417053223, 1.8612571950635627e-41),  # 94
    ("gompertz:b=100", "f", 64, -1.4018244259748748e-07, 3.720023827449001e-44),  # 135
    ("gompertz:b=100", "df", 32, 0.12356165051460266, 3.6712840923301087e-37),  # 14
    ("gompertz:b=100", "d2f", 64, -0.00010453890789743367, 3.6453393175598488e-40),  # 194
    ("gompertz:b=10000", "d2f", 32, -80.0, 0.0),  # NaN
    ("dyt:beta=-1", "f", 64, 40.203169739957225, -6.934501119098643e-18),  # 1e14
    ("dyt:beta=-1", "f", 32, 21.487581253051758, -9.313051998754211e-10),  # 5e5
    ("isrlu:alpha=10000", "f", 32, -1.6596294970752397e24, -0.01),  # 1e7
    ("squareplus:b=0.001", "df", 32, -1.9187158613931388e-05, 0.4996966244406087),  # 5.4
    ("lecun_tanh:b=0.3", "df", 32, 0.9665830731391907, 0.4738009852991191),  # 4.3
    ("aria2:alpha=10", "df", 64, -3.1013019736443107e-07, 0.0009765564427822627),  # 4.5
    ("softclip:alpha=0.001", "f", 32, -87268.640625, 1.2574589149378494e-38),  # 22
    # at parameters that a search has drawn, by climbing
    (
        "srs:alpha=967.9291381835938,beta=0.002590375719591975",
        "d2f",
        64,
        0.03022697675213506,
        -16536292.342051791,
    ),  # 8.6, of 8
    ("srs:alpha=1,beta=2.5", "d2f", 64, -1.46868940439675, -7.632577678513199),  # 10.6
    (
        "srs:alpha=2.0,beta=0.021960845217108727",
        "df",
        64,
        0.07081864039209777,
        29.727944692945176,
    ),  # 4.7
    (
        "erf_act:alpha=10000.0,beta=0.0006096171564422548",
        "df",
        64,
        -15868.537383007644,
        -3.9963058569074428,
    ),  # 5.0
    (
        "erf_act:alpha=3.682832717895508,beta=10000.0",
        "d2f",
        64,
        9.993038215795224e-06,
        -0.003559662535219256,
    ),  # 8.2
    (
        "aria2:alpha=53.295536041259766,beta=10000.0",
        "df",
        64,
        -7.424169984137478e-06,
        -1.2683212430209617e-17,
    ),  # 4.8
    ("snake:a=0.9077751636505127", "df", 64, 7.7913468124873795, 1.999964591450963),  # 4.1
    (
        "squareplus:b=1820.259765625",
        "f",
        64,
        -1.7911430551690536e308,
        2.5406398450027743e-306,
    ),  # 4.05
    (
        "isrlu:alpha=0.04094790667295456",
        "df",
        64,
        -2.6744334688224623e97,
        6.308949443389994e-291,
    ),  # 4.4
    (
        "tanh_soft_2:beta=0.00043987162644043565,gamma=32.08403015136719",
        "df",
        64,
        -0.06236709435883622,
        -5.953012178093827e-05,
    ),  # 4.1
    (
        "polu:n=0.36148494482040405",
        "df",
        64,
        -2.2800801886575743e216,
        9.772336936016868e-296,
    ),  # 4.05
]

# likewise the derivatives by a parameter, which autograd makes of f: of tanh as 1 - y², say
BY_PARAMETER = [
    ("pelu", {"a": 1.0, "b": 1e-3}, "b", 64, -0.0285, 1.1952269904349578e-08),
    ("lecun_tanh", {"a": 1.7159, "b": 1e-3}, "b", 64, -18500.0, 0.0),
    ("soft_exponential", {"alpha": 1e-6}, "alpha", 32, 6.0, 19.000072),
    ("softclip", {"alpha": 1e-6}, "alpha", 32, -1.0, -0.375),
    ("silu", {"beta": 1e-6}, "beta", 32, 2.6e7, 3453.7),
]
SIZES = (0.0, 1e-6, 1e-3, 0.3, 1.7, 100.0, 1e4, -1e-3, -1.7, -1e4)


@pytest.mark.parametrize(("spec", "sibling", "bits", "x", "true"), MENDED)
def test_what_was_off_is_right(spec, sibling, bits, x, true):
    record, order = actfunc.get(spec), ORDERS.index(sibling)
    at = torch.tensor([x], dtype=FINE[bits])
    wanted = truth(parse(record.formula, tuple(record.params)), at, record.params)
    assert wanted.hi[order].item() == true
    got = getattr(record, sibling)(at)
    off = error(got, wanted.hi[order], wanted.lo[order], wanted.hi[order + 1], at)
    assert off.item() <= BOUNDS[order]


@pytest.mark.parametrize(("name", "params", "by", "bits", "x", "true"), BY_PARAMETER)
def test_derivatives_by_a_parameter_that_cancelled(name, params, by, bits, x, true):
    record = actfunc.get(name)
    at = torch.tensor([x], dtype=FINE[bits])
    leaf = torch.tensor([params[by]], dtype=FINE[bits], requires_grad=True)
    (got,) = torch.autograd.grad(record(at, **{**params, by: leaf}).sum(), leaf)
    exact = {**params, by: leaf.item()}
    wanted = truth(parse(record.formula, tuple(params)), at, exact, wrt=by).hi[1].item()
    assert wanted == pytest.approx(true, rel=1e-4, abs=1e-7)
    assert got.item() == pytest.approx(wanted, rel=1e-4, abs=1e-7)


def test_a_slope_of_zero_has_a_limit():
    end = torch.tensor([-math.inf, -1.0])
    for record in (actfunc.get("leaky_relu:negative_slope=0"), actfunc.get("prelu:weight=0")):
        assert record.f(end).tolist() == [0, 0]
    assert actfunc.get("prelu").f(end, weight=torch.zeros(1)).tolist() == [0, 0]


def inside(record: Activation, name: str) -> list[float]:
    """Numbers small and large that a parameter may be, the ends that belong to it among them."""
    allowed = interval(record.domain.get(name, "(-inf, inf)"), record.params)
    found = [size for size in (*SIZES, allowed.low, allowed.high) if math.isfinite(size)]
    return [size for size in found if allowed.holds(size) and is_taken(record, name, size)]


def is_taken(record: Activation, name: str, size: float) -> bool:
    """Whether the other parameters allow it too."""
    try:
        record.bind(**{name: size})
    except UsageError:
        return False
    return True


def outside(record: Activation, name: str) -> list[float]:
    """A number at or beyond each end of what a parameter may be."""
    allowed = interval(record.domain[name], record.params)
    found = []
    if math.isfinite(allowed.low):
        found.append(allowed.low - 1 if allowed.with_low else allowed.low)
    if math.isfinite(allowed.high):
        found.append(allowed.high + 1 if allowed.with_high else allowed.high)
    return found


@each(record for record in CATALOGUE.values() if record.params)
def test_nothing_is_nan_over_the_domain(record):
    """Neither value nor derivatives, nor those by the parameter, which is one number at each x."""
    far = torch.tensor([1e-30, 1e-3, 1.0, 30.0, 1e3, 1e10, 1e18, 1e30])
    for dtype in FINE.values():
        x = torch.cat([-far, torch.zeros(1), far]).to(dtype)
        for name in record.params:
            for size in inside(record, name):
                bound = record.bind(**{name: size})
                assert not any(sibling(x).isnan().any() for sibling in (bound.f, bound.df))
                leaf = torch.full_like(x, size, requires_grad=True)
                y = record(x, **{name: leaf})
                assert not y.isnan().any(), size
                if y.requires_grad:
                    (slope,) = torch.autograd.grad(y.sum(), leaf, allow_unused=True)
                    assert slope is None or not slope.isnan().any(), size


@each(record for record in CATALOGUE.values() if record.domain)
def test_outside_the_domain_it_is_told(record):
    x = torch.ones(3)
    for name, text in record.domain.items():
        for wrong in outside(record, name):
            told = f"{record.name}: {name} must be in {text}, got {wrong:g}"
            for attempt in (
                lambda name=name, wrong=wrong: record(x, **{name: wrong}),
                lambda name=name, wrong=wrong: record.df(x, **{name: torch.tensor([wrong])}),
                lambda name=name, wrong=wrong: record.bind(**{name: wrong}),
                lambda name=name, wrong=wrong: actfunc.get(f"{record.name}:{name}={wrong!r}"),
            ):
                with pytest.raises(UsageError) as error:
                    attempt()
                assert str(error.value).startswith(told)


@pytest.mark.parametrize(
    "spec",
    [
        "squareplus:b=0", "smelu:beta=0", "celu:alpha=0", "celu:alpha=-1", "polu:n=100",
        "soft_exponential:alpha=0", "hardtanh:min_val=2", "rrelu:lower=0.5",
    ],
)  # fmt: skip
def test_settings_without_a_meaning_are_refused(spec):
    """They gave NaN, a ZeroDivisionError or nonsense."""
    with pytest.raises(UsageError, match="must be in"):
        actfunc.get(spec)
