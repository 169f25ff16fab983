"""The same epoch in JAX on plain pytrees, optax's SGD: a compiled step, and a compiled epoch."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array, lax

from actfunc import tree
from actfunc.storage import WorkingSet
from contenders import MOMENTUM, RECIPE, Epoch, Scores, batches

OPTIMIZER = optax.sgd(RECIPE.learning_rate, momentum=MOMENTUM)


class Carry(NamedTuple):
    """What a step changes: parameters, optimiser's state, the sums of loss and right answers."""

    params: Any
    optimizer: Any
    loss: Array
    correct: Array


def loss(params: Any, images: Array, labels: Array) -> tuple[Array, Array]:
    """Mean cross-entropy and right answers of uint8 images (batch, pixel)."""
    h = (images.astype(jnp.float32) / 255 - 0.5) / 0.5
    for index, (weight, bias) in enumerate(params):
        h = h @ weight.T + bias
        if index < len(params) - 1:
            h = jax.nn.relu(h)
    losses = optax.softmax_cross_entropy_with_integer_labels(h, labels)
    return losses.mean(), (h.argmax(-1) == labels).sum()


def step(carry: Carry, images: Array, labels: Array, index: Array) -> Carry:
    """One step on the images of `index` (batch), gathered here: faster than once an epoch."""
    gradient = jax.value_and_grad(loss, has_aux=True)
    (value, correct), grads = gradient(carry.params, images[index], labels[index])
    updates, optimizer = OPTIMIZER.update(grads, carry.optimizer)
    params = optax.apply_updates(carry.params, updates)
    return Carry(params, optimizer, carry.loss + value, carry.correct + correct)


@partial(jax.jit, donate_argnums=0)
def jitted_step(carry: Carry, images: Array, labels: Array, order: Array, number: Array) -> Carry:
    """Step `number` of the batches `order` (steps, batch)."""
    return step(carry, images, labels, order[number])


def stepwise(carry: Carry, images: Array, labels: Array, order: Array) -> Carry:
    """An epoch whose steps Python calls."""
    for number in range(len(order)):
        carry = jitted_step(carry, images, labels, order, np.int32(number))
    return carry


@partial(jax.jit, donate_argnums=0)
def scanned(carry: Carry, images: Array, labels: Array, order: Array) -> Carry:
    """An epoch as one program."""
    return lax.scan(lambda c, index: (step(c, images, labels, index), None), carry, order)[0]


def in_jax(work: WorkingSet, run: Callable[[Carry, Array, Array, Array], Carry]) -> Epoch:
    """The data and the state lie on JAX's device of the same kind; there is an error without."""
    # TF32 is never the default of torch's matrix products
    jax.config.update("jax_default_matmul_precision", "highest")
    device = jax.devices("gpu" if work.device.type == "cuda" else "cpu")[0]

    def put(values: Any) -> Array:
        # a copy: what JAX is given to reuse must not be torch's memory
        return jax.device_put(np.array(values), device)

    def sums() -> tuple[Array, Array]:
        return put(np.float32(0)), put(np.int32(0))

    train = tree.map(lambda leaf: put(leaf.cpu()), work.split.train)
    images, labels = train.images.reshape(len(train.labels), -1), train.labels
    params = tree.map(lambda leaf: put(leaf.cpu()), work.fresh())
    params = [tuple(layer) for layer in params]
    optimizer = OPTIMIZER.init(params)
    number = itertools.count()

    def epoch() -> Scores:
        nonlocal params, optimizer
        order = put(batches(work, next(number)).cpu())
        carry = run(Carry(params, optimizer, *sums()), images, labels, order)
        params, optimizer = carry.params, carry.optimizer
        return Scores(float(carry.loss) / len(order), int(carry.correct))

    return epoch
