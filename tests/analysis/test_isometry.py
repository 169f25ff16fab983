"""The input-output Jacobian against a module's, and orthogonal networks that are isometries."""

from __future__ import annotations

import pytest
import torch
from torch.func import vmap

from actfunc import CATALOGUE, get, mlp, tree
from actfunc.analysis.isometry import input_jacobian, jacobian_singular_values
from tests.compiling import backends
from tests.records import each
from tests.reference import module_of

pytestmark = pytest.mark.usefixtures("one_thread")
IMAGES = torch.randn(5, 9, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@each(CATALOGUE.values())
def test_the_jacobian_is_a_modules_example_by_example(record):
    params = mlp.init((9, 8, 7, 4), seed=0, dtype=torch.float64)
    module = module_of(params, record)
    found = input_jacobian(params, record, IMAGES)
    for got, image in zip(found, IMAGES, strict=True):
        want = torch.autograd.functional.jacobian(lambda x: module(x[None])[0], image)
        torch.testing.assert_close(got, want)
    squares = jacobian_singular_values(params, record, IMAGES).square().sum(dim=1)
    torch.testing.assert_close(squares, found.square().sum(dim=(1, 2)))


def test_a_deep_orthogonal_linear_network_is_an_isometry_and_a_scaled_one_is_not():
    turns = [torch.linalg.qr(torch.randn(9, 9, dtype=torch.float64)).Q for _ in range(20)]
    params = tuple(mlp.Layer(turn, torch.zeros(9, dtype=torch.float64)) for turn in turns)
    found = jacobian_singular_values(params, get("identity"), IMAGES)
    torch.testing.assert_close(found, torch.ones(5, 9).double())
    scaled = tree.map(lambda leaf: 1.1 * leaf, params)
    found = jacobian_singular_values(scaled, get("identity"), IMAGES)
    torch.testing.assert_close(found, torch.full((5, 9), 1.1**20).double())


def test_an_example_whose_jacobian_overflows_has_nan_and_its_neighbours_have_their_values():
    params, images = mlp.init((9, 8, 8, 4), seed=0, dtype=torch.float64), IMAGES.clone()
    want = jacobian_singular_values(params, get("square"), images)
    images[2] *= 1e150  # the second layer's slope is of the size of its square
    found = jacobian_singular_values(params, get("square"), images)
    assert found[2].isnan().all()
    others = [0, 1, 3, 4]
    torch.testing.assert_close(found[others], want[others])


def test_members_are_mapped_over():
    members = [mlp.init((9, 8, 4), seed=seed, dtype=torch.float64) for seed in range(3)]
    stacked = tree.map(lambda *leaves: torch.stack(leaves), *members)
    found = vmap(lambda p: jacobian_singular_values(p, get("gelu"), IMAGES))(stacked)
    for got, params in zip(found, members, strict=True):
        torch.testing.assert_close(got, jacobian_singular_values(params, get("gelu"), IMAGES))


@backends
def test_the_jacobian_compiles_whole(backend):
    params, of = mlp.init((9, 8, 4), seed=0, dtype=torch.float64), get("gelu")
    compiled = torch.compile(lambda p, x: input_jacobian(p, of, x), fullgraph=True, backend=backend)
    torch.testing.assert_close(compiled(params, IMAGES), input_jacobian(params, of, IMAGES))
