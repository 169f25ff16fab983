"""The same results on a GPU as on the CPU; skipped where there is none."""

from __future__ import annotations

import pytest
import torch

from actfunc import get, mlp, names, tree
from actfunc.analysis import backpropagate, dead_neurons
from actfunc.certify import parse
from actfunc.certify.check import BOUNDS, measured
from actfunc.certify.exhaustive import judge_chunk
from actfunc.certify.grids import grid
from actfunc.certify.oracle import truth
from actfunc.data import normalise
from actfunc.storage import WorkingSet, run
from actfunc.training import Settings, accuracy, evaluate

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


def on_gpu(tree_of_tensors):
    return tree.map(lambda leaf: leaf.cuda(), tree_of_tensors)


@pytest.mark.parametrize("name", names())
def test_records_hold_on_a_gpu(name):
    record = get(name)
    formula = parse(record.formula, tuple(record.params))
    for dtype in (torch.float64, torch.float32):
        x = grid(record, dtype)
        there = x.cuda()
        siblings = [sibling(there) for sibling in (record.f, record.df, record.d2f)]
        errors = measured([each.cpu() for each in siblings], truth(formula, x, record.params), x)
        assert (errors.amax(1) <= torch.tensor(BOUNDS)).all()
        assert torch.equal(torch.func.vmap(torch.func.grad(record))(there), siblings[1])


@pytest.mark.parametrize("name", names())
def test_a_block_of_all_floats_holds_on_a_gpu(name):
    for start in (0x3F800000, 0xC0000000):
        found = judge_chunk(get(name), start, 2**20, torch.device("cuda"))
        assert found.beyond == (0, 0, 0)
        assert found.deaf == 0


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
