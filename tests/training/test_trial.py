"""The trial of a compiled step: an honest one passes, a wrong one never trains anything."""

from __future__ import annotations

import pytest
import torch

from actfunc import CATALOGUE, get, tree
from actfunc.errors import ActfuncError
from actfunc.training import Program, optimizer, program
from tests.records import each
from tests.training.plain import assert_trees_same, fresh

pytestmark = pytest.mark.usefixtures("one_thread")

SPECS = ("sgd", "sgd:nesterov=true,weight_decay=0.1", "adam", "adamw")


def made(split, activations=("tanh", "gelu"), spec: str = "sgd", **more) -> Program:
    records, optimise = [get(name) for name in activations], optimizer.named(spec)
    sizes = (784, 12, 9, 10)
    return Program(records, optimise, sizes, split, batch_size=100, compiling=True, **more)


@pytest.fixture
def compiled_as(monkeypatch):
    """Let the compiler make of an advance what a function makes of it."""
    advance = program.advance

    def patch(make):
        def eager(step, **_):
            return make(advance(step, compiling=False, in_place=True))

        monkeypatch.setattr(program, "advance", eager)

    return patch


@each(CATALOGUE.values())
def test_the_step_itself_passes_with_every_activation(small_split, compiled_as, record):
    tried = []
    compiled_as(lambda advance: lambda *step: tried.append(step) or advance(*step))
    made(small_split, [record.name], slots=2)
    assert len(tried) == 1


@pytest.mark.parametrize("precision", [None, torch.bfloat16])
@pytest.mark.parametrize("spec", SPECS)
def test_it_passes_with_every_optimiser_and_leaves_what_was_there(
    small_split, compiled_as, spec, precision
):
    compiled_as(lambda advance: advance)
    found = made(small_split, spec=spec, precision=precision, slots=2)
    start = fresh(optimizer.named(spec), 12, 9, seed=0)
    for slot in ((0, 0), (1, 1)):
        assert_trees_same(found.take(slot), (start, start.params))
    assert not any(total.any() for total in found._totals)


@pytest.mark.full
def test_what_the_compiler_really_makes_in_bfloat16_passes(small_split):
    """test_program.py has those of float32."""
    found = made(small_split, ("relu", "gelu", "mish"), precision=torch.bfloat16, slots=2)
    start = fresh(optimizer.named("sgd"), 12, 9, seed=0)
    assert_trees_same(found.take((1, 2)), (start, start.params))


def overwrite(layer, leaves):
    tree.map(torch.Tensor.copy_, layer, leaves)


def late(advance):
    """The last layer is written before the others' gradients have read it, as torch 2.11 did."""

    def wrong(state, *rest):
        ahead, before = tree.map(torch.clone, state), state.params[-1]
        advance(ahead, *rest)
        for total in rest[-1]:
            total.zero_()
        overwrite(before, ahead.params[-1])
        advance(state, *rest)
        overwrite(before, ahead.params[-1])

    return wrong


def at_another_rate(advance):
    """A fifth too far."""
    return lambda state, train, index, rates, totals: advance(
        state, train, index, 1.2 * rates, totals
    )


def on_another_batch(advance):
    """The rows beside the ones asked for."""
    return lambda state, train, index, rates, totals: advance(
        state, train, (index + 1) % len(train.labels), rates, totals
    )


def of_the_neighbour(advance):
    """Members get each other's weights."""

    def wrong(state, *rest):
        advance(state, *rest)
        tree.map(lambda leaf: leaf.copy_(leaf.flip(1)), state)

    return wrong


def not_a_number(advance):
    """One weight is lost."""

    def wrong(state, *rest):
        advance(state, *rest)
        state.params[0].weight[..., 0, 0] = torch.nan

    return wrong


@pytest.mark.parametrize(
    "fault", [late, at_another_rate, on_another_batch, of_the_neighbour, not_a_number]
)
@pytest.mark.parametrize("spec", ["sgd", "adamw"])
def test_a_step_that_is_wrong_is_refused(small_split, compiled_as, spec, fault):
    compiled_as(fault)
    with pytest.raises(ActfuncError, match=r"compiled the training step of \w+ wrongly") as raised:
        made(small_split, spec=spec, slots=2)
    assert "--eager" in raised.value.hint
