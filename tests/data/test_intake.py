"""Images and labels as people bring them: taken alike by everything public, or refused alike."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from actfunc import analysis, get, mlp, tree
from actfunc.analysis.curvature import gauss_newton_product, hessian_product, operator
from actfunc.analysis.gradient_statistics import gradient_statistics
from actfunc.analysis.isometry import input_jacobian
from actfunc.analysis.landscape import landscape
from actfunc.analysis.neurons import count_neurons
from actfunc.analysis.per_example import per_example
from actfunc.data import Examples, Split, intake, normalise
from actfunc.errors import UsageError
from actfunc.training import Settings, State, accuracy, evaluate, fit, make_step, sgd, start
from tests.reference import assert_same

N, CLASSES = 12, 3
PARAMS = mlp.init((4, 5, CLASSES), seed=1)
STACK = tuple(
    mlp.Layer(*(torch.stack([one, -one]) for one in layer)) for layer in PARAMS
)  # of two networks
RELU = get("relu")
PIXELS = torch.randint(
    0, 256, (N, 2, 2), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
)
FLOATS = torch.randn(N, 4, generator=torch.Generator().manual_seed(1))
LABELS = torch.arange(N) % CLASSES


def trained(images, labels):
    settings = Settings(batch_size=4, max_epochs=1)
    examples = Examples(images, labels)
    progress = start(PARAMS, settings)
    [done] = fit(progress, RELU, Split(examples, examples, examples), settings)
    return done.state.params, done.history[0][:4]


def landscape_of(images, labels):
    found = landscape(PARAMS, RELU, images, labels, top=2, steps=5, probes=2)
    return found.top.values, found.gauss_newton_trace, found.stretch


WITH_LABELS = {
    "fit": trained,
    "accuracy": lambda images, labels: accuracy(PARAMS, RELU, Examples(images, labels)),
    "evaluate": lambda images, labels: evaluate(
        PARAMS, RELU, Split(*[Examples(images, labels)] * 3)
    ),
    "backpropagate": lambda *batch: analysis.backpropagate(PARAMS, RELU, *batch),
    "per_example": lambda *batch: per_example(PARAMS, RELU, *batch),
    "gradient_statistics": lambda *batch: gradient_statistics(PARAMS, RELU, *batch).layers,
    "hessian_product": lambda *batch: hessian_product(PARAMS, RELU, *batch, PARAMS),
    "gauss_newton_product": lambda *batch: gauss_newton_product(PARAMS, RELU, *batch, PARAMS),
    "operator": lambda *batch: operator(hessian_product, PARAMS, RELU, *batch)(torch.ones(43)),
    "landscape": landscape_of,
}
WITHOUT = {
    "dead_neurons": lambda images: analysis.dead_neurons(PARAMS, RELU, images),
    "count_neurons": lambda images: count_neurons(PARAMS, RELU, images),
    "distribution": lambda images: analysis.distribution(PARAMS, RELU, images),
    "input_jacobian": lambda images: input_jacobian(PARAMS, RELU, images),
}
DOORS = WITH_LABELS | {
    name: lambda images, labels, of=of: of(images) for name, of in WITHOUT.items()
}


def same(one, other):
    if isinstance(one, torch.Tensor):
        return assert_same(one, other)
    if isinstance(one, tuple):
        return [same(*pair) for pair in zip(one, other, strict=True)]
    assert one == other
    return None


def step(images, labels, params=PARAMS):
    optimizer = sgd()
    batch = Examples(images, labels)
    return make_step(RELU, optimizer)(
        State(params, optimizer.init(params)), batch, torch.tensor(0.1)
    )


@pytest.mark.parametrize("door", [*DOORS, "step"])
def test_the_same_images_in_any_form_give_the_same(door):
    of = step if door == "step" else DOORS[door]
    wanted = of(PIXELS, LABELS)
    for images, labels in (
        (PIXELS.unsqueeze(1), LABELS),
        (PIXELS.flatten(1), LABELS),
        (PIXELS[:, :, None].expand(N, 2, 1, 2).transpose(1, 2), LABELS),  # not side by side
        (normalise(PIXELS), LABELS),
        (normalise(PIXELS).double(), LABELS),
        (normalise(PIXELS).unsqueeze(1), LABELS.to(torch.uint8)),
        *((PIXELS, LABELS.to(kind)) for kind in (torch.int8, torch.int16, torch.int32)),
        *((PIXELS, LABELS.to(kind)) for kind in (torch.uint16, torch.uint32, torch.uint64)),
    ):
        same(of(images, labels), wanted)


@pytest.mark.parametrize("door", [*DOORS, "step"])
def test_floats_are_taken_as_they_are(door):
    of = step if door == "step" else DOORS[door]
    same(of(FLOATS, LABELS), of(FLOATS.reshape(N, 2, 2), LABELS))
    if door == "accuracy":
        right = mlp.apply(PARAMS, FLOATS, torch.relu).argmax(-1) == LABELS
        assert of(FLOATS, LABELS) == right.double().mean()


NAN, FAR = FLOATS.clone(), FLOATS.double().clone()
NAN[7, 2], FAR[3, 0] = math.nan, 1e300
ODD_IMAGES = {
    "an array": (FLOATS.numpy(), "must be a tensor, got ndarray"),
    "a list": (FLOATS.tolist(), "must be a tensor, got list"),
    "None": (None, "must be a tensor, got NoneType"),
    "int64": (PIXELS.long(), "must be uint8 or floating-point, got torch.int64"),
    "int8": (PIXELS.to(torch.int8), "must be uint8 or floating-point, got torch.int8"),
    "true or false": (PIXELS > 99, "must be uint8 or floating-point, got torch.bool"),
    "complex": (FLOATS.to(torch.complex64), "must be uint8 or floating-point"),
    "eight bits": (FLOATS.to(torch.float8_e4m3fn), "must be uint8 or floating-point"),
    "sparse": (FLOATS.to_sparse(), "must be a plain tensor, got torch.sparse_coo"),
    "none": (FLOATS[:0], "must be one or more, got none, of shape (0, 4)"),
    "without pixels": (FLOATS[:, :0], "must be one or more, got none, of shape (12, 0)"),
    "NaN": (NAN, "must be finite numbers in torch.float32, got nan in image 7"),
    "infinite": (FLOATS.where(FLOATS < 1, -math.inf), "got -inf in image"),
    "too large for float32": (FAR, "in torch.float32, got 1e+300 in image 3"),
    "too many pixels": (FLOATS.repeat(1, 2), "reads 4 features an example"),
    "too few pixels": (FLOATS[:, :3], "reads 4 features an example"),
    "colours": (PIXELS.unsqueeze(1).expand(N, 3, 2, 2), "must be (n, height, width) or (n, pixel)"),
    "colours last": (PIXELS.unsqueeze(-1).expand(N, 2, 2, 3), "reads 4 features an example"),
    "an axis too many": (FLOATS.unsqueeze(1), "must be (n, height, width) or (n, pixel)"),
    "one image": (FLOATS[0], "must be (n, height, width) or (n, pixel)"),
    "a number": (torch.tensor(1.0), "reads 4 features an example"),
    "elsewhere": (FLOATS.to("meta"), "must lie where the network does"),
}  # fmt: skip

ODD_LABELS = {
    "an array": (LABELS.numpy(), "must be a tensor, got ndarray"),
    "a list": (LABELS.tolist(), "must be a tensor, got list"),
    "None": (None, "must be a tensor, got NoneType"),
    "floats": (LABELS.float(), "must be whole numbers, got torch.float32"),
    "true or false": (LABELS > 0, "must be whole numbers, got torch.bool"),
    "one-hot": (F.one_hot(LABELS), "must be of shape (12,), got (12, 3)"),
    "one-hot floats": (F.one_hot(LABELS).float(), "must be whole numbers"),
    "a column": (LABELS[:, None], "must be of shape (12,), got (12, 1)"),
    "a row": (LABELS[None], "must be of shape (12,), got (1, 12)"),
    "one": (LABELS[:1], "must be one for each image, got 12 images and 1 labels"),
    "a number": (LABELS[0], "must be of shape (12,), got ()"),
    "none": (LABELS[:0], "got 12 images and 0 labels"),
    "one less": (LABELS[1:], "got 12 images and 11 labels"),
    "torch's unlabelled": (LABELS.where(LABELS > 0, -100), "must be from 0 to 2, got -100 at 0"),
    "-1": (LABELS.where(LABELS < 2, -1), "must be from 0 to 2, got -1 at 2"),
    "counted from 1": (LABELS + 1, "must be from 0 to 2, got 3 at 2"),
    "255": (LABELS.where(LABELS < 1, 255).to(torch.uint8), "must be from 0 to 2, got 255 at 1"),
    "beyond 64 bits": (torch.tensor(np.full(N, 2**63, dtype=np.uint64)), "from 0 to 2, got -"),
    "the least": (torch.full((N,), -(2**63)), "must be from 0 to 2, got -9223372036854775808 at 0"),
    "elsewhere": (LABELS.to("meta"), "must lie where the network does"),
}  # fmt: skip


def refused(of, *given):
    with pytest.raises(UsageError) as told:
        of(*given)
    assert "\n" not in told.value.message
    return told.value.message


@pytest.mark.parametrize("name", ODD_IMAGES)
def test_odd_images_are_refused_by_every_door(name):
    images, said = ODD_IMAGES[name]
    for door, of in DOORS.items():
        message = refused(of, images, LABELS)
        assert said in message, door
        assert "images" in message


@pytest.mark.parametrize("name", ODD_LABELS)
def test_odd_labels_are_refused_by_every_door(name):
    labels, said = ODD_LABELS[name]
    for door, of in WITH_LABELS.items():
        assert said in refused(of, PIXELS, labels), door


@pytest.mark.parametrize(
    "name", [name for name in ODD_LABELS if name not in ("an array", "a list", "None", "elsewhere")]
)
def test_a_step_refuses_odd_labels_too_and_looks_only_when_it_fails(name):
    """It is told by torch, and then looked for, as it takes time: by a step that is compiled too,
    in the compiler's words."""
    if name != "the least":
        assert ODD_LABELS[name][1] in refused(step, PIXELS, ODD_LABELS[name][0])


@pytest.mark.parametrize("params", [None, {}, (), torch.nn.Linear(4, 3), {"0.weight": FLOATS}])
def test_what_is_no_network_is_said(params):
    assert "params must be the layers" in refused(accuracy, params, RELU, Examples(PIXELS, LABELS))
    assert "params must be the layers" in refused(analysis.dead_neurons, params, RELU, PIXELS)


def test_a_split_says_which_part_is_wrong():
    right = Examples(PIXELS, LABELS)
    wrong = Split(right, right, Examples(PIXELS, LABELS + 1))
    assert refused(lambda: next(fit(start(PARAMS, Settings()), RELU, wrong, Settings()))) == (
        "split.test labels must be from 0 to 2, got 3 at 2"
    )
    for odd in (None, 5, right, (1, 2, 3)):
        said = refused(lambda odd=odd: next(fit(start(PARAMS, Settings()), RELU, odd, Settings())))
        assert "split must be three parts" in said
    assert "examples must be images and labels, got Tensor" in refused(
        accuracy, PARAMS, RELU, PIXELS[:1]
    )


def test_a_stack_takes_the_same_images_or_its_own():
    shared = per_example(STACK, RELU, PIXELS, LABELS)
    for images, labels in (
        (PIXELS.expand(2, N, 2, 2), LABELS.expand(2, N)),
        (PIXELS.expand(2, N, 2, 2).unsqueeze(2), LABELS),
        (PIXELS.unsqueeze(1), LABELS.expand(2, N)),
    ):
        for got, wanted in zip(
            tree.leaves(per_example(STACK, RELU, images, labels)), tree.leaves(shared), strict=True
        ):
            torch.testing.assert_close(got, wanted)
    for index, one in enumerate(analysis.dead_neurons(STACK, RELU, PIXELS.unsqueeze(1))[0]):
        alone = tuple(mlp.Layer(*(leaf[index] for leaf in layer)) for layer in STACK)
        assert_same(one, analysis.dead_neurons(alone, RELU, PIXELS)[0])
    assert "must be (n, height, width)" in refused(
        per_example, STACK, RELU, PIXELS.expand(3, N, 2, 2), LABELS
    )
    assert "of shape (12,)" in refused(per_example, STACK, RELU, PIXELS, LABELS.expand(3, N))
    one_each = PIXELS[:2, None]  # two networks, one image each: not two images with a channel
    assert mlp.apply(STACK, normalise(one_each), torch.relu).shape == (2, 1, CLASSES)


def test_a_channel_axis_hides_no_dead_neuron():
    """(n, 1, 28, 28) once was n stacks of one image, and their neurons dead one by one."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (20, 1, 28, 28), dtype=torch.uint8, generator=generator)
    [dead] = analysis.dead_neurons(mlp.init((784, 16, 10), seed=0), RELU, images)
    assert dead.shape == (16,)
    assert not dead.any()


def test_separable_floats_are_learnt_as_by_a_plain_loop():
    """Three classes of N(0, 1) about places of their own: divided by 255 they were one."""
    generator = torch.Generator().manual_seed(3)
    centres = 3 * torch.randn(3, 4, generator=generator)
    labels = torch.randint(0, 3, (600,), generator=generator)
    images = centres[labels] + torch.randn(600, 4, generator=generator)
    parts = [Examples(images[part], labels[part]) for part in (slice(400), slice(400, 600))]
    settings = Settings(batch_size=40, max_epochs=5, learning_rate=0.05)
    params = mlp.init((4, 16, 3), seed=0)
    *_, done = fit(start(params, settings), RELU, Split(*parts, parts[1]), settings)

    module = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))
    for layer, (weight, bias) in zip((module[0], module[2]), params, strict=True):
        layer.weight.data, layer.bias.data = weight.clone(), bias.clone()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.05, momentum=0.9)
    for _ in range(5):
        for batch in torch.randperm(400, generator=generator).split(40):
            optimizer.zero_grad()
            F.cross_entropy(module(parts[0].images[batch]), parts[0].labels[batch]).backward()
            optimizer.step()
    plain = (module(parts[1].images).argmax(-1) == parts[1].labels).double().mean()
    assert plain > 0.95
    assert abs(accuracy(done.best, RELU, parts[1]) - plain) < 0.02


def test_pixels_are_normalised_and_floats_are_left_alone():
    got = intake.pixels(PIXELS, torch.float64)
    assert torch.equal(got, normalise(PIXELS).double())
    assert intake.pixels(got, torch.float64) is got


def test_what_a_transform_holds_is_taken_on_trust():
    alone = per_example(PARAMS, RELU, FLOATS, LABELS).norms.weight
    together = torch.func.vmap(
        lambda images, labels: per_example(PARAMS, RELU, images, labels).norms.weight
    )(FLOATS.expand(2, N, 4), LABELS.expand(2, N))
    torch.testing.assert_close(together[1], alone)
    assert np.isfinite(alone.numpy()).all()
