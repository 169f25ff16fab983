"""The record and the lift: what torch differentiates is df and d2f."""

from __future__ import annotations

import contextlib
import copy
import itertools
import math
import pickle
from dataclasses import replace
from functools import partial

import pytest
import torch
import torch.autograd.forward_ad as forward_ad
from torch import Tensor
from torch._subclasses import FakeTensorMode
from torch.func import grad, hessian, jacfwd, jacrev, jvp, vmap
from torch.fx.experimental.proxy_tensor import make_fx
from torch.nn import functional as F

import actfunc
from actfunc import CATALOGUE, Activation, get, lift
from actfunc.catalogue import FAMILIES, PAIRS, find
from actfunc.certify.peers import peer
from actfunc.errors import UsageError
from actfunc.lifting import SIXTEEN_BIT
from tests.compiling import inductor
from tests.records import each
from tests.reference import assert_same

pytestmark = pytest.mark.usefixtures("one_thread")

# every record as its source has it, and once more with each parameter moved
RECORDS = [
    *CATALOGUE.values(),
    *(r.bind(**{k: 1.5 * v for k, v in r.params.items()}) for r in CATALOGUE.values() if r.params),
]
catalogue = each(RECORDS)
DTYPES = [torch.float64, torch.float32, *SIXTEEN_BIT]
dtypes = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: str(dtype)[6:])


def points(record: Activation, dtype: torch.dtype) -> Tensor:
    """Joints and their neighbours, the middle, the tails, the largest and smallest numbers."""
    joints = torch.tensor([0.0, *record.joint_points], dtype=dtype)
    ends = torch.tensor([-math.inf, math.inf], dtype=dtype)
    limits = torch.finfo(dtype)
    far = torch.tensor(
        [limits.tiny, limits.eps, 20, 88, 104, 710, 6e4, limits.max], dtype=torch.float64
    )
    return torch.cat(
        [
            joints,
            *(torch.nextafter(joints, end) for end in ends),
            torch.linspace(-30, 30, 241, dtype=torch.float64).to(dtype),
            far.to(dtype),
            -far.to(dtype),
        ]
    )


def backward(f, x: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    return torch.autograd.grad(f(x), x, torch.ones_like(x))[0]


def backward_twice(f, x: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(f(x), x, torch.ones_like(x), create_graph=True)
    return torch.autograd.grad(slope, x, torch.ones_like(x))[0]


def forward(f, x: Tensor) -> Tensor:
    return jvp(f, (x,), (torch.ones_like(x),))[1]


def by_forward_mode(f, x: Tensor) -> Tensor:
    """The value, where it comes with a derivative: the other form of the lift."""
    return jvp(f, (x,), (torch.ones_like(x),))[0]


FIRST = {
    "backward": backward,
    "vmap(grad)": lambda f, x: vmap(grad(f))(x),
    "jvp": forward,
    "vmap(jacfwd)": lambda f, x: vmap(jacfwd(f))(x),
    "vmap(jacrev)": lambda f, x: vmap(jacrev(f))(x),
    "grad of a sum": lambda f, x: grad(lambda x: f(x).sum())(x),
}
SECOND = {
    "backward twice": backward_twice,
    "vmap(grad(grad))": lambda f, x: vmap(grad(grad(f)))(x),
    "vmap(hessian)": lambda f, x: vmap(hessian(f))(x),
    "jvp(jvp)": lambda f, x: forward(lambda x: forward(f, x), x),
    "jvp(backward)": lambda f, x: forward(grad(lambda x: f(x).sum()), x),
    "backward(jvp)": lambda f, x: backward(lambda x: forward(f, x), x),
    "vmap(jacfwd(jacfwd))": lambda f, x: vmap(jacfwd(jacfwd(f)))(x),
    "vmap(jacfwd(jacrev))": lambda f, x: vmap(jacfwd(jacrev(f)))(x),
    "vmap(jacrev(jacfwd))": lambda f, x: vmap(jacrev(jacfwd(f)))(x),
    "vmap(jacrev(jacrev))": lambda f, x: vmap(jacrev(jacrev(f)))(x),
}


@dtypes
@catalogue
def test_the_value_is_f(record, dtype):
    x = points(record, dtype)
    if None not in record.asymptotes:  # a sine has no value at infinity, and NaN is what it says
        x = torch.cat([x, torch.tensor([math.inf, -math.inf], dtype=dtype)])
    x, value = torch.cat([x, -torch.zeros(1, dtype=dtype)]), record.f
    for order, route in itertools.product((1, 2, 3), (lambda f, x: f(x), by_forward_mode)):
        got = route(partial(record, order=order), x)
        assert_same(got, value(x), x)
        assert torch.equal(got.signbit(), value(x).signbit())
    assert not record(x).isnan().any()


@catalogue
def test_every_route_to_the_slope_gives_df(record):
    for dtype in (torch.float64, torch.float32, torch.float16):
        x = points(record, dtype)
        want = record.df(x)
        for (name, route), order in itertools.product(FIRST.items(), (1, 2)):
            got = route(lambda x, order=order: record(x, order=order), x)
            assert_same(got, want, x, what=f"{name}, {dtype}, order {order}:")


@catalogue
def test_every_route_to_the_curvature_gives_d2f(record):
    for dtype in (torch.float64, torch.float32, torch.float16):
        x = points(record, dtype)
        want = record.d2f(x)
        for name, route in SECOND.items():
            assert_same(route(record, x), want, x, flush=True, what=f"{name}, {dtype}:")


@each(RECORDS, ("gelu", "elu", "tanh_exp"))
def test_above_the_orders_supplied_every_derivative_is_nan_and_never_a_silent_zero(record):
    x = points(record, torch.float64)
    once = partial(record, order=1)
    for name, route in SECOND.items():
        assert route(once, x).isnan().all(), name
    for transform in (grad, jacfwd, jacrev):
        assert vmap(transform(hessian(record)))(x).isnan().all()
        assert vmap(grad(transform(transform(record))))(x).isnan().all()
    thrice = grad(grad(grad(partial(record, order=3))))
    assert vmap(grad(thrice))(x).isnan().all()
    assert vmap(jacfwd(grad(jacfwd(jacfwd(partial(record, order=3))))))(x).isnan().all()
    assert vmap(grad(jacfwd(hessian(once))))(x).isnan().all()


@each(record for record in RECORDS if None not in record.asymptotes)
def test_infinite_inputs_give_the_derivatives_of_the_siblings(record):
    for dtype in DTYPES:
        ends = torch.tensor([-math.inf, math.inf, 1.0], dtype=dtype)
        for sibling in (record.f, record.df, record.d2f):
            assert not sibling(ends).isnan().any()
        for name, route in FIRST.items():
            assert_same(route(record, ends), record.df(ends), ends, what=name)
        for name, route in SECOND.items():
            got, want = route(record, ends), record.d2f(ends)
            if name in ("jvp(jvp)", "vmap(jacfwd(jacfwd))"):
                # infinity times a tangent of zero: NaN, and never a number
                got = torch.where(got.isnan() & ends.isinf() & (want != 0), want, got)
            assert_same(got, want, ends, what=name)


@dtypes
@catalogue
def test_nan_stays_nan_and_so_do_its_derivatives(record, dtype):
    nan = torch.tensor([math.nan, 1.0], dtype=dtype)
    for order in (1, 2, 3):
        assert record(nan, order=order)[0].isnan()
    for function in (record.f, record.df, record.d2f, record.d3f):
        assert function(nan)[0].isnan()
        assert function(nan)[1].isfinite()
    for name, route in (FIRST | SECOND).items():
        found = route(record, nan)
        assert found[0].isnan(), name
        assert found[1].isfinite(), name


def counted(record: Activation) -> tuple[Activation, list[str]]:
    """The record, and the names of its siblings as they are called."""
    called: list[str] = []

    def counting(name: str):
        def sibling(x: Tensor, **params: float | Tensor) -> Tensor:
            called.append(name)
            return getattr(record, name)(x, **params)

        return sibling

    siblings = {name: counting(name) for name in ("f", "df", "d2f")}
    counting_record = replace(record, **siblings)
    called.clear()  # a record looks at its siblings once, when it is made
    return counting_record, called


def test_nothing_is_computed_that_is_not_asked_for():
    gelu, called = counted(CATALOGUE["gelu"])
    x = torch.linspace(-2, 2, 5)
    for mode in (torch.no_grad(), torch.inference_mode(), contextlib.nullcontext()):
        with mode:
            gelu(x)
        assert called == ["f"]
        called.clear()
    leaf = x.clone().requires_grad_()
    y = gelu(leaf)
    assert called == ["f"]
    y.sum().backward()
    assert called == ["f", "df"]
    called.clear()
    vmap(grad(gelu))(x)
    assert called == ["f", "df"]
    called.clear()
    backward_twice(gelu, x)
    assert called == ["f", "df", "d2f"]


@pytest.mark.parametrize("dtype", SIXTEEN_BIT)
def test_in_16_bits_gradient_times_slope_is_rounded_once(dtype):
    gelu, x = get("gelu"), torch.linspace(-2, 2, 999, dtype=dtype)
    gradient = torch.linspace(0.3, 3.1, 999, dtype=dtype)
    leaf = x.clone().requires_grad_()
    gelu(leaf).backward(gradient)
    assert_same(leaf.grad, (gradient.float() * gelu.df(x.float())).to(dtype))


@pytest.mark.parametrize("mode", [lambda f: lambda x: jvp(f, (x,), (torch.ones_like(x),))[1], grad])
def test_compiled_too_a_derivative_above_those_supplied_is_nan(mode):
    """Forward mode over reverse mode, and reverse over reverse."""
    once = grad(partial(get("tanh"), order=1))
    twice = vmap(mode(once))
    assert torch.compile(twice, fullgraph=True, backend=inductor)(torch.ones(3)).isnan().all()


def test_the_input_alone_is_saved():
    saved: list[Tensor] = []
    x = torch.linspace(-2, 2, 5, dtype=torch.bfloat16).requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t) or t, lambda t: t):
        CATALOGUE["gelu"](x)
    assert [each.data_ptr() for each in saved] == [x.data_ptr()]


def test_a_derivative_that_is_nan_leaves_the_value_and_the_others_alone():
    """REVIEW's kind: a NaN of d2f came out as the value."""
    hole = torch.tensor(1.0)

    def holed(function):
        return lambda x: torch.where(x == hole, torch.nan, function(x))

    x = torch.tensor([0.5, 1.0, 2.0])
    tanh = CATALOGUE["tanh"]
    bent = replace(tanh, d2f=holed(tanh.d2f), formula="")
    for route in FIRST.values():
        assert_same(route(bent, x), tanh.df(x), x)
    for name, route in SECOND.items():
        assert_same(route(bent, x), bent.d2f(x), x, what=name)
    steep = replace(tanh, df=holed(tanh.df), formula="")
    for route in (lambda f, x: f(x), by_forward_mode):
        assert_same(route(steep, x), tanh.f(x), x)
    for name, route in FIRST.items():
        assert_same(route(steep, x), steep.df(x), x, what=name)


WAVES = ["sinlu", "snake", "cosid", "gcu", "minsin"]


@pytest.mark.parametrize("name", WAVES)
def test_a_slope_that_is_nan_at_infinity_takes_no_value_along_when_compiled(name):
    record, x = get(name), torch.tensor([-torch.inf, 1.0, torch.inf, -2.0])

    def both(x: Tensor) -> tuple[Tensor, Tensor]:
        y, pull, *_ = torch.func.vjp(record, x)
        return y, pull(torch.ones_like(y))[0]

    assert record.df(x).isnan().any()
    value, slope = torch.compile(both, fullgraph=True, backend="eager")(x)
    assert_same(value, record.f(x), x)
    assert_same(slope, record.df(x), x)


def test_functionalize_and_tracing_go_through():
    gelu, x = CATALOGUE["gelu"], torch.linspace(-2, 2, 5)
    assert_same(torch.func.functionalize(vmap(grad(gelu)))(x), gelu.df(x))
    traced = make_fx(vmap(grad(gelu)))(x)
    assert_same(traced(x.flip(0)), gelu.df(x).flip(0))


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning", "ignore:`torch.jit.trace")
@pytest.mark.parametrize("tracer", ["fx", "jit"])
@pytest.mark.parametrize("name", ["gelu", "silu", "mish"])
def test_what_was_traced_at_usual_numbers_is_right_at_others(name, tracer):
    """These look whether a tensor has numbers far out before they reckon with them."""
    record, usual, far = get(name), torch.linspace(-2, 2, 5), torch.linspace(-200, -1, 5)
    plain = lambda x: record(x)  # noqa: E731  # what is traced has a name
    graph = make_fx(plain)(usual) if tracer == "fx" else torch.jit.trace(plain, usual)
    assert_same(graph(far), record(far), far)


@pytest.mark.parametrize("name", ["gelu", "silu", "mish"])
def test_a_tensor_without_numbers_has_its_shape(name):
    with FakeTensorMode():
        inside = torch.randn(3, 2)
        assert get(name)(inside).shape == (3, 2)
    assert get(name)(inside).shape == (3, 2)


def test_forward_mode_over_a_graph_made_before():
    """The level is opened when the value is there already: torch's way to a Hessian's product."""
    gelu, x = CATALOGUE["gelu"], torch.linspace(-2, 2, 5, dtype=torch.float64).requires_grad_()
    y = gelu(x)
    with forward_ad.dual_level():
        ones = forward_ad.make_dual(torch.ones_like(y), torch.full_like(y, 2.0))
        (slope,) = torch.autograd.grad(y, x, ones, create_graph=True)
        found = forward_ad.unpack_dual(slope)
        (alone,) = torch.autograd.grad(gelu(x), x, ones)
        assert_same(forward_ad.unpack_dual(alone).tangent, 2 * gelu.df(x.detach()))
    assert_same(found.primal.detach(), gelu.df(x.detach()))
    assert_same(found.tangent.detach(), 2 * gelu.df(x.detach()))


@pytest.mark.parametrize("order", [0, 4, -1, 1.5, "2", None])
def test_other_orders_are_an_error_that_says_what_to_do(order):
    with pytest.raises(UsageError, match="order must be 1, 2 or 3, got") as error:
        CATALOGUE["gelu"](torch.ones(2), order=order)
    assert "gelu.d2f" in error.value.hint


@catalogue
@pytest.mark.parametrize("dtype", SIXTEEN_BIT, ids=lambda dtype: str(dtype)[6:])
def test_every_16_bit_input_is_computed_in_float32_and_rounded_once(record, dtype):
    x = torch.arange(-(2**15), 2**15, dtype=torch.int16).view(dtype)
    finite = x[x.isfinite()]
    assert_same(record(x), record(x.float()).to(dtype), x)
    for sibling in (record.f, record.df, record.d2f):
        assert_same(sibling(x), sibling(x.float()).to(dtype), x)
    assert_same(backward(record, finite), record.df(finite.float()).to(dtype), finite)
    assert_same(backward_twice(record, finite), record.d2f(finite.float()).to(dtype), finite)


@dtypes
@catalogue
def test_shape_and_dtype_are_kept(record, dtype):
    for shape in ((), (0,), (2, 3, 4)):
        x = torch.ones(shape, dtype=dtype)
        for function in (record, record.f, record.df, record.d2f):
            assert function(x).shape == shape
            assert function(x).dtype == dtype


@pytest.mark.parametrize("x", [torch.ones(2, dtype=torch.int64), torch.tensor([True]), 1.0, [1.0]])
def test_what_is_not_a_floating_tensor_is_an_error(x):
    with pytest.raises(UsageError, match="gelu takes a floating-point tensor, got"):
        CATALOGUE["gelu"](x)


# Parameters

with_parameters = each(record for record in CATALOGUE.values() if record.params)


@with_parameters
def test_a_parameter_by_keyword_is_the_same_as_bound(record):
    x = torch.linspace(-4, 4, 33, dtype=torch.float64)
    params = {key: 0.7 * value for key, value in record.params.items()}
    bound = record.bind(**params)
    assert bound.params == params
    assert_same(record(x, **params), bound(x), x)
    for name in ("f", "df", "d2f"):
        assert_same(getattr(record, name)(x, **params), getattr(bound, name)(x), x)
    assert not torch.equal(record(x), bound(x))
    for dtype in SIXTEEN_BIT:
        assert_same(record(x.to(dtype), **params), bound(x.to(dtype)), x)
        assert_same(record.df(x.to(dtype), **params), bound.df(x.to(dtype)), x)
    assert CATALOGUE[record.name].params == record.params


@pytest.mark.parametrize(
    ("name", "accepted"),
    [("gelu", "none"), ("xielu", "alpha_p=0.8, alpha_n=0.8, beta=0.5"), ("elu", "alpha=1.0")],
)
def test_an_unknown_parameter_is_an_error_that_lists_what_is_accepted(name, accepted):
    record, wanted = CATALOGUE[name], f"no parameter named 'steepness'; accepted: {accepted}"
    x = torch.ones(1)
    for call in (
        record,
        record.f,
        record.df,
        record.d2f,
        lambda _, **params: record.bind(**params),
    ):
        with pytest.raises(UsageError, match=wanted):
            call(x, steepness=2.0)


@with_parameters
@pytest.mark.parametrize("order", [1, 2])
def test_a_learnable_parameter_gets_its_gradient(record, order):
    x = torch.linspace(-4, 4, 32, dtype=torch.float64)  # no point at a joint
    params = {
        key: torch.tensor(0.9 * value or 0.7, dtype=x.dtype) for key, value in record.params.items()
    }

    def total(function, params):
        return (function(x, **params) * x).sum()

    got = grad(lambda p: total(lambda x, **p: record(x, order=order, **p), p))(params)
    want = grad(lambda p: total(record.f, p))(params)
    for key, value in params.items():
        torch.testing.assert_close(got[key], want[key], rtol=1e-13, atol=1e-13)
        h = 1e-6
        up, down = ({**params, key: value + s * h} for s in (1, -1))
        slope = (total(record.f, up) - total(record.f, down)) / (2 * h)
        torch.testing.assert_close(got[key], slope, rtol=1e-7, atol=1e-8)


@with_parameters
def test_mixed_derivatives_by_either_first_are_those_of_the_slope(record):
    x = torch.linspace(-4, 4, 32, dtype=torch.float64)  # no point at a joint
    for name, value in record.params.items():
        parameter = torch.full_like(x, 0.9 * value)

        def lifted(s, p, name=name):
            return record(s, **{name: p})

        def slope(s, p, name=name):
            return record.df(s, **{name: p})

        want = vmap(grad(slope, 1))(x, parameter)
        for mixed in (
            grad(grad(lifted, 1), 0),
            grad(grad(lifted, 0), 1),
            jacfwd(grad(lifted, 1), 0),
            jacfwd(jacfwd(lifted, 0), 1),
        ):
            torch.testing.assert_close(vmap(mixed)(x, parameter), want, rtol=1e-12, atol=1e-12)
        leaf, at = parameter.clone().requires_grad_(), x.clone().requires_grad_()
        (by_parameter,) = torch.autograd.grad(lifted(at, leaf).sum(), leaf, create_graph=True)
        (mixed_plain,) = torch.autograd.grad(by_parameter.sum(), at)
        torch.testing.assert_close(mixed_plain, want, rtol=1e-12, atol=1e-12)


def test_a_parameter_for_each_feature():
    x, slopes = torch.linspace(-4, 4, 12).view(4, 3), torch.tensor([0.1, 0.2, 0.3])
    leaky_relu = CATALOGUE["leaky_relu"]
    assert_same(leaky_relu(x, negative_slope=slopes), F.prelu(x, slopes), x)
    got = grad(lambda s: leaky_relu(x, negative_slope=s).sum())(slopes)
    torch.testing.assert_close(got, grad(lambda s: F.prelu(x, s).sum())(slopes))


# torch.nn.functional, where it has a function of the name


peers = pytest.mark.parametrize(
    "record", [r for r in CATALOGUE.values() if peer(r) is not None], ids=lambda record: record.spec
)
bent_peers = pytest.mark.parametrize(
    "record",
    [r for r in CATALOGUE.values() if peer(r) is not None and r.joint_points],
    ids=lambda record: record.spec,
)


def peer_of(record: Activation):
    """Torch's function with the record's parameters."""
    return peer(record)[1]


@peers
def test_values_are_torchs(record):
    x = torch.linspace(-30, 30, 2401, dtype=torch.float64)
    # softplus is cut off at 20 there, where the rest is 2e-9
    torch.testing.assert_close(record(x), peer_of(record)(x), rtol=1e-9, atol=1e-9)


@bent_peers
def test_values_and_slopes_at_joints_are_torchs(record):
    for dtype in (torch.float64, torch.float32):
        x = torch.tensor(record.joint_points, dtype=dtype)
        assert_same(record(x), peer_of(record)(x), x)
        assert_same(record.df(x), backward(peer_of(record), x), x)


# The record itself


def test_a_plain_function_becomes_a_record():
    record = Activation.from_function(lambda x: x**3 * torch.sigmoid(x), "cubed")
    x = torch.linspace(-3, 3, 13, dtype=torch.float64)
    s = torch.sigmoid(x)
    assert_same(record(x), x**3 * s)
    slope = 3 * x**2 * s + x**3 * s * (1 - s)
    curvature = 6 * x * s + 6 * x**2 * s * (1 - s) + x**3 * s * (1 - s) * (1 - 2 * s)
    torch.testing.assert_close(record.df(x), slope)
    torch.testing.assert_close(record.d2f(x), curvature)
    for route in FIRST.values():
        torch.testing.assert_close(route(record, x), slope)
    for route in SECOND.values():
        torch.testing.assert_close(route(record, x), curvature)
    with torch.no_grad():
        assert_same(record.df(x), record.df(x.clone()))


def test_joint_points_follow_the_parameters_in_order():
    record = Activation(
        "clip", "", torch.clone, torch.clone, torch.clone,
        params={"width": 2.0}, joints=lambda width: (width, -width),
    )  # fmt: skip
    assert record.joint_points == (-2.0, 2.0)
    assert record.bind(width=3.0).joint_points == (-3.0, 3.0)
    assert record.spec == "clip:width=2.0"


def test_records_are_their_own_keys():
    gelu = CATALOGUE["gelu"]
    assert {gelu: 1}[gelu] == 1
    assert gelu != gelu.bind()


def derivatives_compiled(records: list[Activation], backend: str) -> None:
    """The second derivatives of all of them in one graph are d2f."""
    x = torch.linspace(-8, 8, 64)  # no pole among the points

    def derivatives(x: Tensor) -> list[Tensor]:
        return [vmap(grad(grad(record)))(x) for record in records]

    torch.compiler.reset()
    compiled = torch.compile(derivatives, fullgraph=True, dynamic=False, backend=backend)
    for got, record in zip(compiled(x), records, strict=True):
        torch.testing.assert_close(got, record.d2f(x), rtol=1e-5, atol=1e-5, msg=record.name)


def slopes_of_its_own(x: Tensor) -> Tensor:
    """A sine whose derivatives are none that autograd would find."""
    return lift(torch.sin, lambda x: 100 * torch.cos(x), lambda x: -7 * torch.sin(x), x)


def backward(function, x: Tensor, times: int = 1) -> Tensor:
    """The derivative by so many backward passes over what the function gave."""
    leaf = x.clone().requires_grad_()
    y = function(leaf)
    for _ in range(times):
        (y,) = torch.autograd.grad(y.sum(), leaf, create_graph=times > 1)
    return y.detach()


def test_compiled_for_one_backward_pass_nothing_further_is_computed():
    def unasked(x: Tensor) -> Tensor:
        raise AssertionError("a second derivative")

    torch.compiler.reset()
    x = torch.linspace(-2, 2, 9)
    once = partial(lift, torch.sin, lambda x: 3 * x, unasked)
    lifted = torch.compile(once, fullgraph=True, backend=inductor)
    torch.testing.assert_close(backward(lifted, x), 3 * x)
    with torch.no_grad():
        torch.testing.assert_close(lifted(x), torch.sin(x))


@pytest.mark.parametrize(
    ("function", "wanted"),
    [
        (vmap(grad(slopes_of_its_own)), lambda x: 100 * torch.cos(x)),
        (vmap(grad(grad(slopes_of_its_own))), lambda x: -7 * torch.sin(x)),
        (lambda x: jvp(slopes_of_its_own, (x,), (torch.ones_like(x),))[1],
         lambda x: 100 * torch.cos(x)),
        (vmap(grad(grad(partial(get("gelu"), order=1)))), lambda x: x * math.nan),
    ],
)  # fmt: skip
def test_within_transforms_the_compiler_takes_the_derivatives_supplied(function, wanted):
    """Of a Function it would read the value alone, and say nothing."""
    torch.compiler.reset()
    x = torch.linspace(-2, 2, 9)
    compiled = torch.compile(function, fullgraph=True, backend=inductor)
    torch.testing.assert_close(compiled(x), wanted(x), equal_nan=True)


@pytest.mark.parametrize("order", [1, 2])
def test_a_single_gradient_where_gradients_are_off_is_all_there_can_be(order):
    """So nothing further is read by the compiler; with gradients on, or within another, it is."""
    read = []

    def d2f(x: Tensor) -> Tensor:
        read.append(len(x))
        return -7 * torch.sin(x)

    def slope(x: Tensor) -> Tensor:
        return grad(lambda x: lift(torch.sin, lambda x: 3 * x, d2f, x, order).sum())(x)

    x = torch.linspace(-2, 2, 9)
    torch.compiler.reset()
    compiled = partial(torch.compile, fullgraph=True, backend=inductor)
    with torch.no_grad():
        torch.testing.assert_close(compiled(slope)(x), 3 * x)
        assert not read
        twice = compiled(grad(lambda x: slope(x).sum()))(x)
    wanted = -7 * torch.sin(x) if order == 2 else x * math.nan
    torch.testing.assert_close(twice, wanted, equal_nan=True)
    torch.testing.assert_close(backward(compiled(slope), x), wanted, equal_nan=True)


def test_a_backend_that_is_differentiated_twice_has_both_derivatives():
    torch.compiler.reset()
    x = torch.linspace(-2, 2, 9)
    traced = torch.compile(slopes_of_its_own, fullgraph=True, backend="eager")
    torch.testing.assert_close(backward(traced, x), 100 * torch.cos(x))
    torch.testing.assert_close(backward(traced, x, times=2), -7 * torch.sin(x))


@pytest.mark.full
@pytest.mark.parametrize("family", FAMILIES)
def test_the_whole_catalogue_can_be_traced_in_one_graph(family):
    derivatives_compiled(list(FAMILIES[family]), "aot_eager")


@pytest.mark.full
def test_the_compiler_takes_one_of_each_family():
    derivatives_compiled([records[0] for records in FAMILIES.values()], "inductor")


def test_records_of_every_kind_are_pickled_by_their_name_and_copied_as_they_are(tmp_path):
    spec = "leaky_relu:negative_slope=0.3"
    for record in (get("gelu"), get(spec), find("swiglu"), find("softmax")):
        again = pickle.loads(pickle.dumps(record))
        assert (again.spec, type(again)) == (record.spec, type(record))
        assert copy.deepcopy(record) is record
    assert pickle.loads(pickle.dumps(get(spec))).params == {"negative_slope": 0.3}
    file = tmp_path / "mine.py"
    file.write_text(
        "from actfunc import Activation\n"
        "cubed = Activation('cubed', 'x**3', lambda x: x**3, lambda x: 3 * x**2, lambda x: 6 * x)\n"
        "def plain(x): return x * x.sigmoid()\n"
    )
    x = torch.linspace(-1, 1, 5)
    for name in ("cubed", "plain"):
        own = get(f"{file}:{name}")
        assert_same(pickle.loads(pickle.dumps(own)).df(x), own.df(x))
    own = Activation("sine", "sin(x)", torch.sin, torch.cos, minus_sine)
    assert_same(pickle.loads(pickle.dumps(own)).d2f(x), -torch.sin(x))


def minus_sine(x: Tensor) -> Tensor:
    return -torch.sin(x)


def test_compiled_where_nothing_needs_a_gradient_it_is_the_value():
    """The compiler then takes a Function's forward alone, and by the number of its names."""
    x, beta = torch.linspace(-3, 3, 7), torch.linspace(0.5, 2, 7)
    silu, swiglu = get("silu"), PAIRS["swiglu"]
    for function in (lambda x, b: silu(x, beta=b), swiglu):
        torch.compiler.reset()
        compiled = torch.compile(function, fullgraph=True, backend="eager")
        torch.testing.assert_close(compiled(x, beta), function(x, beta))
        needed = x.clone().requires_grad_()
        torch.testing.assert_close(compiled(needed, beta).detach(), function(x, beta))


def test_the_public_names_are_what_dir_shows_and_an_activation_is_short():
    assert dir(actfunc) == sorted(actfunc.__all__)
    assert repr(get("elu")) == f"<elu:alpha=1.0: {get('elu').formula}>"
