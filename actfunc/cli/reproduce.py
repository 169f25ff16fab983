"""`actfunc reproduce`: the whole tutorial in one go."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from actfunc.cli.command import App, OptionalValueCommand
from actfunc.cli.console import Output
from actfunc.cli.options import (
    Compiling,
    DataSet,
    Device,
    Epochs,
    Examples,
    Json,
    Out,
    Overwrite,
    Pretrained,
    Seed,
    example,
)
from actfunc.cli.train import draw_curve, train_one
from actfunc.cli.trained_networks import trained_networks
from actfunc.cli.working_set import set_up

if TYPE_CHECKING:
    from actfunc.storage import WorkingSet
    from actfunc.storage.tutorial_checkpoint import Checkpoint
    from actfunc.training import Epoch

    Networks = dict[str, Checkpoint]
    Histories = dict[str, tuple[Epoch, ...]]


def register(app: App) -> None:
    """Add this command to the app."""
    app.command(cls=OptionalValueCommand, epilog=example("actfunc reproduce --pretrained"))(
        reproduce
    )


def reproduce(
    pretrained: Pretrained = None,
    epochs: Epochs = 50,
    compiling: Compiling = None,
    overwrite: Overwrite = False,
    dataset: DataSet = "auto",
    examples: Examples = None,
    seed: Seed = 42,
    device: Device = "auto",
    out: Out = Path("runs"),
    json: Json = False,
) -> None:
    """Redo the whole tutorial: every figure, results.json and one page that tells the story.

    Trains the six networks, or with --pretrained redoes the published numbers from the author's.
    An interrupted run goes on where it stopped. Exit code 1 when a derivative does not hold or a
    result is not the published one.
    """
    from actfunc.certify.certificate import certify
    from actfunc.show import style
    from actfunc.show.page import render
    from actfunc.storage import files
    from actfunc.tutorial import chapter, remarks, verdict
    from actfunc.tutorial import study as studies
    from actfunc.tutorial.closing import comparison_table
    from actfunc.tutorial.document import document

    began = time.perf_counter()
    output = Output(json)
    networks: Networks = {}
    histories: Histories = {}
    if pretrained is None:
        work = set_up(output, dataset, seed=seed, device=device, examples=examples)
    else:
        work, networks = trained_networks(
            output,
            None,
            pretrained=pretrained,
            runs=out,
            hidden=None,
            dataset=dataset,
            examples=examples,
            seed=seed,
            device=device,
        )
    kind = "pretrained" if pretrained is not None else "trained"
    part = f"-{examples}examples" if examples is not None else ""
    folder = out / f"reproduce-{work.dataset.name}{part}-seed{seed}-{kind}"

    certificates = {}
    with output.progress() as bar:
        task = bar.add_task("certifying", total=len(studies.activations()), note="")
        for name, activation in studies.activations().items():
            bar.update(task, note=activation.name)
            certificates[name] = certify(activation)
            bar.advance(task)
    held = all(certificate.held for certificate in certificates.values())
    output.done(held, "six activations, 18 functions certified", remarks.worst(certificates))

    gradients = studies.gradient_flow(work)
    output.done(True, "gradient flow at initialisation", remarks.starving(gradients))

    if pretrained is None:
        networks, histories = _train(output, work, folder, seed, epochs, compiling, overwrite)
    accuracy = studies.accuracies(work, networks)
    done = "trained" if pretrained is None else "read"
    output.done(True, f"six networks {done} and evaluated", remarks.best(accuracy))

    distributions = studies.distributions(work, networks)
    output.done(True, "values inside the trained networks", remarks.reach(distributions))

    relu = studies.activations()["relu"]
    dead = {
        name: studies.count_dead(params, relu, work.split.train.images)
        for name, params in studies.relu_networks(work, networks["relu"].params).items()
    }
    output.done(True, "dead neurons over the training images", f"ten layers: {sum(dead['deep'])}")

    study = studies.Study(
        work=work,
        activations=studies.activations(),
        certificates=certificates,
        gradients=gradients,
        histories=histories,
        accuracy=accuracy,
        distributions=distributions,
        dead=dead,
        pretrained=pretrained is not None,
        seconds=time.perf_counter() - began,
    )
    results = document(study)
    if not json:
        output.print(comparison_table(study))
    output.document(results)
    files.write_json(folder / "results.json", results)
    with output.status("drawing"):
        parts = chapter.told(study)
        paths = {
            drawn.name: style.save(drawn.figure, folder / "figures" / f"{drawn.name}.svg")
            for part in parts.values()
            for drawn in part.figures
        }
        page = render(chapter.page(study, parts), paths)
        index = files.write_bytes(folder / "index.html", page.encode())
    output.wrote("page", index)
    output.wrote("everything", folder)
    if not held or verdict.differing(study):
        raise typer.Exit(1)


def _train(
    output: Output,
    work: WorkingSet,
    folder: Path,
    seed: int,
    epochs: int,
    compiling: bool | None,
    overwrite: bool,
) -> tuple[Networks, Histories]:
    from actfunc.storage import HIDDEN
    from actfunc.storage.tutorial_checkpoint import Checkpoint
    from actfunc.training import Settings
    from actfunc.tutorial import study as studies

    settings = Settings(max_epochs=epochs, seed=seed)
    networks: Networks = {}
    histories: Histories = {}
    for name, activation in studies.activations().items():
        run: Any = train_one(
            output,
            work,
            activation,
            settings,
            folder / "networks",
            hidden=HIDDEN,
            compiling=compiling,
            overwrite=overwrite,
        )
        draw_curve(run, activation.spec)
        networks[name] = Checkpoint(activation, run.params)
        histories[name] = run.progress.history
        best = f"val {100 * run.progress.best_accuracy:.2f} % at epoch {run.progress.best_epoch}"
        seconds = sum(epoch.seconds for epoch in run.progress.history)
        output.done(True, f"trained {name}", f"{best} of {len(histories[name])}, {seconds:.0f} s")
    return networks, histories
