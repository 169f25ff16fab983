"""`actfunc signal`: what a deep network's signals do, and the gain an activation needs."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from actfunc.cli.console import Output, advance
from actfunc.cli.options import Figure, Json, Seed, SixByDefault, example


def register(app: typer.Typer) -> None:
    """Add this command to the app."""
    app.command(epilog=example("actfunc signal tanh gelu --measure"))(signal)


def signal(
    activations: SixByDefault = None,
    gain: Annotated[
        float | None,
        typer.Option("--gain", help="σ_w, for weights of σ_w/√in; by default the recommended."),
    ] = None,
    bias: Annotated[
        float | None,
        typer.Option("--bias", help="σ_b of the biases: the recommended, or 0 beside --gain."),
    ] = None,
    measure: Annotated[
        bool, typer.Option("--measure", help="Run real networks beside the prediction.")
    ] = False,
    width: Annotated[int, typer.Option(min=2, help="Neurons a layer, to measure.")] = 1024,
    depth: Annotated[int, typer.Option(min=2, help="Layers.")] = 30,
    networks: Annotated[int, typer.Option(min=2, help="Initialisations to measure.")] = 10,
    seed: Seed = 42,
    out: Figure = Path("signal.svg"),
    json: Json = False,
) -> None:
    """Tell how variance and gradients go through depth, and the gain that keeps them."""
    import torch

    from actfunc.analysis import propagation
    from actfunc.analysis.correlation import correlation_series
    from actfunc.analysis.gain import recommend, torch_gain
    from actfunc.analysis.gaussian import moments, moments_error
    from actfunc.analysis.signal import critical_line, fixed_points, variance_map
    from actfunc.catalogue import get
    from actfunc.errors import UsageError
    from actfunc.show import signal as show
    from actfunc.show import style
    from actfunc.storage.provenance import provenance
    from actfunc.tutorial import SIX

    style.check_format(out)
    for name, value, least in (("gain", gain, "positive"), ("bias", bias, "0 or more")):
        if value is not None and not (0 <= value < float("inf") and (value or name == "bias")):
            raise UsageError(f"{name} must be {least} and finite, got {value!r}")
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
                    partial(record, order=1),
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
    style.save(show.signal_figure(found), out)
    if not json:
        output.print(show.gain_table(found))
        output.print(show.fixed_point_table(found))
        if measure:
            output.print(show.measured_table(found))
        output.wrote("figure", out)
    sizes = {"width": width, "networks": networks, "seed": seed} if measure else {}
    output.document(
        {
            **provenance(torch.device("cpu")),
            "depth": depth,
            **sizes,
            "activations": show.signal_document(found),
        }
    )
