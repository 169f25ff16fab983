"""The study told section by section: the words and tables of the page, no computing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from actfunc.certify.check import ORDERS
from actfunc.show import style
from actfunc.show.gradients import ratio
from actfunc.show.page import Cell, Page, Section, Table
from actfunc.training.evaluate import left_chance
from actfunc.tutorial import SIX, published, verdict
from actfunc.tutorial.remarks import SYMBOLS, worst_check
from actfunc.tutorial.study import Study


def page(study: Study, figures: Mapping[str, Path]) -> Page:
    """The page of a study; `figures` has each section's figure by name."""
    work = study.work
    own = "the author's trained networks" if study.pretrained else "networks trained here"
    lead = (
        f"What an activation function does to a network, from its formula to dead neurons: the"
        f" study of {published.AUTHOR.partition(',')[0]}'s “{published.TITLE}”, redone as pure"
        f" functions on torch.func, on {work.dataset.name} with {own}.",
        _headline(study),
    )
    notice = "" if work.dataset.name == published.DATASET else work.dataset.note
    made_by = work.facts()["made_by"]
    facts = [
        ("data set", f"{work.dataset.name}: {work.dataset.note}"),
        ("seed", str(work.seed)),
        *((key, str(value)) for key, value in made_by.items()),
        ("duration", f"{study.seconds:.0f} s"),
        ("published figures", f"{published.AUTHOR}, {published.TITLE}, {published.URL}"),
    ]
    sections = (
        _functions(figures),
        _derivatives(study),
        _data(study, figures),
        _gradients(study, figures),
        _training(study, figures),
        _distributions(study, figures),
        _dead(study, figures),
    )
    return Page("Activation functions, measured", lead, sections, facts, notice)


def _headline(study: Study) -> str:
    best = max(study.accuracy, key=lambda name: study.accuracy[name].test)
    sigmoid = study.accuracy["sigmoid"].test
    stuck = "stays near chance" if _stuck(study) else f"reaches {100 * sigmoid:.2f} %"
    spread = study.gradients["sigmoid"]
    return (
        f"At initialisation the first layer of the sigmoid network receives gradients"
        f" {_times(spread[-1].weight.std() / spread[0].weight.std())} smaller than its last,"
        f" and trained like the others it {stuck}; {best} does best here, with"
        f" {100 * study.accuracy[best].test:.2f} % of the test images right."
    )


def _functions(figures: Mapping[str, Path]) -> Section:
    return Section(
        "The functions",
        "What do the six look like, and their slopes?",
        (
            "Sigmoid and tanh bend flat on both sides: where they are flat, f′ is next to nothing,"
            " and no gradient passes. ReLU, LeakyReLU, ELU and Swish stay steep on the right and"
            " differ in what is left of the slope on the left: nothing, a tenth, an exponential,"
            " a shallow dip that comes back to zero.",
            "A dot marks a joint, where a derivative jumps. The slope there is a convention; ours"
            " is torch's, and the formula's branch condition says which.",
        ),
        "actfunc plot",
        (figures["activations"],),
        ("Each function (solid) with its first (dashed) and second derivative (dotted).",),
    )


def _derivatives(study: Study) -> Section:
    rows = []
    for name, certificate in zip(SIX, study.certificates, strict=True):
        worst = {
            (check.dtype, check.order): f"{check.worst.ulp:.2f}" for check in certificate.checks
        }
        cells = [Cell(worst[dtype, order]) for dtype in ("float64", "float32") for order in ORDERS]
        held = Cell("held" if certificate.held else "NOT HELD", certificate.held)
        rows.append([_named(name), *cells, held])
    name, check = worst_check(study.certificates)
    header = [
        "worst error in ulp",
        *(f"{SYMBOLS[order]} {dtype}" for dtype in ("float64", "float32") for order in ORDERS),
        "",
    ]
    points = max(check.points for c in study.certificates for check in c.checks)
    ways = len({route.name for c in study.certificates for route in c.routes})
    return Section(
        "The derivatives",
        "Is every slope that the training below relies on right?",
        (
            f"Each function and its two derivatives are compared with the formula evaluated in"
            f" ball arithmetic, which comes with a proof of its own error, at up to {points:,}"
            f" points a dtype: joints, their neighbours, and tails to the largest number there is."
            f" The worst of all is {check.worst.ulp:.2f} units in the last place, in"
            f" {SYMBOLS[check.order]} of {name} ({check.dtype}) at x = {check.worst.x:.4g}.",
            f"The {ways} ways torch has to a derivative, reverse, forward and nested, give these"
            f" very numbers bit for bit; finite differences agree as an independent voice.",
        ),
        "actfunc certify sigmoid tanh relu leaky_relu:negative_slope=0.1 elu silu",
        table=Table(header, rows),
    )


def _data(study: Study, figures: Mapping[str, Path]) -> Section:
    work = study.work
    train, validation, test = (f"{len(part.labels):,}" for part in work.split)
    return Section(
        "The data",
        "What do the networks look at?",
        (
            f"{work.dataset.name}: 28 by 28 grey pixels, ten kinds of clothing; {train} images to"
            f" train on, {validation} to choose the epoch by, {test} to report on. Guessing gives"
            f" {verdict.CHANCE:.0f} %.",
        ),
        "actfunc data --show examples.svg",
        (figures["examples"],),
        (f"Examples of {work.dataset.name}.",),
    )


def _gradients(study: Study, figures: Mapping[str, Path]) -> Section:
    rows = []
    for name, layers in study.gradients.items():
        spreads = [float(layer.weight.std(correction=0)) for layer in layers]
        cells = [Cell(f"{spread:.1e}") for spread in spreads]
        rows.append([_named(name), *cells, Cell(ratio(spreads[0], spreads[-1]))])
    columns = [f"layer {n}" for n in range(1, len(rows[0]) - 1)]
    sigmoid = study.gradients["sigmoid"]
    return Section(
        "Gradient flow at initialisation",
        "Does the loss's gradient reach the first layer?",
        (
            f"One batch of {len(sigmoid[0].signal)} images, the same fresh weights for every"
            f" activation. The sigmoid's slope is at most ¼, so each layer that the signal passes"
            f" on its way back shrinks it: its last layer's weights get gradients up to"
            f" {float(sigmoid[-1].weight.abs().max()):.2g}, its first layer's around"
            f" {float(sigmoid[0].weight.std()):.0e}. One learning rate cannot serve both.",
            "All the others hold the scale from layer to layer. ReLU shows a spike at exactly"
            " zero: gradients of neurons that were off for every image of the batch.",
        ),
        "actfunc gradients",
        (figures["gradients"],),
        ("Gradients of the weights by layer, from the input on; σ is their standard deviation.",),
        Table(["standard deviation", *columns, "first : last"], rows),
    )


def _training(study: Study, figures: Mapping[str, Path]) -> Section:
    rows = []
    for name, found in study.accuracy.items():
        judged = verdict.of_test_accuracy(study, name)
        cells = [
            Cell(f"{published.TEST_ACCURACY[name]:.2f}"),
            Cell(f"{100 * found.test:.2f}"),
            Cell(f"{published.VALIDATION_ACCURACY[name]:.2f}"),
            Cell(f"{100 * found.validation:.2f}"),
        ]
        if study.histories:
            cells.append(Cell(f"{_best(study, name)} of {len(study.histories[name])}"))
        rows.append([_named(name), *cells, Cell(judged.word, judged.held)])
    header = ["accuracy in %", "test: published", "here", "validation: published", "here"]
    header += ["best epoch"] if study.histories else []
    how: tuple[str, ...]
    if study.pretrained:
        how = (
            "These are the author's own networks, read from the tutorial's checkpoints without"
            " running anything in them, and evaluated by our functions on the same split.",
        )
        command = "actfunc evaluate --pretrained"
    else:
        how = (
            "A 784-512-256-256-128-10 network each: stochastic gradient descent with momentum 0.9,"
            " learning rate 0.01, batches of 256, at most 50 epochs, stopped when seven in a row"
            " bring no better validation accuracy, the best epoch kept. The seed fixes weights"
            " and batches; it was not chosen by its results.",
            "The initial weights are the tutorial's bit for bit, its order of batches is not known,"
            f" so a network trained here counts as agreeing within {verdict.WITHIN:g} points.",
        )
        command = "actfunc train sigmoid tanh relu leaky_relu:negative_slope=0.1 elu silu"
    drawn = "curves" in figures
    return Section(
        "Training",
        "Which networks learn, and how well?",
        how,
        command,
        (figures["curves"],) if drawn else (),
        ("Validation accuracy by epoch; a dot marks the epoch that was kept.",) if drawn else (),
        Table([*header, ""], rows),
    )


def _distributions(study: Study, figures: Mapping[str, Path]) -> Section:
    relu = [float((layer.post == 0).float().mean()) for layer in study.distributions["relu"]]
    swish = float(study.distributions["swish"][-1].post.max())
    return Section(
        "Inside the trained networks",
        "What values do the neurons take?",
        (
            f"Over {len(study.distributions['relu'][0].post):,} training images. Tanh pushes many"
            f" values to its ends, where its slope is small; ReLU answers exactly zero to"
            f" {100 * min(relu):.0f} to {100 * max(relu):.0f} % of its inputs, layer by layer;"
            f" the unbounded functions grow long tails on the right, Swish up to {swish:.0f} in"
            f" the last hidden layer.",
            "The sigmoid's later layers barely answer to the image at all: what they put out"
            " stays near one half."
            if _stuck(study)
            else "The sigmoid's values spread over (0, 1) as training opens its gates.",
        ),
        "actfunc distribution" + (" --pretrained" if study.pretrained else ""),
        (figures["distributions"],),
        ("Values of each hidden layer before (grey) and after (colour) the activation.",),
    )


def _dead(study: Study, figures: Mapping[str, Path]) -> Section:
    rows = []
    for network, counts in study.dead.items():
        judged = verdict.of_dead_neurons(study, network)
        rows.append(
            [
                Cell(network),
                Cell(", ".join(map(str, published.DEAD_NEURONS[network]))),
                Cell(", ".join(map(str, counts))),
                Cell(judged.word, judged.held),
            ]
        )
    dead, deep = sum(study.dead["trained"]), study.dead["deep"]
    return Section(
        "Dead neurons",
        "How many ReLU neurons answer no image at all?",
        (
            f"A neuron that gives zero for every one of the {len(study.work.split.train.labels):,}"
            f" training images has zero slope everywhere and cannot learn its way back. The fresh"
            f" network has {sum(study.dead['untrained'])}, the trained one {dead}.",
            f"Ten layers deep, before any training, it is {sum(deep)}. What one layer puts out"
            " varies less from image to image than what it was given, so in the deeper layers a"
            " neuron that is off for one image is off for nearly all.",
        ),
        "actfunc dead" + (" --pretrained" if study.pretrained else ""),
        (figures["dead"],),
        ("Dead neurons by hidden layer, in percent; the numbers count them.",),
        Table(["by layer", "published", "here", ""], rows),
    )


def _named(name: str) -> Cell:
    return Cell(name, colour=style.colour(name))


def _best(study: Study, name: str) -> int:
    scores = [epoch.validation_accuracy for epoch in study.histories[name]]
    return scores.index(max(scores)) + 1


def _stuck(study: Study) -> bool:
    return study.accuracy["sigmoid"].test < left_chance()


def _times(factor: object) -> str:
    return f"{float(factor):,.0f} times"  # type: ignore[arg-type]
