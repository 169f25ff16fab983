"""The closing table of `reproduce`: what is published beside what was found."""

from __future__ import annotations

from rich import box
from rich.text import Text

from actfunc.show import style
from actfunc.show.terminal import FoldingTable
from actfunc.tutorial import published, verdict
from actfunc.tutorial.study import Study


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
