"""What a GPU replays: every activation, optimiser and precision can be captured, and is once."""

from __future__ import annotations

from contextlib import suppress

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from actfunc import CATALOGUE, get, tree
from actfunc.data import Examples, Split, intake
from actfunc.training import Metrics, Program, optimizer, sgd
from tests import records
from tests.capturing import Capture, Graphs, capturing, not_capturable
from tests.training.plain import assert_trees_same
from tests.training.test_program import EPOCHS, NAMES, SEEDS, SLOTS, filled, rates_of

PRECISIONS = (None, torch.bfloat16)
RULES = (*optimizer.OPTIMIZERS.names(), "sgd:momentum=0", "sgd:nesterov=true,weight_decay=0.1")


@pytest.mark.parametrize("precision", PRECISIONS, ids=["float32", "bfloat16"])
@records.each(CATALOGUE.values())
def test_every_activation_can_be_captured(record, precision):
    assert not_capturable(record, sgd(), precision) == []


@pytest.mark.parametrize("precision", PRECISIONS, ids=["float32", "bfloat16"])
@pytest.mark.parametrize("rule", RULES)
def test_every_optimiser_can_be_captured(rule, precision):
    assert not_capturable(get("gelu"), optimizer.named(rule), precision) == []


@records.each(CATALOGUE.values())
def test_every_activation_can_be_captured_in_float64(record):
    assert not_capturable(record, sgd(), dtype=torch.float64) == []


# Faults that the guard has to see

TWO = torch.tensor(2.0)


def masked(x):
    y = x.clone()
    y[x < 0] = 0
    return y


PLANTED = {
    "an item": (lambda x: x * x.sum().item(), "item() waits"),
    "a question": (lambda x: x if x.sum() > 0 else -x, "__bool__() waits"),
    "a list": (lambda x: x * torch.tensor([2.0], device=x.device), "tensor() copies from the host"),
    "an array": (lambda x: x * torch.asarray(2.0, device=x.device), "asarray() copies"),
    "a new tensor": (lambda x: x * x.new_tensor(2.0), "new_tensor() copies"),
    "a tensor that is moved": (lambda x: x * torch.zeros(()).to(x.device), "on cpu"),
    "a number left on the host": (lambda x: x * TWO, "mul() of a tensor on cpu"),
    "a mask": (masked, "waits"),
    "what is where": (lambda x: x * x.nonzero().sum(), "nonzero() waits"),
    "chance of the host": (
        lambda x: x + torch.randn(4, generator=torch.Generator()).to(x.device).sum(),
        "draws by a generator on cpu",
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_what_no_graph_captures_is_seen(name):
    act, said = PLANTED[name]
    x = torch.empty(4, device="meta")
    with capturing() as told, suppress(RuntimeError, NotImplementedError):
        act(x)
    assert any(said in one for one in told), told


def test_what_no_graph_captures_is_seen_in_a_step():
    """Within the transforms of an ensemble, and in the derivative alone."""
    tanh = get("tanh")

    def slope(x):
        return tanh.df(x) * torch.tensor(1.0, device=x.device)

    planted = type(tanh)("planted", tanh.formula, f=tanh.f, df=slope, d2f=tanh.d2f)
    assert any("tensor() copies" in one for one in not_capturable(planted, sgd()))
    assert not_capturable(tanh, sgd()) == []


# A program on a GPU


@pytest.fixture
def graphs(monkeypatch) -> Graphs:
    """In the place of torch.cuda's own."""
    made, cuda = Graphs(), torch.cuda
    ways = {
        "device": made.on_device,
        "Stream": made.stream,
        "stream": made.on_stream,
        "current_stream": made.current_stream,
        "graph": made.capture,
        "CUDAGraph": Capture,
        "graph_pool_handle": object,
    }
    for name, way in ways.items():
        monkeypatch.setattr(cuda, name, way)
    return made


def plain_step(state, batch, rates):
    """As an ensemble's: weights that shrink, and a loss of the pixels."""
    params = tree.map(lambda leaf: leaf - leaf * rates.mean(), state.params)
    loss = batch.images.float().mean((-3, -2, -1))
    return state._replace(params=params), Metrics(loss, (batch.labels > 3).sum(-1))


@pytest.fixture
def gpu(graphs, monkeypatch):
    """A program of two activations on the second of two GPUs, with so many images.

    Its step takes no derivatives, for which torch would ask the GPU.
    """
    monkeypatch.setattr("actfunc.training.program.ensemble_step", lambda *_, **__: plain_step)
    monkeypatch.setattr(intake, "_can_be_read", lambda tensor: False)
    there = torch.device("cuda", 1)

    def examples(count: int) -> Examples:
        images = torch.empty((count, 28, 28), dtype=torch.uint8, device=there)
        return Examples(images, torch.empty(count, dtype=torch.int64, device=there))

    def made(images: int = 40, **more) -> Program:
        split = Split(examples(images), examples(13), examples(5))
        rule, sizes = optimizer.named("adam"), (784, 8, 10)
        more = {"batch_size": 10, "slots": SLOTS, **more}
        return Program([get(name) for name in NAMES], rule, sizes, split, **more)

    with FakeTensorMode(allow_non_fake_inputs=True):
        yield made


def test_a_step_is_captured_once_and_replayed_for_each(gpu, graphs):
    made, few = gpu(200), gpu(20)
    step, validation, *others = graphs.captures
    told = []
    made.epoch(SEEDS, EPOCHS, torch.zeros(20, 2, 2), lambda *done: told.append(done))
    made.epoch(SEEDS, EPOCHS, torch.zeros(20, 2, 2))
    assert (step.replays, validation.replays) == (40, 2)
    assert told == [(20, 20)]
    # however many steps there are
    assert step.kernels == others[0].kernels > 10
    assert few.steps == 2


def test_what_is_captured_lies_on_its_own_gpu_and_stream(gpu, graphs):
    programs = gpu(), gpu(slots=1)
    assert graphs.told == []
    assert graphs.default is None
    assert graphs.current == 0
    streams = [each.stream for each in graphs.captures]
    assert {stream.device for stream in streams} == {torch.device("cuda", 1)}
    # those of one program share stream and memory, those of two nothing
    first, second = streams[:2], streams[2:]
    assert first[0] is first[1] is not second[0]
    pools = [each.pool for each in graphs.captures]
    assert pools[0] is pools[1] is not pools[2]
    assert all(stream.waited for stream in streams)
    assert len(programs) == 2


def test_work_beside_the_stream_that_captures_is_seen(gpu, graphs):
    """As torch's own stream is, which belongs to whatever device was current."""
    made = gpu()
    with graphs.capture(torch.cuda.CUDAGraph()):
        made._next()
    assert graphs.default.device == torch.device("cuda", 0)
    assert any("on cuda:1" in one for one in graphs.told)


def test_a_program_has_the_state_that_it_began_with_once_it_is_captured(gpu, monkeypatch):
    put_right = []
    monkeypatch.setattr(
        Program, "_begin_with", lambda self, start: put_right.append((self._graphs, start))
    )
    made = gpu()
    [(captured, start)] = put_right
    assert captured is made._graphs is not None
    assert {leaf.shape[-1] for leaf in (start.params[0].weight, start.params[-1].weight)} == {
        784,
        8,
    }


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("spec", ["sgd", "adamw"])
def test_steps_that_count_on_the_device_are_those_that_the_host_counts(small_split, spec):
    """Bit for bit, over two epochs."""
    host, device = filled(small_split, spec), filled(small_split, spec)
    device._graphs = device._next, device._validate
    for number in range(2):
        rates = rates_of(host) / (1 + number)
        want, got = (each.epoch(SEEDS, EPOCHS + number, rates) for each in (host, device))
        assert_trees_same(got, want)
    assert_trees_same(device.state, host.state)


@pytest.mark.usefixtures("one_thread")
def test_an_epoch_that_was_cut_off_begins_at_the_first_step(small_split):
    whole, cut = filled(small_split), filled(small_split)
    cut._graphs = cut._next, cut._validate
    kept = [cut.take((slot, each))[0] for slot in range(SLOTS) for each in range(len(NAMES))]
    cut._next()
    for index, state in enumerate(kept):
        cut.put(divmod(index, len(NAMES)), state, state.params)
    want, got = (each.epoch(SEEDS, EPOCHS, rates_of(whole)) for each in (whole, cut))
    assert_trees_same(got, want)
