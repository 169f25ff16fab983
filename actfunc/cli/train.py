"""`actfunc train`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actfunc.cli.command import App
from actfunc.cli.console import Output, warn
from actfunc.cli.objective_options import loss_of, network_of
from actfunc.cli.options import (
    BatchSize,
    Compiling,
    DataSet,
    Device,
    Epochs,
    Examples,
    Hidden,
    Init,
    Json,
    Loss,
    Network,
    Optimizer,
    Out,
    Overwrite,
    Schedule,
    Seed,
    SplitSeed,
    example,
    layer_sizes,
)
from actfunc.cli.trained_networks import run_folder
from actfunc.cli.working_set import set_up
from actfunc.errors import UsageError

if TYPE_CHECKING:
    from actfunc.activation import Activation
    from actfunc.storage import WorkingSet
    from actfunc.storage.run import Run
    from actfunc.training import Progress, Settings


def register(app: App) -> None:
    """Add this command to the app."""
    app.command(epilog=example("actfunc train relu gelu leaky_relu:negative_slope=0.1"))(train)


def train(
    activations: Annotated[
        list[str], typer.Argument(help="Names, specs, formulas or file.py:name.")
    ],
    epochs: Epochs = 50,
    patience: Annotated[
        int, typer.Option(min=1, help="Stop after so many epochs without a better validation.")
    ] = 7,
    learning_rate: Annotated[float, typer.Option(help="Step size.")] = 0.01,
    optimizer: Optimizer = "sgd",
    schedule: Schedule = "constant",
    init: Init = "linear",
    batch_size: BatchSize = 256,
    hidden: Hidden = "512,256,256,128",
    network: Network = None,
    loss: Loss = None,
    compiling: Compiling = None,
    overwrite: Overwrite = False,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", help="Draw all validation curves into this .svg, .pdf or .png."),
    ] = None,
    watch_neurons: Annotated[
        bool,
        typer.Option(
            "--watch-neurons",
            help="Count dead, saturated and always linear neurons after each epoch, on the"
            " validation images; neurons.svg in the run's folder shows them.",
        ),
    ] = False,
    dataset: DataSet = "auto",
    examples: Examples = None,
    seed: Seed = 42,
    split_seed: SplitSeed = None,
    device: Device = "auto",
    out: Out = Path("runs"),
    json: Json = False,
) -> None:
    """Train a network with each activation, with early stopping; the best epoch is kept.

    What is already trained is skipped, what was cut off goes on.
    """
    from actfunc import networks, tree
    from actfunc.analysis.gain import RECOMMENDED, spec_for
    from actfunc.catalogue import get
    from actfunc.cli.watching import draw_watched
    from actfunc.show import style
    from actfunc.show.training import curves_figure, diverged_warning, runs_table
    from actfunc.show.watched import watched_table
    from actfunc.training import Settings, accuracy

    records = [get(activation) for activation in activations]
    layers, spec = layer_sizes(hidden), ""
    if plot is not None:
        style.check_format(plot)
    settings = Settings(
        learning_rate=learning_rate,
        optimizer=optimizer,
        schedule=schedule,
        init="linear" if init == RECOMMENDED else init,
        batch_size=batch_size,
        max_epochs=epochs,
        patience=patience,
        seed=seed,
    )
    output = Output(json)
    work = set_up(
        output, dataset, seed=seed, split_seed=split_seed, device=device, examples=examples
    )
    if network is not None:
        layers, spec = network_of(network, work)
    if spec and (watch_neurons or init != "linear"):
        asked = "--watch-neurons" if watch_neurons else f"--init {init}"
        raise UsageError(
            f"{asked} is of multilayer perceptrons alone, and {network} is none",
            "leave it out: a network's own init draws its weights",
        )
    chosen = loss_of(loss, work)
    runs: dict[str, Run] = {}
    inits = {record.spec: spec_for(init, record) for record in records}
    try:
        for record in records:
            run = train_one(
                output,
                work,
                record,
                replace(settings, init=inits[record.spec]),
                out,
                hidden=layers,
                network=spec,
                loss=chosen,
                compiling=compiling,
                overwrite=overwrite,
                watch_neurons=watch_neurons,
            )
            runs[record.spec] = run
            if (epoch := run.progress.diverged) is not None:
                output.warning(diverged_warning(record.spec, epoch, run.params))
    finally:
        # whatever ends it, a full disk or Ctrl-C: what is trained is told
        test = {
            record.spec: accuracy(
                run.params,
                record,
                work.split.test,
                network=networks.get(spec) if spec else None,
                loss=chosen,
            )
            if tree.finite(run.params)
            else None
            for record, run in zip(records, runs.values(), strict=False)
        }
        if runs and not json:
            output.print(runs_table(runs, test))
    watched = {spec: run.folder.watched() for spec, run in runs.items() if watch_neurons}
    if not json:
        if watched:
            output.print(watched_table(watched))
        for run in runs.values():
            output.wrote("run", run.folder.path)
    output.document(
        {
            **work.facts(),
            **({"network": spec} if spec else {}),
            **({"loss": chosen} if chosen != "cross_entropy" else {}),
            "runs": {
                spec: {
                    "folder": str(run.folder.path),
                    "init": inits[spec],
                    "epochs": len(run.progress.history),
                    "epochs_now": run.epochs_now,
                    "diverged": run.progress.diverged,
                    "best_epoch": run.progress.best_epoch,
                    **_percents(run, test[spec]),
                    **(
                        {
                            "neurons": watched[spec],
                            "neurons_figure": str(run.folder.neurons_figure_file)
                            if watched[spec]
                            else None,
                        }
                        if watch_neurons
                        else {}
                    ),
                }
                for spec, run in runs.items()
            },
        }
    )
    for spec, run in runs.items():
        draw_curve(run, spec)
        if watch_neurons:
            draw_watched(run)
    if plot is not None:
        curves = {spec: run.progress.history for spec, run in runs.items()}
        output.wrote("figure", style.save(curves_figure(curves), plot))


def _percents(run: Run, test: float | None) -> dict[str, float | None]:
    both = (None, None) if test is None else (100 * run.progress.best_accuracy, 100 * test)
    return dict(zip(("validation_accuracy", "test_accuracy"), both, strict=True))


def train_one(
    output: Output,
    work: WorkingSet,
    record: Activation,
    settings: Settings,
    root: Path,
    *,
    hidden: tuple[int, ...],
    network: str = "",
    loss: str = "cross_entropy",
    compiling: bool | None = None,
    overwrite: bool = False,
    watch_neurons: bool = False,
) -> Run:
    """Train one network with a bar that tells epoch, step and accuracy."""
    from actfunc.cli.watching import watcher
    from actfunc.storage import run as runs

    steps = max(1, len(work.split.train.labels) // settings.batch_size)
    with output.progress() as bar:
        compiled = runs.compiles(work, settings, compiling)
        note = "compiling: half a minute the first time" if compiled else "starting"
        task = bar.add_task(record.spec, total=settings.max_epochs * steps, note=note)
        epoch, best, trained = 0, "", ""
        folder = run_folder(root, work.dataset.name, record.spec, settings.seed, network or None)

        def tell(message: str) -> None:
            warn(bar.console, message)

        count = watcher(work, record, folder, tell) if watch_neurons else None

        def watch(progress: Progress) -> None:
            nonlocal trained
            trained = _so_far(progress)
            if count is not None:
                count(progress)

        def on_step(done: int, total: int) -> None:
            where = f"epoch {epoch + 1}/{settings.max_epochs} step {done}/{total}"
            bar.update(task, completed=epoch * total + done, note=f"{where}  {best}")

        def on_epoch(progress: Progress) -> None:
            nonlocal epoch, best
            epoch, best = progress.history[-1].epoch, trained
            output.line(f"{record.spec}: epoch {epoch}  {best}")

        try:
            return runs.train(
                record,
                work,
                settings,
                root,
                hidden=hidden,
                network=network,
                loss=loss,
                compiling=compiling,
                overwrite=overwrite,
                on_step=on_step,
                watch=watch,
                on_epoch=on_epoch,
            )
        except BaseException:
            # the bar goes, what it showed stays
            if trained:
                tell(f"{record.spec} was cut off; last epoch {trained}")
            raise


def _so_far(progress: Progress) -> str:
    last, best = 100 * progress.history[-1].validation_accuracy, 100 * progress.best_accuracy
    return f"val {last:.1f} %  best {best:.1f} % (epoch {progress.best_epoch})"


def draw_curve(run: Run, name: str) -> None:
    """Draw a run's validation accuracy into its folder, where it is not drawn as it is now."""
    from actfunc.show import style
    from actfunc.show.training import curves_figure

    if run.epochs_now or not run.folder.curve_file.exists():
        curve = curves_figure({name: run.progress.history}, f"{name}: validation")
        style.save(curve, run.folder.curve_file)
