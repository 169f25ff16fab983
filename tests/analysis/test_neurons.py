"""Neurons by their slopes: as counted one by one, and as made to be."""

from __future__ import annotations

import math

import pytest
import torch
from torch.func import vmap
from torch.utils._python_dispatch import TorchDispatchMode

from actfunc import Activation, get, mlp, tree
from actfunc.analysis import dead_neurons
from actfunc.analysis.neurons import (
    SATURATED,
    LayerNeurons,
    count_batch,
    count_neurons,
    judge,
    no_inputs,
    starving,
    tally,
)
from actfunc.data import normalise
from actfunc.errors import UsageError
from actfunc.storage import tutorial_checkpoint
from tests.records import HANDFUL
from tests.reference import assert_same

pytestmark = pytest.mark.usefixtures("one_thread")
RELU = get("relu")


def from_slopes(params, record, images, bound=SATURATED) -> list[LayerNeurons]:
    """All slopes of all inputs in memory at once, and autograd's of what the network computes."""
    found = []
    for z in mlp.trace(params, normalise(images), record.f).pre_activations[:-1]:
        slope = record.df(z)
        least, most = slope.min(0).values, slope.max(0).values
        dead, flat = (slope == 0).all(0), slope.abs() < bound
        found.append(
            LayerNeurons(
                dead, flat.all(0), (least == most) & ~dead, (slope + z).isnan().any(0),
                flat.float().mean(0),
            )
        )  # fmt: skip
    return found


def scaled(seed: int, gain: float, sizes=(784, *[24] * 6, 10)) -> mlp.Params:
    """A network whose later layers are driven far into both tails."""
    return tree.map(lambda leaf: gain * leaf, mlp.init(sizes, seed=seed))


def test_the_same_as_slopes_one_by_one(small_split):
    images, kinds = small_split.train.images[:150], {"dead": 0, "saturated": 0, "linear": 0}
    for name in (*HANDFUL, "relu", "sigmoid", "hardtanh"):
        record = get(name)
        for gain in (1.0, 6.0):
            params = scaled(0, gain)
            found = count_neurons(params, record, images, batch=64)
            for got, want in zip(found, from_slopes(params, record, images), strict=True):
                for field in ("dead", "saturated", "undefined"):
                    assert torch.equal(getattr(got, field), getattr(want, field)), (name, field)
                # slopes that are equal may be those of two lines
                assert not (got.linear & ~want.linear).any(), name
                assert_same(got.flat, want.flat)
                for kind in kinds:
                    kinds[kind] += int(getattr(got, kind).sum())
    assert all(count > 100 for count in kinds.values()), kinds


def one_layer(*rows: tuple[float, float]) -> mlp.Params:
    """A layer whose neurons are weight·pixel + bias of one pixel, and a head."""
    weight = torch.tensor([[float(w)] for w, _ in rows])
    bias = torch.tensor([float(b) for _, b in rows])
    return (mlp.Layer(weight, bias), mlp.Layer(torch.ones(2, len(rows)), torch.zeros(2)))


PIXELS = torch.tensor([0, 255, 100], dtype=torch.uint8).reshape(3, 1)  # -1, 1, between


@pytest.mark.parametrize(
    ("name", "rows", "dead", "saturated", "linear"),
    [
        # below 0, above it, across it
        ("relu", [(1, -5), (1, 5), (1, 0)], [1, 0, 0], [1, 0, 0], [0, 1, 0]),
        ("leaky_relu:negative_slope=0.001", [(1, -5), (1, 5), (1, 0)], [0, 0, 0], [1, 0, 0],
         [1, 1, 0]),
        ("identity", [(1, -5), (0, 0), (3, 0)], [0, 0, 0], [0, 0, 0], [1, 1, 1]),
        # far enough that the slope rounds to 0, far, near
        ("sigmoid", [(1, -200), (1, -9), (1, 0)], [1, 0, 0], [1, 1, 0], [0, 0, 0]),
        # in the gap, right of it, jumping across it: slope 1 on both sides, on one line or on two
        ("hardshrink", [(0.1, 0), (1, 5), (50, 10)], [1, 0, 0], [1, 0, 0], [0, 1, 1]),
        ("softshrink", [(0.1, 0), (1, 5), (50, 10)], [1, 0, 0], [1, 0, 0], [0, 1, 0]),
    ],
)  # fmt: skip
def test_neurons_made_to_be_what_they_are(name, rows, dead, saturated, linear):
    [found] = count_neurons(one_layer(*rows), get(name), PIXELS)
    assert found.dead.tolist() == [bool(n) for n in dead]
    assert found.saturated.tolist() == [bool(n) for n in saturated]
    assert found.linear.tolist() == [bool(n) for n in linear]
    assert not found.undefined.any()
    [counted] = tally([found])
    assert counted.neurons == 3
    assert (counted.dead, counted.saturated, counted.linear) == (
        sum(dead), sum(saturated), sum(linear)
    )  # fmt: skip
    assert counted.share("dead") == pytest.approx(sum(dead) / 3)


def test_the_bound_is_the_slope_under_which_a_neuron_is_saturated():
    record, params = get("tanh"), one_layer((0, 2), (0, 3), (0, 4))
    slopes = record.df(torch.tensor([2.0, 3.0, 4.0]))
    for bound in (1e-4, 1e-3, 0.01, 0.05, 0.1):
        [found] = count_neurons(params, record, PIXELS, bound=bound)
        assert torch.equal(found.saturated, slopes < bound)
        [counted] = tally([found])
        assert counted.saturated_pairs == pytest.approx((slopes < bound).float().mean())


def test_a_share_of_the_pairs_is_saturated():
    # slopes at -1, 1 and between: two of the three inputs reach the flat sides
    [found] = count_neurons(one_layer((20, 3)), get("tanh"), PIXELS)
    assert_same(found.flat, torch.tensor([2 / 3]))
    assert not found.saturated.item()


def test_ones_own_function_and_a_network_that_has_diverged(small_split):
    own = Activation.from_function(lambda x: torch.clamp(x, -1, 1), "own")
    [found] = count_neurons(one_layer((0, 3), (0, 0), (2, 0)), own, PIXELS)
    assert found.dead.tolist() == [True, False, False]
    params = mlp.init((784, 8, 10), seed=0)
    broken = (params[0]._replace(bias=params[0].bias.index_fill(0, torch.tensor([3]), math.nan)),)
    for name in ("silu", "relu", "identity"):
        [found] = count_neurons((*broken, params[1]), get(name), small_split.train.images[:9])
        assert found.undefined.nonzero().tolist() == [[3]]
        assert not (found.dead | found.saturated | found.linear)[3]


def test_in_any_batches_and_double_precision(small_split):
    images = small_split.train.images[:257]
    params = tree.map(torch.Tensor.double, scaled(1, 4.0))
    whole = count_neurons(params, get("tanh"), images, batch=1000)
    for batch in (1, 16, 256):
        told = []
        parts = count_neurons(
            params, get("tanh"), images, batch=batch,
            on_batch=lambda *done, told=told: told.append(done),
        )  # fmt: skip
        assert told[-1] == (257, 257)
        assert len(told) == math.ceil(257 / batch)
        for one, other in zip(parts, whole, strict=True):
            assert torch.equal(one.dead, other.dead)
            assert torch.equal(one.saturated, other.saturated)
            torch.testing.assert_close(one.flat, other.flat)


def test_over_the_members_of_a_stack(small_split):
    record, images = get("relu"), normalise(small_split.train.images[:90])
    members = [scaled(seed, 1.5) for seed in range(4)]
    stack = tree.map(lambda *leaves: torch.stack(leaves), *members)

    def alone(params):
        counts = no_inputs(params)
        for part in images.split(40):
            counts = count_batch(counts, params, record, part)
        return tally(judge(counts, record))

    mapped, native = vmap(alone)(stack), alone(stack)
    for index, params in enumerate(members):
        for together, beside, layer in zip(mapped, native, alone(params), strict=True):
            for kind in layer._fields:
                wanted = getattr(layer, kind)
                torch.testing.assert_close(getattr(together, kind)[index], wanted)
                torch.testing.assert_close(getattr(beside, kind)[index], wanted)


def test_one_batch_is_pure_and_compiles(small_split):
    record, params = get("tanh"), scaled(0, 3.0, (784, 24, 16, 10))
    images = normalise(small_split.train.images[:80])
    before = no_inputs(params)
    kept = tree.map(torch.clone, before)
    compiled = torch.compile(count_batch, fullgraph=True, backend="aot_eager")
    plain, fast = before, before
    for part in images.split(40):
        plain = count_batch(plain, params, record, part)
        fast = compiled(fast, params, record, part)
    for one, other in zip(tree.leaves(fast), tree.leaves(plain), strict=True):
        torch.testing.assert_close(one, other)
    for one, other in zip(tree.leaves(before), tree.leaves(kept), strict=True):
        assert torch.equal(one, other)


class Largest(TorchDispatchMode):
    """Remembers the size of the largest tensor that an operation gave."""

    size = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **kwargs or {})
        if isinstance(result, torch.Tensor):
            self.size = max(self.size, result.numel())
        return result


@pytest.mark.parametrize("n", [64, 640])
def test_memory_does_not_grow_with_the_images(n, small_split):
    images = small_split.train.images[:n]
    with Largest() as mode:
        count_neurons(scaled(0, 1.0), get("gelu"), images, batch=64)
    assert mode.size == 64 * 784


def test_layers_that_starve_are_named():
    rows = [(1, -5), (1, -5), (1, 5), (1, 5)]
    tallies = tally(count_neurons(one_layer(*rows), get("relu"), PIXELS)) * 2
    assert starving(tallies) == (1, 2)
    assert starving(tallies, 0.5) == ()
    assert starving(tallies, 0.49) == (1, 2)
    assert starving(tally(count_neurons(one_layer(*rows), get("silu"), PIXELS))) == ()


@pytest.mark.parametrize("bound", [0, -1.0, math.inf, math.nan])
def test_a_bound_that_means_nothing_is_an_error(bound):
    with pytest.raises(UsageError, match="bound must be a number above 0, got"):
        count_neurons(one_layer((1, 0)), RELU, PIXELS, bound=bound)


def test_no_image_is_an_error():
    with pytest.raises(UsageError, match="images must be one or more"):
        count_neurons(one_layer((1, 0)), RELU, PIXELS[:0])


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "dead"), [("relu", [0, 0, 0, 3]), ("sigmoid", [0] * 4), ("swish", [0] * 4)]
)
def test_the_trained_networks_over_the_whole_training_set(name, dead, real_split, checkpoints):
    record, params, *_ = tutorial_checkpoint.read(checkpoints, name)
    found = tally(count_neurons(params, record, real_split.train.images))
    assert [int(layer.dead) for layer in found] == dead


def test_dead_by_the_slope_is_dead_by_the_output_in_the_trained_network(real_split, checkpoints):
    record, params, *_ = tutorial_checkpoint.read(checkpoints, "relu")
    images = real_split.train.images[:1000]
    by_slope = count_neurons(params, record, images)
    by_output = dead_neurons(params, record.f, images)
    assert sum(int(dead.sum()) for dead in by_output) >= 3
    for layer, dead in zip(by_slope, by_output, strict=True):
        assert torch.equal(layer.dead, dead)


@pytest.mark.parametrize("function", [torch.relu, torch.tanh])
def test_a_plain_function_and_float_images_give_what_the_record_gives(function, small_split):
    images, params = small_split.train.images[:40], scaled(0, 20.0)
    want = count_neurons(params, get(function.__name__), images)
    pixels = normalise(images)
    for got in (
        count_neurons(params, function, images, batch=7),
        count_neurons(params, get(function.__name__), pixels, batch=7),
    ):
        for one, other in zip(tree.leaves(got), tree.leaves(want), strict=True):
            assert torch.equal(one, other)
    assert any(layer.flat.any() for layer in want)
