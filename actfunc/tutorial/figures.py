"""The study drawn: every figure of the tutorial, and the closing table, from records alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.text import Text

from actfunc.show import style
from actfunc.show.activations import activations_figure
from actfunc.show.data import examples_figure
from actfunc.show.distribution import distribution_figure
from actfunc.show.gradients import gradients_figure
from actfunc.show.neurons import dead_figure
from actfunc.show.terminal import FoldingTable
from actfunc.show.training import curves_figure
from actfunc.tutorial import published, verdict
from actfunc.tutorial.study import DEEP, Study, activations

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_figures(study: Study) -> dict[str, Figure]:
    """The figures of the study by name."""
    shallow = [len(layer.bias) for layer in study.gradients["relu"][:-1]]
    figures = {
        "activations": activations_figure(list(activations().values())),
        "examples": examples_figure(study.work.dataset),
        "gradients": gradients_figure(study.gradients),
        "distributions": distribution_figure(study.distributions),
        "dead": dead_figure(
            study.dead, {name: DEEP if name == "deep" else shallow for name in study.dead}
        ),
    }
    if study.histories:
        figures["curves"] = curves_figure(study.histories)
    return figures


def comparison_table(study: Study) -> FoldingTable:
    """Test accuracy and dead neurons, published and here."""
    table = FoldingTable(box=box.SIMPLE_HEAD)
    table.add_column("test accuracy in %", no_wrap=True)
    table.add_column("published", justify="right")
    table.add_column("here", justify="right")
    table.add_column("")
    for name, found in study.accuracy.items():
        judged = verdict.of_test_accuracy(study, name)
        table.add_row(
            Text(name, style=f"bold {style.colour(name)}"),
            f"{published.TEST_ACCURACY[name]:.2f}",
            f"{100 * found.test:.2f}",
            judged.coloured(),
        )
    table.add_section()
    for network, counts in study.dead.items():
        table.add_row(
            f"dead neurons, {network}",
            " ".join(map(str, published.DEAD_NEURONS[network])),
            " ".join(map(str, counts)),
            verdict.of_dead_neurons(study, network).coloured(),
        )
    return table
