"""What can be told of trained networks: accuracies, values inside, dead neurons, conclusion."""

from __future__ import annotations

from actfunc.show.distribution import distribution_figure, saturated
from actfunc.show.neurons import dead_figure
from actfunc.show.page import Cell, Drawn, Table, Told
from actfunc.show.training import curves_figure
from actfunc.training.evaluate import left_chance
from actfunc.training.members import best_epoch_of
from actfunc.tutorial import published, verdict
from actfunc.tutorial.story.words import (
    FEW,
    STARVED,
    among,
    by_layer,
    lost,
    named,
    percent,
    zeros,
)
from actfunc.tutorial.study import DEEP, Study


def accuracies(study: Study) -> Told:
    """Which networks learnt, and what a difference between them is worth."""
    chance = left_chance(len(study.work.dataset.classes))
    stuck = {n: a.test for n, a in study.accuracy.items() if a.test <= chance}
    learnt = {n: a.test for n, a in study.accuracy.items() if a.test > chance}
    told = [_origin(study)]
    if stuck:
        told.append(
            f"At chance: {among(f'{n} ({percent(share, 2)})' for n, share in stuck.items())}."
        )
    if len(learnt) > 1:
        best, worst = (pick(learnt, key=lambda n: learnt[n]) for pick in (max, min))
        images = len(study.work.split.test.labels)
        error = 100 * (learnt[best] * (1 - learnt[best]) / images) ** 0.5
        told.append(
            f"The {len(learnt)} that learn lie between {percent(learnt[worst], 2)} ({worst}) and"
            f" {percent(learnt[best], 2)} ({best}). {images:,} test images alone give each of these"
            f" a standard error of {error:.1f} points, and another seed moves it again: one network"
            " of each function does not rank them."
        )
    rows = []
    for name, found in study.accuracy.items():
        judged = verdict.of_test_accuracy(study, name)
        cells = [
            Cell(_two(published.TEST_ACCURACY.get(name))),
            Cell(f"{100 * found.test:.2f}"),
            Cell(_two(published.VALIDATION_ACCURACY.get(name))),
            Cell(f"{100 * found.validation:.2f}"),
        ]
        if study.histories:
            history = study.histories[name]
            cells.append(Cell(f"{best_epoch_of(history)} of {len(history)}"))
        rows.append([named(name), *cells, Cell(judged.word, judged.held)])
    header = ["accuracy in %", "test: published", "here", "validation: published", "here"]
    header += ["best epoch"] if study.histories else []
    caption = "Validation accuracy by epoch; a dot marks the epoch that was kept."
    curves = (Drawn("curves", curves_figure(study.histories), caption),) if study.histories else ()
    command = "actfunc evaluate --pretrained"
    if not study.pretrained:
        command = "actfunc train sigmoid tanh relu leaky_relu:negative_slope=0.1 elu silu"
    return Told(told, curves, Table([*header, ""], rows), command)


def _origin(study: Study) -> str:
    """Whose networks these are."""
    if study.pretrained:
        return (
            "These are the author's own networks, read from the tutorial's files without running"
            " anything in them, and evaluated on the same split."
        )
    images = f"on {len(study.work.split.train.labels):,} images of {study.work.dataset.name}"
    epochs = [len(history) for history in study.histories.values()]
    if not epochs:
        return f"These networks were trained here, {images}."
    ran = f"{min(epochs)} to {max(epochs)}" if min(epochs) < max(epochs) else f"{max(epochs)}"
    return (
        f"These networks were trained here, {images}, for {ran} epochs each. The initial weights"
        " are the tutorial's bit for bit; its order of batches is not recorded, so this is another"
        " draw of the same experiment."
    )


def distributions(study: Study) -> Told:
    """What values the neurons of the trained networks take."""
    values = study.distributions
    first = next(iter(values.values()))[0].post
    told = [f"The values over the first {len(first):,} training images, layer by layer."]
    for name, layers in values.items():
        chance = left_chance(len(study.work.dataset.classes))
        if name in study.accuracy and study.accuracy[name].test <= chance:
            means = [float(layer.post.mean()) for layer in layers]
            told.append(
                f"The {name} network is at chance, so its values say little: they gather around"
                f" {min(means):.2f} to {max(means):.2f}, what {name} makes of inputs near 0."
            )
            continue
        ends = [saturated(name, layer.post) for layer in layers]
        if None not in ends:
            told.append(
                f"Of {name}'s values {by_layer(ends)} lie near its two ends, where its slope is"  # type: ignore[arg-type]
                " small."
            )
        off = [zeros(layer.post) for layer in layers]
        if max(off) > FEW:
            told.append(
                f"{name} answers exactly 0 to {by_layer(off)} of its inputs, so what it passes"
                " on is sparse."
            )
    largest = {n: [float(layer.post.max()) for layer in layers] for n, layers in values.items()}
    longest = max(largest, key=lambda name: max(largest[name]))
    reach = max(largest[longest])
    told.append(
        f"The largest value of all is {reach:.0f}, in layer {largest[longest].index(reach) + 1} of"
        f" {longest}: without a bound nothing but the weights keeps values in scale."
    )
    return Told(
        told,
        (
            Drawn(
                "distributions",
                distribution_figure(values),
                "Values of each hidden layer before (grey) and after (colour) the activation."
                " What is exactly 0, or at an end of a bounded function, is told in words.",
            ),
        ),
        command="actfunc distribution" + (" --pretrained" if study.pretrained else ""),
    )


def dead(study: Study) -> Told:
    """How many neurons of the ReLU networks never answer."""
    sizes = _sizes(study)
    shares = {n: [d / s for d, s in zip(study.dead[n], sizes[n], strict=True)] for n in study.dead}
    before, after = sum(study.dead["untrained"]), sum(study.dead["trained"])
    alive = "A dead neuron can come back when the layers below it move. " * (after < before)
    first = study.dead["trained"][0]
    peak = max(shares["deep"])
    told = (
        f"Over {len(study.work.split.train.labels):,} training images {before} of"
        f" {sum(sizes['untrained']):,} neurons are dead before training and {after} after it."
        f" {alive}The first layer is the exception: what it reads are the images, which do not"
        f" change, so a neuron that dies there stays dead. Here {first or 'none'} of its neurons"
        f" {'is' if first == 1 else 'are'}.",
        f"With ten layers {sum(study.dead['deep'])} of {sum(sizes['deep']):,} are dead before"
        f" training begins, and {percent(peak)} of layer {shares['deep'].index(peak) + 1}. What a"
        " layer puts out varies less from image to image than what it was given, so further on a"
        " neuron that is off for one image is off for nearly all.",
    )
    rows = []
    for network, counts in study.dead.items():
        judged = verdict.of_dead_neurons(study, network)
        rows += [
            [
                Cell(network),
                Cell(", ".join(map(str, published.DEAD_NEURONS[network]))),
                Cell(", ".join(map(str, counts))),
                Cell(", ".join(f"{100 * share:.1f}" for share in shares[network])),
                Cell(judged.word, judged.held),
            ]
        ]
    caption = "Dead neurons by hidden layer, in percent; the numbers count them."
    return Told(
        told,
        (Drawn("dead", dead_figure(study.dead, sizes), caption),),
        Table(["by layer", "published", "here", "here, in %", ""], rows),
        "actfunc dead" + (" --pretrained" if study.pretrained else ""),
    )


def conclusion(study: Study) -> Told:
    """What was found, in a few sentences."""
    chance = left_chance(len(study.work.dataset.classes))
    shares = {name: lost(layers) for name, layers in study.gradients.items()}
    starved = [name for name, share in shares.items() if share > STARVED]
    stuck = [name for name, found in study.accuracy.items() if found.test <= chance]
    learnt = [100 * found.test for found in study.accuracy.values() if found.test > chance]
    told = []
    if starved:
        told.append(
            f"An activation decides first whether the signal comes through at all. That of"
            f" {among(starved)} shrinks {shares[starved[0]]:,.0f} times on its way to the first"
            " layer" + (f", and the network of {among(stuck)} stays at chance." if stuck else ".")
        )
    elif stuck:
        told.append(f"The network of {among(stuck)} stays at chance.")
    if len(learnt) > 1:
        told.append(
            f"Where it does come through, the functions differ little in how well they do: the"
            f" {len(learnt)} networks that learn lie within {max(learnt) - min(learnt):.1f} points,"
            " from one seed each."
        )
    total = sum(_sizes(study)["deep"])
    told.append(
        "Each has its price. A bounded function saturates, an unbounded one lets values grow, and"
        f" ReLU loses neurons: {percent(sum(study.dead['deep']) / total)} of those of ten layers,"
        " before any training."
    )
    return Told(told)


def _sizes(study: Study) -> dict[str, list[int]]:
    """How many neurons there are in each hidden layer of the ReLU networks."""
    shallow = [layer.post.shape[1] for layer in study.distributions["relu"]]
    return {name: list(DEEP) if name == "deep" else shallow for name in study.dead}


def _two(value: float | None) -> str:
    """A published number, where there is one."""
    return "" if value is None else f"{value:.2f}"
