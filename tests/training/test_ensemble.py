"""Members side by side are each its own: their steps, their right answers, their accidents."""

from __future__ import annotations

import pytest
import torch

from actfunc import get, mlp, tree
from actfunc.data import Examples
from actfunc.training import State, accuracy, adam, make_step, sgd
from actfunc.training.ensemble import SideBySide, ensemble_correct, ensemble_step, start_ensemble
from tests.reference import assert_same
from tests.training.plain import assert_trees_close, assert_trees_same

pytestmark = pytest.mark.usefixtures("one_thread")

NAMES = ("tanh", "gelu", "leaky_relu:negative_slope=0.1")
ACTIVATIONS = tuple(map(get, NAMES))
SLOTS = 2
SHAPE = (SLOTS, len(NAMES))
EVERY = [(slot, each) for slot in range(SLOTS) for each in range(len(NAMES))]

# a step of Adam's has its size whatever the gradient's, so that of a zero it would magnify rounding
OPTIMIZERS = [sgd(0), sgd(), sgd(nesterov=True, weight_decay=0.1), adam(eps=1e-3)]


def stacked(trees):
    """Trees in the order of `EVERY`, as one with (slot, activation) before each leaf."""
    return tree.map(lambda *leaves: torch.stack(leaves).unflatten(0, SHAPE), *trees)


def of(member: tuple[int, int], ensemble):
    """One member of it."""
    return tree.map(lambda leaf: leaf[member], ensemble)


def params(dtype=torch.float32):
    return [mlp.init((784, 12, 9, 10), seed=seed, dtype=dtype) for seed in range(len(EVERY))]


def batches(examples: Examples, size: int = 40) -> Examples:
    """Other images for each member."""
    each = [part[: size * len(EVERY)].unflatten(0, (*SHAPE, size)) for part in examples]
    return Examples(*each)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_a_step_of_all_is_each_members_own(small_split, optimizer, dtype, tolerance):
    near = {"rtol": tolerance, "atol": tolerance}
    ensemble = start_ensemble(optimizer, stacked(params(dtype)))
    states = [State(each, optimizer.init(each)) for each in params(dtype)]
    assert_trees_same(ensemble, stacked(states))
    together, batch = ensemble_step(ACTIVATIONS, optimizer), batches(small_split.train)
    rates = torch.logspace(-3, -1, len(EVERY), dtype=dtype).view(SHAPE)
    for count in range(3):
        ensemble, measured = together(ensemble, batch, rates / (1 + count))
        assert measured.loss.shape == measured.correct.shape == SHAPE
        for index, member in enumerate(EVERY):
            step = make_step(ACTIVATIONS[member[1]], optimizer)
            states[index], alone = step(
                states[index], of(member, batch), rates[member] / (1 + count)
            )
            torch.testing.assert_close(measured.loss[member], alone.loss, **near)
            assert measured.correct[member] == alone.correct
    for state, member in zip(states, EVERY, strict=True):
        assert_trees_close(of(member, ensemble), state, **near)


@pytest.mark.parametrize("precision", [None, torch.bfloat16, torch.float64])
def test_the_passes_are_in_the_precision_and_what_is_kept_is_not(small_split, precision):
    seen = set()

    def spying(z):
        seen.add(z.dtype)
        return z.relu()

    state = start_ensemble(sgd(), stacked(params()))
    step = ensemble_step((spying,) * len(NAMES), sgd(), precision=precision)
    seen.clear()  # of its examination
    after, measured = step(state, batches(small_split.train), torch.full(SHAPE, 0.1))
    assert seen == {precision or torch.float32}
    assert {leaf.dtype for leaf in (*tree.leaves(after), measured.loss)} == {torch.float32}


@pytest.mark.parametrize("chunk", [7, 200, 1000])
def test_right_answers_are_those_of_accuracy(small_split, chunk):
    right = ensemble_correct(ACTIVATIONS, stacked(params()), small_split.test, chunk)
    assert right.dtype == torch.int64
    assert right.shape == SHAPE
    for each, member in zip(params(), EVERY, strict=True):
        want = accuracy(each, ACTIVATIONS[member[1]], small_split.test)
        assert right[member].item() / len(small_split.test.labels) == want
    assert len(right.unique()) > 1


@pytest.mark.parametrize("optimizer", [sgd(), adam(eps=1e-3)])
@pytest.mark.parametrize("broken", [(0, 0), (1, 1)])
def test_what_happens_to_one_changes_no_bit_of_another(small_split, optimizer, broken):
    together, batch = ensemble_step(ACTIVATIONS, optimizer), batches(small_split.train)
    rates = torch.full(SHAPE, 0.1)
    sound = start_ensemble(optimizer, stacked(params()))
    ill = tree.map(torch.clone, sound)
    for leaf in tree.leaves(ill.params):
        leaf[broken] = torch.nan
    others = Examples(*(part.clone() for part in batch))
    others.images[broken] = 255
    fast = rates.clone()
    fast[broken] = torch.inf
    for _ in range(2):
        sound, measured = together(sound, batch, rates)
        ill, seen = together(ill, others, fast)
    assert seen.loss[broken].isnan()
    for member in EVERY:
        if member != broken:
            assert_trees_same(of(member, (ill, seen)), of(member, (sound, measured)))
    right, ill_right = (
        ensemble_correct(ACTIVATIONS, each.params, small_split.test, 64) for each in (sound, ill)
    )
    spared = torch.ones(SHAPE, dtype=torch.bool)
    spared[broken] = False
    assert torch.equal(right[spared], ill_right[spared])


def test_members_own_their_state_in_memory():
    state = start_ensemble(adam(), stacked(params()))
    assert state.optimizer.steps.shape == SHAPE
    for leaf in tree.leaves(state):
        before = leaf.clone()
        leaf[0, 1] += 1
        changed = (leaf != before).reshape(*SHAPE, -1).any(-1)
        assert changed.tolist() == [[False, True, False], [False, False, False]]


def test_side_by_side_each_activation_has_its_own_part():
    z = torch.randn((len(NAMES), 5, 4), generator=torch.Generator().manual_seed(0))
    side_by_side = SideBySide(ACTIVATIONS)
    for index, phi in enumerate(ACTIVATIONS):
        assert_same(side_by_side(z)[index], phi(z[index]))
        assert_same(side_by_side.f(z)[index], phi.f(z[index]))
    slopes = torch.func.grad(lambda z: side_by_side(z).sum())(z)
    for index, phi in enumerate(ACTIVATIONS):
        assert_same(slopes[index], phi.df(z[index]))
    with pytest.raises(ValueError, match="zip"):
        side_by_side(z[:2])
