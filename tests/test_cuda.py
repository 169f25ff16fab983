"""The same results on a GPU as on the CPU; skipped where there is none."""

from __future__ import annotations

import pytest
import torch

from actfunc import get, mlp, names, tree
from actfunc.analysis import backpropagate, dead_neurons
from actfunc.data import normalise
from actfunc.storage import WorkingSet, run
from actfunc.training import Settings, accuracy, evaluate

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


def on_gpu(tree_of_tensors):
    return tree.map(lambda leaf: leaf.cuda(), tree_of_tensors)


@pytest.mark.parametrize("name", names())
def test_values_and_derivatives_are_the_cpus(name):
    record, x = get(name), torch.linspace(-20, 20, 4001, dtype=torch.float64)
    for sibling in (record.f, record.df, record.d2f):
        torch.testing.assert_close(sibling(x.cuda()).cpu(), sibling(x), rtol=1e-13, atol=1e-300)
    slope = torch.func.vmap(torch.func.grad(record))(x.cuda())
    assert torch.equal(slope, record.df(x.cuda()))


def test_weights_are_the_same_bits():
    there = mlp.init((784, 16, 10), seed=42, device="cuda")
    here = mlp.init((784, 16, 10), seed=42)
    assert all(tree.leaves(tree.map(lambda a, b: torch.equal(a.cpu(), b), there, here)))


def test_pixels_are_the_same_bits(small_split):
    images = small_split.train.images
    assert torch.equal(normalise(images.cuda()).cpu(), normalise(images))


@pytest.mark.slow
@pytest.mark.parametrize("compiling", [False, True])
def test_a_run_learns_as_on_the_cpu(small_data, small_split, tmp_path, compiling):
    settings = Settings(max_epochs=3, batch_size=50)
    runs = {
        device: run.train(
            get("silu"),
            WorkingSet(
                small_data,
                on_gpu(small_split) if device == "cuda" else small_split,
                torch.device(device),
                42,
            ),
            settings,
            tmp_path / device,
            hidden=(32, 16),
            compiling=compiling,
        )
        for device in ("cpu", "cuda")
    }
    for ours, theirs in zip(*(found.progress.history for found in runs.values()), strict=True):
        assert ours.loss == pytest.approx(theirs.loss, rel=1e-3)
    again = runs["cuda"].folder.parameters(runs["cuda"].params)
    assert accuracy(again, get("silu"), on_gpu(small_split).test) == pytest.approx(
        evaluate(runs["cuda"].params, get("silu"), on_gpu(small_split)).test / 100
    )


def test_the_analysis_is_the_cpus(small_split):
    params = mlp.init((784, 32, 16, 10), seed=0)
    images, labels = small_split.train.first(64)
    ours = backpropagate(on_gpu(params), get("tanh"), normalise(images.cuda()), labels.cuda())
    theirs = backpropagate(params, get("tanh"), normalise(images), labels)
    for here, there in zip(tree.leaves(ours), tree.leaves(theirs), strict=True):
        torch.testing.assert_close(here.cpu(), there, rtol=1e-4, atol=1e-7)
    images = small_split.train.images
    dead = dead_neurons(on_gpu(params), get("relu").f, images.cuda())
    same = tree.map(
        lambda a, b: torch.equal(a.cpu(), b), dead, dead_neurons(params, get("relu").f, images)
    )
    assert all(tree.leaves(same))
