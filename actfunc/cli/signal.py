"""`actfunc signal`: what a deep network's signals do, and the gain an activation needs."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from actfunc.cli.command import App
from actfunc.cli.console import Output, advance
from actfunc.cli.options import Figure, Json, Seed, SixByDefault, example


def register(app: App) -> None:
    """Add this command to the app."""
    app.command(epilog=example("actfunc signal tanh gelu --measure"))(signal)


def signal(
    activations: SixByDefault = None,
    gain: Annotated[
        float | None,
        typer.Option(
            "--gain", help="Weights are drawn with σ_w/√in; by default the recommended σ_w."
        ),
    ] = None,
    bias: Annotated[
        float | None,
        typer.Option(
            "--bias", help="σ_b of the biases; by default the recommended, 0 with --gain."
        ),
    ] = None,
    measure: Annotated[
        bool,
        typer.Option("--measure", help="Draw real networks and compare them with the prediction."),
    ] = False,
    width: Annotated[
        int, typer.Option(min=2, help="Neurons a layer of the networks that --measure draws.")
    ] = 1024,
    depth: Annotated[int, typer.Option(min=2, help="Layers.")] = 30,
    networks: Annotated[int, typer.Option(min=2, help="How many --measure draws.")] = 10,
    seed: Seed = 42,
    out: Figure = Path("signal.svg"),
    json: Json = False,
) -> None:
    """Tell how variance and gradients go through depth, and the gain that keeps them.

    The pair σ_w, σ_b it recommends is what --init recommended of `train`, `compare` and `depth`
    draws weights and biases with.
    """
    import torch

    from actfunc.analysis import propagation
    from actfunc.analysis.correlation import correlation_series
    from actfunc.analysis.gain import recommend, torch_gain
    from actfunc.analysis.gaussian import moments, moments_error
    from actfunc.analysis.signal import critical_line, fixed_points, variance_map
    from actfunc.catalogue import get
    from actfunc.errors import UsageError
    from actfunc.given import first_order
    from actfunc.show import signal as show
    from actfunc.show import style
    from actfunc.storage.provenance import provenance
    from actfunc.tutorial import SIX

    style.check_format(out)
    for name, value, least in (("gain", gain, "positive"), ("bias", bias, "0 or more")):
        if value is not None and not (0 <= value < float("inf") and (value or name == "bias")):
            raise UsageError(
                f"{name} must be {least} and finite, got {value!r}",
                f"leave --{name} away for what is recommended",
            )
    records = [get(text) for text in activations or SIX.values()]
    output = Output(json)
    variances = torch.logspace(-2, 2, 161, dtype=torch.float64)
    correlations = torch.linspace(-1, 1, 41, dtype=torch.float64)
    found = {}
    with output.progress() as bar:
        for record in records:
            task = bar.add_task(record.name, total=networks if measure else 1, note="networks")
            advised = recommend(record)
            usual = float(advised.bias) if gain is None else 0.0
            used = (gain or float(advised.weight), usual if bias is None else bias)
            own = gain is None and bias is None
            variance = float(advised.variance) if own else max(1.0, used[1] ** 2)
            predicted = propagation.predict(record, *used, depth=depth, variance=variance)
            measured = None
            if measure:
                measured = propagation.measure(
                    first_order(record),
                    *used,
                    variance=variance,
                    width=width,
                    depth=depth,
                    networks=networks,
                    seed=seed,
                    on_network=partial(advance, bar, task),
                )
            found[record.spec] = show.Theory(
                moments=moments(record, 1.0),
                error=moments_error(record, 1.0),
                gain=advised,
                torch=torch_gain(record),
                used=used,
                fixed_points=fixed_points(record, *used),
                line=critical_line(record, variances),
                variances=variances,
                mapped=variance_map(record, variances, *used),
                correlations=correlations,
                correlated=correlation_series(record, variance, *used)(correlations),
                predicted=predicted,
                measured=measured,
                agreement=measured and propagation.agreement(measured, predicted),
            )
            bar.update(task, completed=networks if measure else 1)
    drawn = show.signal_figure(found)
    if not json:
        output.print(show.gain_table(found))
        output.print(show.fixed_point_table(found))
        if measure:
            output.print(show.measured_table(found))
    sizes = {"width": width, "networks": networks, "seed": seed} if measure else {}
    output.document(
        {
            "depth": depth,
            **sizes,
            "made_by": provenance(torch.device("cpu")),
            "activations": show.signal_document(found),
        }
    )
    style.save(drawn, out)
    output.wrote("figure", out)
