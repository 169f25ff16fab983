"""The record of a function of vectors, such as softmax, and its lift along a dimension.

A vector function is its value, its Jacobian times a tangent, and its second derivative along a
tangent. Called, it is one function of which every transform of torch sees just those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import torch
from torch import Tensor

from actfunc.activation import Unchanging, wrap_siblings
from actfunc.errors import UsageError
from actfunc.lifting import SIXTEEN_BIT, AlongVectors, lift_vector
from actfunc.torch_private import outside_inference_mode

AlongDim: TypeAlias = Callable[..., Tensor]
"""`(x, dim, **params)`, or `(x, tangent, dim, **params)`, along dimension `dim`."""

SIBLINGS = ("f", "jvp", "second")


@dataclass(frozen=True)
class VectorSibling:
    """One of f, jvp, second as written: dtype in, dtype out, 16 bits through float32."""

    function: AlongDim
    params: Mapping[str, int]

    def __call__(self, *tensors: Tensor, dim: int = -1, **params: int) -> Tensor:
        if params.keys() - self.params.keys():
            raise UsageError(f"no parameter named {min(params.keys() - self.params.keys())!r}")
        params = {**self.params, **params}
        if tensors[0].dtype in SIXTEEN_BIT:
            wide = (tensor.float() for tensor in tensors)
            return self.function(*wide, dim, **params).to(tensors[0].dtype)
        return self.function(*tensors, dim, **params)


@dataclass(frozen=True, eq=False)
class VectorFunction(Unchanging):
    """A function of the vectors along a dimension, with its Jacobian and where it is from.

    Called, `softmax(x, dim=-1)`, it is the lifted function. The siblings are `softmax.f(x, dim=0)`,
    `softmax.jvp(x, tangent)` and `softmax.second(x, tangent)`.

    name:       torch.nn.functional's name where torch has the function.
    definition: the function in words of mathematics, for the reader.
    f:          (x, dim) -> value.
    jvp:        (x, tangent, dim) -> the Jacobian at x times the tangent, linear in it.
    second:     (x, tangent, dim) -> the second derivative of f along the tangent.
    params:     whole-number parameters and their defaults.
    source:     the paper or origin.
    aliases:    other spellings.
    """

    name: str
    definition: str
    f: AlongDim
    jvp: AlongDim
    second: AlongDim
    params: Mapping[str, int] = field(default_factory=dict)
    source: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def spec(self) -> str:
        """What the command line takes for it."""
        return self.name

    def __post_init__(self) -> None:
        wrap_siblings(self, SIBLINGS, VectorSibling, self.params)

    def __call__(self, x: Tensor, dim: int = -1, *, order: int = 2, **params: int) -> Tensor:
        """The lifted function. x: floating, any shape; order: 1 or 2 derivatives."""
        if order not in (1, 2):
            raise UsageError(f"order must be 1 or 2, got {order!r}")
        if not x.is_floating_point():
            raise UsageError(f"{self.name} takes a floating-point tensor, got {x.dtype}")
        if not -x.dim() <= dim < x.dim() or not x.shape[dim]:
            raise UsageError(
                f"{self.name} needs entries along dimension {dim}, got the shape {tuple(x.shape)}"
            )
        settings = {"dim": dim, **params}
        function = AlongVectors(
            lambda s: self.f(s, **settings),
            lambda s, t: self.jvp(s, t, **settings),
            (lambda s, t: self.second(s, t, **settings)) if order > 1 else None,
            dim,
        )
        return lift_vector(function, x)

    @outside_inference_mode
    def vjp(self, x: Tensor, cotangent: Tensor, dim: int = -1, **params: int) -> Tensor:
        """The transposed Jacobian at x times a cotangent: what reverse mode makes of `jvp`."""
        if x.dtype in SIXTEEN_BIT:
            return self.vjp(x.float(), cotangent.float(), dim, **params).to(x.dtype)

        def product(tangent: Tensor) -> Tensor:
            return self.jvp(x, tangent, dim=dim, **params)

        return torch.func.vjp(product, torch.zeros_like(x))[1](cotangent)[0]

    def bind(self, **params: int) -> VectorFunction:
        """The same function with other defaults: `maxout.bind(pieces=5)`."""
        if params.keys() - self.params.keys():
            raise UsageError(f"no parameter named {min(params.keys() - self.params.keys())!r}")
        return replace(self, params={**self.params, **params})
