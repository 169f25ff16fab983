"""What is brought as an activation in Python: taken and right, or refused with what it does."""

from __future__ import annotations

import gc
import random
import sys
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import grad, vmap
from torch.nn import functional as F

from actfunc import Activation, analysis, examination, get, mlp
from actfunc.analysis.gaussian import moments
from actfunc.catalogue import PAIRS, VECTORS
from actfunc.data import Examples
from actfunc.errors import UsageError
from actfunc.given import taken
from actfunc.training import Settings, accuracy, fit, make_step, sgd, start
from tests.reference import assert_same

X = torch.linspace(-3, 3, 24).reshape(4, 6)
WEIGHT = torch.linspace(0.1, 0.9, 16)
WANTING = torch.tensor(0.3, requires_grad=True)
KEPT = torch.empty(35, 28)


class WithoutContext(torch.autograd.Function):
    """As torch's older documents write it: torch.func can make nothing of it."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * (x > 0)


class Scaled(nn.Module):
    """A module with arguments."""

    def __init__(self, scale):
        super().__init__()
        self.scale = scale

    def forward(self, x):
        return self.scale * x.tanh()


class Plain:
    """What is called and is neither a function nor a module."""

    __slots__ = ()  # nothing can refer to it weakly

    def __call__(self, x):
        return torch.tanh(x)

    def method(self, x):
        return torch.tanh(x)


def by_mask(x):
    y = x.clone()
    y[y < 0] = 0
    return y


def by_branch(x):
    return torch.relu(x) if x.max() > 0 else torch.zeros_like(x)


def in_place(x):
    x[x < -20] = 0
    return x * 2


def in_place_by_numpy(x):
    x.detach().numpy()[...] *= 2
    return torch.tanh(x)


def into_one(x):
    return torch.tanh(x, out=KEPT if x.shape == KEPT.shape else None)


def counting(x, calls=[]):  # noqa: B006
    calls.append(x)
    return x + len(calls)


def setting(change, value):
    """A function that sets something of torch's, and is right otherwise."""

    def act(x):
        change(value)
        return torch.tanh(x.to(x.device))

    return act


TAKEN = {
    "F.gelu": (F.gelu, F.gelu),
    "torch.relu": (torch.relu, F.relu),
    "torch.Tensor.tanh": (torch.Tensor.tanh, torch.tanh),
    "a lambda": (lambda x: x * torch.sigmoid(1.5 * x), lambda x: x * torch.sigmoid(1.5 * x)),
    "a partial": (partial(F.leaky_relu, negative_slope=0.2), lambda x: F.leaky_relu(x, 0.2)),
    "a partial of a record": (partial(get("tanh"), order=1), torch.tanh),
    "an object": (Plain(), torch.tanh),
    "a method": (Plain().method, torch.tanh),
    "a module": (nn.ELU(), F.elu),
    "its class": (nn.ELU, F.elu),
    "a module with a parameter": (nn.PReLU(), lambda x: F.leaky_relu(x, 0.25)),
    "modules one after the other": (nn.Sequential(nn.Tanh(), nn.Dropout(0.5)), torch.tanh),
    "chance in training alone": (nn.RReLU(), lambda x: F.leaky_relu(x, 11 / 48)),
    "a step": (lambda x: (x > 0).to(x.dtype), lambda x: (x > 0).to(x.dtype)),
    "the identity": (lambda x: x, lambda x: x),
    "a mask": (by_mask, F.relu),
    "NaN on a side": (torch.log, torch.log),
    "a record": (get("silu"), F.silu),
    "a record's value": (get("silu").f, F.silu),
}

REFUSED = {
    "in place": (F.relu_, "changes the tensor that it is given"),
    "a module in place": (nn.SiLU(inplace=True), "changes the tensor that it is given"),
    "in place inside": (nn.Sequential(nn.ReLU6(inplace=True), nn.Tanh()), "changes the tensor"),
    "in place far out": (in_place, "changes the tensor that it is given"),
    "in place without effect": (lambda x: x.clamp_(-1e9, 1e9), "changes the tensor"),
    "in place by NumPy": (in_place_by_numpy, "changes the tensor that it is given"),
    "softmax": (partial(F.softmax, dim=-1), "is not elementwise"),
    "softmax as a module": (nn.Softmax(dim=0), "is not elementwise"),
    "a normalisation": (lambda x: F.relu(F.layer_norm(x, x.shape[-1:])), "is not elementwise"),
    "less the mean": (lambda x: x - x.mean(), "is not elementwise"),
    "by the largest, far out": (lambda x: x / x.abs().max().clamp(min=9), "is not elementwise"),
    "sorted": (lambda x: x.sort().values, "is not elementwise"),
    "by the sign of their sum": (
        lambda x: torch.tanh(x) if x.sum() > 0 else x, "is not elementwise",
    ),
    "another factor a row": (
        lambda x: x * torch.arange(len(x)).reshape(-1, *[1] * (x.ndim - 1)), "is not elementwise",
    ),
    "one weight a channel": (nn.PReLU(16), "cannot be called"),
    "the channels it is tried with": (nn.PReLU(28), "cannot be called with another shape"),
    "one scale a channel": (lambda x: x * WEIGHT, "cannot be called"),
    "a record, one slope a channel": (
        partial(get("leaky_relu"), negative_slope=WEIGHT), "cannot be called",
    ),
    "halves": (F.glu, "of shape (35, 14) for torch.float32 of shape (35, 28)"),
    "a layer": (nn.Linear(28, 28), "is not elementwise"),
    "a layer's class": (nn.Linear, "cannot be made without arguments: TypeError"),
    "a class with an argument": (Scaled, "cannot be made without arguments: TypeError"),
    "dropout": (F.dropout, "something else each time"),
    "dropout, seldom": (lambda x: F.dropout(x, 0.01), "something else each time"),
    "noise": (lambda x: x + 1e-9 * torch.randn_like(x), "something else each time"),
    "noise of Python": (lambda x: x + 1e-9 * random.random(), "something else each time"),
    "noise of NumPy": (lambda x: x + 1e-9 * np.random.rand(), "something else each time"),
    "counting": (counting, "something else each time"),
    "a seed": (lambda x: x + torch.manual_seed(0).initial_seed(), "sets the seed"),
    "a seed of Python": (lambda x: x + (random.seed(0) or 0), "sets the seed"),
    "a seed of NumPy": (lambda x: x + (np.random.seed(0) or 0), "sets the seed"),
    "torch's dtype": (setting(torch.set_default_dtype, torch.float64), "torch's default dtype"),
    "torch's device": (setting(torch.set_default_device, "meta"), "torch's default device"),
    "torch's threads": (setting(torch.set_num_threads, 7), "torch's number of threads"),
    "one tensor for all": (into_one, "changes what it gave before"),
    "a parameter that wants a gradient": (lambda x: WANTING * x, "wants a gradient"),
    "a module's method": (nn.PReLU().forward, "wants a gradient"),
    "detached": (lambda x: torch.tanh(x.detach()), "lets no gradient through"),
    "through NumPy": (lambda x: torch.from_numpy(np.tanh(x.numpy())), "where a gradient is wanted"),
    "through data": (lambda x: torch.tanh(x.data), "lets no gradient through"),
    "no gradient known": (lambda x: torch.heaviside(x, torch.ones(())), "has no gradient"),
    "wider": (lambda x: x.double(), "gives torch.float64 of shape (35, 28) for torch.float32"),
    "true or false": (lambda x: x > 0, "gives torch.bool"),
    "complex": (lambda x: x.to(torch.complex64), "gives torch.complex64"),
    "elsewhere": (lambda x: x.to("meta"), "on meta for"),
    "sparse": (lambda x: x.to_sparse(), "torch.sparse_coo"),
    "a sum": (torch.sum, "gives torch.float32 of shape ()"),
    "None": (lambda x: None, "gives NoneType, expected a tensor"),
    "a list": (torch.Tensor.tolist, "gives list, expected a tensor"),
    "two tensors": (lambda x: (x, x), "gives tuple, expected a tensor"),
    "two arguments": (torch.add, "cannot be called: TypeError"),
    "an error": (lambda x: 1 / 0, "cannot be called: ZeroDivisionError: division by zero"),
    "an error far out": (lambda x: x if x.max() < 9 else 1 / 0, "ZeroDivisionError"),
    "the end": (lambda x: sys.exit(0), "cannot be called: SystemExit: 0"),
    "a number": (5, "int is no function of a tensor"),
    "a tensor": (torch.ones(3), "Tensor is no function of a tensor"),
    "nothing": (None, "NoneType is no function of a tensor"),
    "a vector function": (VECTORS["softmax"], "softmax is a vector function"),
    "a gated pair": (PAIRS["swiglu"], "swiglu is a gated pair"),
    "a record in place": (
        Activation("own", "", lambda x: x.relu_(), torch.ones_like, torch.zeros_like),
        "own changes the tensor that it is given",
    ),
    "a record whose slope is in place": (
        Activation("own", "", torch.relu, lambda x: x.clamp_(0, 1), torch.zeros_like),
        "own.df changes the tensor that it is given",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_an_activation_is_taken_as_it_is(name):
    given, wanted = TAKEN[name]
    found = taken(given)
    assert_same(found(X), wanted(X))
    assert not found(X).requires_grad
    record = get(given) if not isinstance(given, partial) else None
    if record is not None:
        assert_same(record(X), wanted(X))
        if name not in ("a mask", "chance in training alone"):  # of which torch maps nothing
            torch.testing.assert_close(
                vmap(grad(record))(X[0]), vmap(grad(wanted))(X[0]), equal_nan=True
            )


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_none_is_refused_by_every_door(name):
    given, said = REFUSED[name]
    told = []
    for door in (
        taken,
        get,
        lambda given: make_step(given, sgd()),
        lambda given: moments(given, 1.0),
        lambda given: analysis.dead_neurons(PARAMS, given, IMAGES),
        lambda given: accuracy(PARAMS, given, Examples(IMAGES, LABELS)),
    ):
        with pytest.raises(UsageError) as refused:
            door(given)
        told.append(refused.value.message)
        assert refused.value.hint
        assert "\n" not in refused.value.message
        assert torch.tensor(1.0).to(torch.get_default_dtype()).dtype == torch.float32
    assert len({*told}) == 1
    assert said in told[0]


PARAMS = mlp.init((6, 5, 3), seed=0)
IMAGES = torch.linspace(-1, 1, 72).reshape(12, 6)
LABELS = torch.arange(12) % 3


@pytest.mark.parametrize(
    ("given", "way"),
    [(WithoutContext.apply, "differentiate"), (by_mask, "map"), (by_branch, "map"),
     (get(by_mask), "map"),
     (nn.RReLU(), "map")],
)  # fmt: skip
def test_what_torch_func_cannot_do_with_it_is_told_before_training(given, way, small_split):
    settings = Settings(max_epochs=1)
    progress = start(mlp.init((784, 4, 10), seed=0), settings)
    with pytest.raises(UsageError, match=f"torch.func cannot {way} "):
        next(fit(progress, given, small_split, settings))
    if way == "differentiate":
        with pytest.raises(UsageError, match="cannot differentiate"):
            make_step(given, sgd())


class WithContext(torch.autograd.Function):
    """As torch's documents write it now, without forward mode."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return x.exp()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.saved_tensors[0]


def test_a_backward_of_its_own_is_enough_for_derivatives():
    record = get(WithContext.apply)
    for sibling in record.siblings:
        assert_same(sibling(X), X.exp())
    with pytest.raises(UsageError, match="cannot differentiate apply: RuntimeError"):
        get(WithoutContext.apply).df(X)


STACK = tuple(mlp.Layer(w.expand(2, -1, -1), b.expand(2, -1)) for w, b in PARAMS)


def test_a_stack_of_networks_is_given_no_other():
    for softmax in (partial(F.softmax, dim=-1), VECTORS["softmax"]):
        alone = mlp.apply(PARAMS, IMAGES, softmax)  # an example is a row, and the sums are its own
        assert alone.shape == (12, 3)
        with pytest.raises(UsageError, match="elementwise"):
            mlp.apply(STACK, IMAGES, softmax)
    assert mlp.apply(STACK, IMAGES, torch.tanh).shape == (2, 12, 3)


def test_a_network_keeps_what_an_activation_would_overwrite():
    for network, images in ((PARAMS, IMAGES), (STACK, IMAGES)):
        with pytest.raises(UsageError, match="relu_ changes the tensor that it is given"):
            mlp.trace(network, images, torch.relu_)


def test_a_module_is_left_as_it_was_and_taken_as_it_is_each_time():
    module = nn.PReLU()
    first = taken(module)
    assert module.training
    assert module.weight.requires_grad
    with torch.no_grad():
        module.weight.fill_(0.5)
    assert_same(first(X), F.leaky_relu(X, 0.25))
    assert_same(taken(module)(X), F.leaky_relu(X, 0.5))
    module = nn.SiLU()
    taken(module)
    module.inplace = True
    with pytest.raises(UsageError, match="changes the tensor"):
        taken(module)


def test_a_module_is_asked_in_any_dtype_and_a_compiler_reads_it():
    prelu, wanted = taken(nn.PReLU()), partial(F.leaky_relu, negative_slope=0.25)
    for dtype in (torch.float64, torch.bfloat16, torch.float16):
        assert_same(prelu(X.to(dtype)), wanted(X.to(dtype)))
    torch.testing.assert_close(moments(nn.PReLU(), 1.5), moments(wanted, 1.5))
    read = torch.compile(lambda x: prelu(x), backend="eager", fullgraph=True)
    for dtype in (torch.float32, torch.float64):
        assert_same(read(X.to(dtype)), wanted(X.to(dtype)))
    with torch.inference_mode():
        assert_same(taken(nn.PReLU())(X), wanted(X))


def test_a_record_is_made_of_what_keeps_every_dtype():
    single = partial(F.prelu, weight=torch.tensor([0.25]))
    make_step(single, sgd())  # of a network of float32 it is an activation
    with pytest.raises(UsageError, match="cannot be called in another dtype"):
        get(single)
    with pytest.raises(UsageError, match=r"gives torch\.float32 .* for torch\.float64"):
        get(lambda x: torch.tanh(x.float()))


def test_inference_mode_is_no_place_to_train_in(small_split):
    progress = start(mlp.init((784, 4, 10), seed=0), Settings())
    with torch.inference_mode(), pytest.raises(UsageError, match="inference_mode is on"):
        next(fit(progress, torch.tanh, small_split, Settings()))


def test_it_is_examined_once_and_forgotten_with_its_function():
    calls = []

    def own(x):
        calls.append(x)
        return torch.tanh(x)

    gc.collect()
    before = len(examination._KNOWN)
    taken(own)
    many = len(calls)
    assert many > 5
    make_step(own, sgd())
    many = len(calls)  # with its gradient by torch.func
    for _ in range(3):
        taken(own)
        make_step(own, sgd())
    assert len(calls) == many
    del own
    gc.collect()
    assert len(examination._KNOWN) == before


def test_what_cannot_be_remembered_is_held_by_what_can():
    for given in (Plain(), Plain().method):
        held = taken(given)
        assert taken(held) is held
        assert_same(held(X), torch.tanh(X))


def test_nothing_is_examined_within_a_transform_or_a_compiler():
    calls = []

    def own(x):
        calls.append(x)
        return 2 * x

    vmap(lambda x: taken(own)(x))(X)
    torch.compile(lambda x: taken(own)(x), backend="eager", fullgraph=True)(X)
    assert len(calls) <= 2


def test_what_is_compiled_is_examined_as_it_was_written():
    def asked(graph, inputs):
        raise AssertionError("something is compiled")

    compiled = torch.compile(lambda x: torch.tanh(x), backend=asked)
    assert taken(compiled) is compiled


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_whatever_is_in_force_it_is_examined_alike(mode):
    with mode():
        assert taken(lambda x: torch.tanh(x))
        with pytest.raises(UsageError, match="wants a gradient"):
            taken(lambda x: WANTING * x)
        with pytest.raises(UsageError, match="changes the tensor"):
            taken(lambda x: x.relu_())


def test_a_name_comes_with_its_parameters():
    assert get("elu", alpha=np.float64(0.5)).spec == "elu:alpha=0.5"
    assert get(get("elu", alpha=torch.tensor(0.5)).spec).params == {"alpha": 0.5}
    for alpha in (True, torch.ones(2), WANTING, "0.5", None, float("nan"), 1j):
        with pytest.raises(UsageError, match="elu: alpha must be"):
            get("elu", alpha=alpha)
    with pytest.raises(UsageError, match="'alpha' stands twice"):
        get("elu:alpha=1,alpha=2")
