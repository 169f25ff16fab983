"""Products, eigenvalues and traces against the full Hessian, and against SciPy on real networks."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from scipy.sparse.linalg import LinearOperator, eigsh
from torch.func import grad, hessian, jacrev, vmap
from torch.nn import functional as F

from actfunc import CATALOGUE, get, mlp, tree
from actfunc.analysis.curvature import (
    flatten,
    gauss_newton_product,
    gauss_newton_trace,
    hessian_product,
    network_trace,
    operator,
    unflatten,
)
from actfunc.analysis.lanczos import (
    gaussian,
    lanczos,
    largest,
    signs,
    smallest,
)
from actfunc.data import normalise
from actfunc.errors import UsageError
from actfunc.storage import tutorial_checkpoint
from actfunc.tutorial import SIX
from tests.compiling import backends
from tests.records import HANDFUL, each
from tests.reference import hutchinson

SIZES = (6, 5, 4, 3)
TIGHT = {"rtol": 1e-8, "atol": 1e-8}
PRODUCTS = (hessian_product, gauss_newton_product)
catalogue = each(CATALOGUE.values(), (*HANDFUL, "relu"))
pytestmark = pytest.mark.usefixtures("one_thread")


def batch(seed: int = 0, n: int = 12) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(n, SIZES[0], generator=generator, dtype=torch.float64)
    return images, torch.randint(0, SIZES[-1], (n,), generator=generator)


def network(seed: int = 0, gain: float = 3) -> mlp.Params:
    # more than nn.Linear's weights, so that the activation bends
    return tree.map(lambda leaf: gain * leaf, mlp.init(SIZES, seed=seed, dtype=torch.float64))


def full_hessian(params, activation, images, labels) -> torch.Tensor:
    def loss(flat):
        return F.cross_entropy(mlp.apply(unflatten(params, flat), images, activation), labels)

    return hessian(loss)(flatten(params))


def full_gauss_newton(params, activation, images, labels) -> torch.Tensor:
    def logits(flat):
        return mlp.apply(unflatten(params, flat), images, activation)

    jacobian = jacrev(logits)(flatten(params))
    p = logits(flatten(params)).softmax(dim=-1)
    inner = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
    return torch.einsum("ncp,ncd,ndq->pq", jacobian, inner, jacobian) / len(labels)


def matrix(of, n: int) -> torch.Tensor:
    return vmap(of)(torch.eye(n, dtype=torch.float64))


@cache
def full_matrices(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Hessian and Gauss-Newton of a small network with the activation of that name."""
    # a cube of a cube would saturate the softmax with weights any larger
    case = network(gain=1), get(name), *batch()
    return full_hessian(*case), full_gauss_newton(*case)


@catalogue
def test_the_products_are_those_of_the_full_matrices(record):
    params, (images, labels) = network(gain=1), batch()
    n = len(flatten(params))
    vector = gaussian(flatten(params), 1)
    for product, want in zip(PRODUCTS, full_matrices(record.name), strict=True):
        assert want.abs().max() > 1e-6
        got = operator(product, params, record, images, labels)
        near = {"rtol": 1e-8, "atol": 1e-8 * float(want.abs().max())}
        torch.testing.assert_close(matrix(got, n), want, **near)
        torch.testing.assert_close(got(vector), want @ vector, **near)
    # both are symmetric, and the last one wanted is positive semidefinite
    assert torch.linalg.eigvalsh(want)[0] > -1e-12 * want.norm()


@pytest.mark.parametrize("name", ["silu", pytest.param("relu", marks=pytest.mark.full)])
def test_eigenvalues_and_traces_are_those_of_the_full_matrices(name):
    record, params, (images, labels) = get(name), network(), batch()
    n = len(flatten(params))
    start, axes = gaussian(flatten(params), 2), torch.eye(n, dtype=torch.float64)
    for product, full in zip(PRODUCTS, (full_hessian, full_gauss_newton), strict=True):
        want = torch.linalg.eigvalsh(full(params, record, images, labels))
        of = operator(product, params, record, images, labels)
        found = lanczos(of, start, n)
        scale = float(want.abs().max())
        top, low = largest(found, 5), smallest(found, 3)
        torch.testing.assert_close(top.values, want.flip(0)[:5], rtol=0, atol=1e-8 * scale)
        torch.testing.assert_close(low.values, want[:3], rtol=0, atol=1e-8 * scale)
        trace = torch.stack([axis @ of(axis) for axis in axes]).sum()
        torch.testing.assert_close(trace, want.sum(), rtol=0, atol=1e-8 * scale)
    exact = gauss_newton_trace(params, record, images)
    torch.testing.assert_close(exact, want.sum(), **TIGHT)


def test_the_hessian_agrees_with_autograd_of_torchs_function():
    params, (images, labels) = network(), batch()
    for name, function in {"silu": F.silu, "tanh": torch.tanh, "gelu": F.gelu}.items():
        want = full_hessian(params, function, images, labels)
        got = operator(hessian_product, params, get(name), images, labels)
        torch.testing.assert_close(matrix(got, len(want)), want, **TIGHT)
        # and takes that function as it is
        plain = operator(hessian_product, params, function, images, labels)
        torch.testing.assert_close(matrix(plain, len(want)), want, **TIGHT)


def test_a_wrong_second_derivative_is_seen_and_only_by_the_hessian():
    params, (images, labels) = network(), batch()
    wrong = replace(get("silu"), d2f=lambda x, **_: 1.01 * get("silu").d2f(x))
    vector = gaussian(flatten(params), 3)
    changed, tops = [], []
    for product in PRODUCTS:
        right, got = (
            operator(product, params, activation, images, labels)
            for activation in (get("silu"), wrong)
        )
        changed.append(float((got(vector) - right(vector)).norm() / right(vector).norm()))
        tops.append([largest(lanczos(of, vector, 20), 5).values for of in (right, got)])
    assert changed[0] > 1e-5
    assert changed[1] == 0.0
    # far above what rounding does to an eigenvalue
    assert (tops[0][0] / tops[0][1] - 1).abs().max() > 1e-6
    assert torch.equal(*tops[1])


@catalogue
def test_all_signs_together_give_the_trace_that_gauss_newton_leaves_out(record):
    """The mean over every choice of signs is the trace itself, so a few rows of a Hadamard matrix
    will do, whose columns are orthogonal: one a neuron. A piecewise linear activation has none."""
    params, (images, labels) = network(gain=1), batch()
    whole, part = full_matrices(record.name)
    left_out = whole - part
    rows, widths = torch.ones(1, 1).double(), [len(layer.bias) for layer in params]
    while len(rows) < sum(widths):
        rows = torch.cat([torch.cat([rows, rows], 1), torch.cat([rows, -rows], 1)])

    def one(row: torch.Tensor) -> torch.Tensor:
        probe = row.expand(len(images), -1).split(widths, dim=-1)
        return network_trace(params, record, images, labels, probe)

    seen = vmap(one)(rows[:, : sum(widths)])
    near = {"rtol": 1e-8, "atol": 1e-9 * max(1.0, float(left_out.abs().max()))}
    torch.testing.assert_close(seen.mean(), left_out.trace(), **near)
    # one row alone sees more than the trace, unless nothing bends
    if record.d2f(torch.linspace(-3, 3, 601).double()).abs().max() == 0:
        assert seen.abs().max() == 0
    else:
        assert seen.std() > 0


def test_the_error_falls_with_the_examples_as_well():
    """Eight times as many examples, each with signs of its own, have a third of the spread, which
    is then far below that of probes of the whole Hessian."""
    params, wide = network(), batch(n=256)
    spreads = {}
    for count in (32, 256):
        images, labels = (part[:count] for part in wide)
        generator = torch.Generator().manual_seed(0)
        seen = []
        for _ in range(30):
            probe = tuple(signs(tap, generator) for tap in mlp.zero_taps(params, count))
            seen.append(network_trace(params, get("tanh"), images, labels, probe))
        spreads[count] = float(torch.stack(seen).std())
    assert spreads[256] < spreads[32] / 2
    of = operator(hessian_product, params, get("tanh"), *wide)
    whole = hutchinson(of, flatten(params), 60, seed=0).standard_error * 60**0.5
    assert spreads[256] < float(whole) / 3


def test_batches_do_not_matter_and_uint8_is_normalised(small_split):
    images, labels = small_split.train.first(50)
    params = mlp.init((784, 8, 10), seed=0, dtype=torch.float64)
    vector = gaussian(flatten(params), 0)
    for product in PRODUCTS:
        floats = normalise(images).double()
        whole = operator(product, params, get("silu"), floats, labels)(vector)
        for part in (7, 50, 1000):
            streamed = operator(product, params, get("silu"), images, labels, batch=part)
            torch.testing.assert_close(streamed(vector), whole, rtol=1e-6, atol=1e-9)


def test_a_product_without_images_or_with_an_empty_batch_is_refused():
    params, (images, labels) = network(), batch()
    with pytest.raises(UsageError, match="images must be one or more"):
        operator(hessian_product, params, get("silu"), images[:0], labels[:0])
    with pytest.raises(UsageError, match="batch must be a whole number, 1 or more, got 0"):
        operator(hessian_product, params, get("silu"), images, labels, batch=0)
    with pytest.raises(UsageError, match="got 12 images and 11 labels"):
        operator(hessian_product, params, get("silu"), images, labels[1:])


def test_members_are_mapped_over():
    images, labels = batch()
    members = [network(seed) for seed in range(3)]
    stacked = tree.map(lambda *leaves: torch.stack(leaves), *members)
    start = gaussian(flatten(members[0]), 0)
    generator = torch.Generator().manual_seed(0)
    probe = tuple(signs(tap, generator) for tap in mlp.zero_taps(members[0], len(images)))

    def figures(params):
        of = operator(hessian_product, params, get("silu"), images, labels)
        return (
            largest(lanczos(of, start, 15), 3),
            gauss_newton_trace(params, get("silu"), images),
            network_trace(params, get("silu"), images, labels, probe),
        )

    together = vmap(figures)(stacked)
    for index, member in enumerate(members):
        for got, want in zip(tree.leaves(together), tree.leaves(figures(member)), strict=True):
            torch.testing.assert_close(got[index], want, rtol=1e-8, atol=1e-10)


@backends
@pytest.mark.parametrize("product", PRODUCTS)
def test_a_product_compiles_whole(product, backend):
    params, (images, labels) = network(), batch()
    vector = unflatten(params, gaussian(flatten(params), 0))

    def of(params, images, labels, vector):
        return product(params, get("silu"), images, labels, vector)

    compiled = torch.compile(of, fullgraph=True, backend=backend)
    got = compiled(params, images, labels, vector)
    torch.testing.assert_close(flatten(got), flatten(of(params, images, labels, vector)), **TIGHT)


def test_the_gradient_of_a_flat_vector_is_the_flat_gradient():
    params, (images, labels) = network(), batch()

    def loss(params):
        return F.cross_entropy(mlp.apply(params, images, get("tanh")), labels)

    flat = grad(lambda vector: loss(unflatten(params, vector)))(flatten(params))
    torch.testing.assert_close(flat, flatten(grad(loss)(params)))
    assert all(
        map(torch.equal, tree.leaves(unflatten(params, flatten(params))), tree.leaves(params))
    )


@pytest.mark.full
@pytest.mark.parametrize("name", SIX)
def test_the_tutorials_networks_agree_with_scipy(name, real_split, checkpoints):
    """The five largest eigenvalues of the trained networks' Hessian, by ARPACK, to 1 %."""
    trained = tutorial_checkpoint.read(checkpoints, name)
    images, labels = real_split.train.first(64)
    params = trained.params
    of = operator(hessian_product, params, trained.activation, normalise(images), labels)
    start = gaussian(flatten(params), 0)

    def multiply(vector: np.ndarray) -> np.ndarray:
        return of(torch.from_numpy(vector.ravel()).to(start)).double().numpy()

    square = LinearOperator((len(start),) * 2, matvec=multiply, dtype=np.float64)
    want = eigsh(square, k=5, which="LA", ncv=20, tol=1e-4, return_eigenvectors=False)
    got = largest(lanczos(of, start, 40), 5)
    wanted = torch.from_numpy(np.sort(want)[::-1].copy())
    torch.testing.assert_close(got.values.double(), wanted, rtol=0.01, atol=1e-6)
