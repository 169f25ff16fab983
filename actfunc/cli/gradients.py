"""`actfunc gradients`: what the loss tells each layer, and how far its examples agree."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from actfunc.cli.command import App
from actfunc.cli.console import Output, advance
from actfunc.cli.fresh_network import Fresh, expect_fresh, fresh_network
from actfunc.cli.options import (
    Batch,
    DataSet,
    Device,
    Examples,
    Figure,
    Json,
    NetworkSpec,
    Seed,
    SixByDefault,
    example,
    layer_sizes,
)
from actfunc.cli.working_set import set_up

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

    from actfunc.activation import Activation
    from actfunc.analysis.gradient_statistics import GradientStatistics
    from actfunc.data import Examples as Labelled
    from actfunc.mlp import Params


def register(app: App) -> None:
    """Add the command to the app."""
    app.command(
        epilog=example(
            "actfunc gradients sigmoid relu",
            "actfunc gradients relu --whole --per-example",
            "actfunc gradients relu gelu --network residual",
        )
    )(gradients)


def gradients(
    activations: SixByDefault = None,
    network: NetworkSpec = None,
    batch: Batch = 256,
    whole: Annotated[
        bool, typer.Option("--whole", help="Take all training images instead of --batch, streamed.")
    ] = False,
    layers: Annotated[
        bool,
        typer.Option(
            "--layers", help="Also tell, layer by layer: norm, mean, std, zeros, quantiles."
        ),
    ] = False,
    per_example: Annotated[
        bool,
        typer.Option(
            "--per-example", help="Also tell of each example's own gradient: norm, noise, cosine."
        ),
    ] = False,
    draw: Annotated[
        str, typer.Option("--draw", help="What the figure shows: weight, bias or signal.")
    ] = "weight",
    hidden: Annotated[
        str | None,
        typer.Option(
            "--hidden",
            help="Sizes of the hidden layers, from the input on; 512,256,256,128 by default.",
        ),
    ] = None,
    dataset: DataSet = "auto",
    examples: Examples = None,
    seed: Seed = 42,
    device: Device = "auto",
    out: Figure = Path("gradients.svg"),
    json: Json = False,
) -> None:
    """Show how far gradients reach at initialisation: histograms of what every layer receives.

    The signal is what is backpropagated to the pre-activations, image by image. With --per-example
    the figure shows the norms of the examples' gradients. With --network it is any network's
    parameters and activations that are told of, by their names.
    """
    from actfunc.analysis import backpropagate
    from actfunc.catalogue import get
    from actfunc.data import normalise
    from actfunc.errors import UsageError
    from actfunc.show import gradients as show
    from actfunc.show import per_example as examples_show
    from actfunc.show import style
    from actfunc.storage import HIDDEN
    from actfunc.tutorial import SIX

    style.check_format(out)
    if draw not in show.PARTS:
        raise UsageError(
            f"--draw must be weight, bias or signal, got {draw!r}", "for example --draw signal"
        )
    expect_fresh(network, hidden=hidden)
    output = Output(json)
    if network is not None:
        if whole or per_example:
            raise UsageError(
                "--whole and --per-example are of the multilayer perceptron that --hidden says, not"
                " of --network",
                "leave them out, or leave --network out",
            )
        chosen_network = fresh_network(
            output,
            network,
            activations,
            dataset=dataset,
            examples=examples,
            seed=seed,
            device=device,
        )
        told, drawn = _of_any(output, chosen_network, batch, draw, layers=layers)
        output.document({**chosen_network.work.facts(), "network": network, **told})
        style.save(drawn, out)
        output.wrote("figure", out)
        return
    records = [get(text) for text in activations or SIX.values()]
    sizes = HIDDEN if hidden is None else layer_sizes(hidden)
    work = set_up(output, dataset, seed=seed, device=device, examples=examples)
    params = work.fresh(sizes)
    chosen = work.split.train if whole else work.split.train.first(batch)
    statistics = _streamed(output, params, records, chosen) if whole or per_example else {}
    if whole:
        found: show.Gradients = {spec: each.gradients for spec, each in statistics.items()}
    else:
        found = {
            record.spec: backpropagate(params, record, normalise(chosen.images), chosen.labels)
            for record in records
        }
    if per_example:
        drawn = examples_show.examples_figure(statistics)
    else:
        drawn = show.gradients_figure(found, draw)
    document: dict[str, Any] = {"activations": show.layers_document(found)}
    if per_example:
        document["per_example"] = examples_show.examples_document(statistics)
    if not json:
        output.print(show.gradients_table(found))
        for spec in found if layers else ():
            output.print(show.layers_table(spec, found[spec]))
        if per_example:
            output.print(examples_show.examples_table(statistics))
    output.document({**work.facts(), "batch": len(chosen.labels), **document})
    style.save(drawn, out)
    output.wrote("figure", out)


def _of_any(
    output: Output, chosen: Fresh, batch: int, draw: str, *, layers: bool
) -> tuple[dict[str, Any], MatplotlibFigure]:
    """What the network of `--network` receives: printed, as a document and as a figure."""
    from actfunc.analysis import received
    from actfunc.data import normalise
    from actfunc.show import gradients as show

    images, labels = normalise(chosen.images[:batch]), chosen.work.split.train.labels[:batch]
    found = {
        name: received(chosen.network, chosen.params, given, images, labels)
        for name, given in chosen.activations.items()
    }
    drawn, document = show.received_figure(found, draw), show.received_document(found)
    if not output.as_json:
        for part in dict.fromkeys((draw, "signal")):
            output.print(show.places_table(found, part))
        for spec in found if layers else ():
            output.print(show.received_table(spec, found[spec]))
    return {"batch": len(labels), "activations": document}, drawn


def _streamed(
    output: Output, params: Params, records: list[Activation], chosen: Labelled
) -> dict[str, GradientStatistics]:
    from actfunc.analysis.gradient_statistics import gradient_statistics

    statistics = {}
    with output.progress() as bar:
        for record in records:
            task = bar.add_task(record.name, total=len(chosen.labels), note="images")
            statistics[record.spec] = gradient_statistics(
                params,
                record,
                chosen.images,
                chosen.labels,
                on_batch=partial(advance, bar, task),
            )
    return statistics
