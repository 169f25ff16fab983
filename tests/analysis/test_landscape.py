"""One network's landscape is what its parts give, streamed or not."""

from __future__ import annotations

import pytest
import torch

from actfunc import get, mlp, tree
from actfunc.analysis.curvature import flatten, hessian_product, operator
from actfunc.analysis.landscape import gauss_newton_share, landscape
from actfunc.data import normalise

pytestmark = pytest.mark.usefixtures("one_thread")


def test_it_is_what_its_parts_give_and_streams(small_split):
    images, labels = small_split.train.first(30)
    images = images[:, 12:16, 12:16]
    params = mlp.init((16, 6, 10), seed=0, dtype=torch.float64)
    n, told = len(flatten(params)), []
    options = {"top": 3, "steps": 30, "probes": 60}
    found = landscape(
        params, get("silu"), images, labels, **options, on_product=lambda *d: told.append(d)
    )
    assert told == [(done, 120) for done in range(1, 121)]
    floats = normalise(images).double()
    of = operator(hessian_product, params, get("silu"), floats, labels)
    full = torch.func.vmap(of, chunk_size=100)(torch.eye(n, dtype=torch.float64))
    values = torch.linalg.eigvalsh(full)
    torch.testing.assert_close(found.top.values, values.flip(0)[:3], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(found.lowest.values, values[:1], rtol=1e-3, atol=1e-6)
    assert abs(found.trace.value - full.trace()) < 4 * found.trace.standard_error
    assert found.stretch.shape == (30, 10)
    assert 0.5 < gauss_newton_share(found) < 2
    parts = landscape(params, get("silu"), images, labels, **options, batch=16)
    for one, other in zip(tree.leaves(parts.top), tree.leaves(found.top), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(parts.stretch, found.stretch, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(
        parts.gauss_newton_trace, found.gauss_newton_trace, rtol=1e-5, atol=0
    )
