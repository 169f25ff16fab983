"""The libraries' own names lead to the functions the libraries compute.

A name that libraries use for different functions means torch's: jax.nn.gelu is by default the
tanh approximation, which is gelu_tanh here, and keras' leaky_relu has the slope 0.2.
"""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from actfunc import get
from tests.catalogue.test_published import SETTINGS, SINGLE, Setting

TORCH_FUNCTIONS = (
    "celu", "elu", "gelu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu",
    "logsigmoid", "mish", "prelu", "relu", "relu6", "rrelu", "selu", "sigmoid", "silu",
    "softplus", "softshrink", "softsign", "tanh", "tanhshrink", "threshold",
)  # fmt: skip
TORCH_IN_PLACE = (
    "celu_", "elu_", "hardtanh_", "leaky_relu_", "relu_", "rrelu_", "selu_", "threshold_",
)  # fmt: skip
TORCH_MODULES = (
    "CELU", "ELU", "GELU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU",
    "LogSigmoid", "Mish", "PReLU", "RReLU", "ReLU", "ReLU6", "SELU", "Sigmoid", "SiLU",
    "Softplus", "Softshrink", "Softsign", "Tanh", "Tanhshrink", "Threshold",
)  # fmt: skip
"""torch.nn.functional and torch.nn.modules.activation, torch 2.14.1."""

JAX = (
    "celu", "elu", "gelu", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "identity",
    "leaky_relu", "log_sigmoid", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "soft_sign",
    "softplus", "sparse_plus", "sparse_sigmoid", "squareplus", "swish", "tanh",
)  # fmt: skip
"""jax.nn, jax 0.10.2."""

KERAS = (
    "celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu",
    "hard_swish", "hard_tanh", "leaky_relu", "linear", "log_sigmoid", "mish", "relu", "relu6",
    "selu", "sigmoid", "silu", "soft_shrink", "softplus", "softsign", "sparse_plus",
    "sparse_sigmoid", "squareplus", "swish", "tanh", "tanh_shrink", "threshold",
)  # fmt: skip
"""keras.activations, keras 3.15.1."""

TORCH_APART = (
    "GLU", "MultiheadAttention", "Softmin", "Softmax", "Softmax2d", "LogSoftmax",
)  # fmt: skip
JAX_APART = (
    "dot_product_attention", "get_scaled_dot_general_config", "glu", "initializers", "log1mexp",
    "log_softmax", "logmeanexp", "logsumexp", "one_hot", "scaled_dot_general", "scaled_matmul",
    "softmax", "standardize",
)  # fmt: skip
KERAS_APART = (
    "deserialize", "get", "glu", "log_softmax", "serialize", "softmax", "sparsemax",
)  # fmt: skip
"""What these modules have besides: of two inputs, of a vector, or no activation at all."""

CALLS = {
    "jax.nn.gelu": "jax.nn.gelu(x, approximate=False)",
    "keras.activations.threshold": "keras.activations.threshold(x, 1, 0)",
    "torch.nn.functional.threshold": "torch.nn.functional.threshold(x, 1, 0)",
    "torch.nn.functional.prelu": "torch.nn.PReLU(dtype=torch.float64)(x)",
}
"""The calls that make of a library's function the one which its name means here."""


def key(name: str) -> str:
    return name.lower().replace("_", "")


def published(function: str) -> tuple[Setting, str]:
    """The setting under which published.json has what a library's function computes."""
    call = CALLS.get(function, f"{function}(x)")
    return next((setting, call) for setting in SETTINGS if call in setting.libraries)


def same(spelling: str, function: str) -> None:
    """The spelling leads to the record that the published values are of, and to these values."""
    setting, call = published(function)
    record = setting.record()
    assert get(spelling).name == record.name
    values = get(spelling).bind(**setting.params).f(setting.x)
    # what a library may have lost to cancellation is lost in terms of the size of x
    tolerance = 1e-6 if call in SINGLE else 1e-13
    torch.testing.assert_close(values, setting.libraries[call], rtol=tolerance, atol=2e-14)


@pytest.mark.parametrize("name", JAX)
def test_the_names_of_jax(name):
    same(name, f"jax.nn.{name}")


@pytest.mark.parametrize("name", KERAS)
def test_the_names_of_keras(name):
    same(name, f"keras.activations.{name}")


@pytest.mark.parametrize("name", [*TORCH_FUNCTIONS, *TORCH_IN_PLACE])
def test_the_names_of_torch(name):
    same(name, f"torch.nn.functional.{name.removesuffix('_')}")


@pytest.mark.parametrize("name", TORCH_MODULES)
def test_the_modules_of_torch(name):
    function = {key(name): name for name in TORCH_FUNCTIONS}[key(name)]
    same(name, f"torch.nn.functional.{function}")


def test_identity_is_torchs():
    assert get("Identity").name == get("linear").name == "identity"


ARGUMENTS = {"threshold": (1.0, 0.0), "prelu": (torch.tensor([0.25], dtype=torch.float64),)}


@pytest.mark.parametrize("name", TORCH_FUNCTIONS)
def test_torchs_functions_here_and_now(name):
    """The installed torch, at more points than the table has, joints among them."""
    published(f"torch.nn.functional.{name}")[0].record()
    x = torch.linspace(-8, 8, 257, dtype=torch.float64)
    theirs = getattr(functional, name)(x, *ARGUMENTS.get(name, ()))
    torch.testing.assert_close(get(name).f(x), theirs, rtol=1e-13, atol=2e-14)


def test_gelu_is_torchs_and_jaxs_default_is_gelu_tanh():
    jaxs = next(setting for setting in SETTINGS if "jax.nn.gelu(x)" in setting.libraries)
    assert jaxs.name == "gelu_tanh"
    assert get("gelu").name == "gelu"
    gap = get("gelu").f(jaxs.x) - jaxs.libraries["jax.nn.gelu(x)"]
    assert 1e-5 < float(gap.abs().max()) < 1e-3


def test_torch_has_no_activation_that_is_not_listed():
    modules = torch.nn.modules.activation.__all__
    assert not set(modules) - {*TORCH_MODULES, *TORCH_APART}
    assert {key(name) for name in TORCH_FUNCTIONS} == {key(name) for name in TORCH_MODULES}
    in_place = {name for name in vars(functional) if name.endswith("_") and name[0] != "_"}
    assert not in_place - set(TORCH_IN_PLACE) - {"dropout_", "alpha_dropout_"}


@pytest.mark.parametrize(("listed", "apart"), [(JAX, JAX_APART), (KERAS, KERAS_APART)])
def test_a_name_is_listed_once(listed, apart):
    assert list(listed) == sorted(set(listed) - set(apart))
    assert list(apart) == sorted(set(apart))
