"""`actfunc compare`: which activation trains best, over many seeds."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actfunc.cli.command import App
from actfunc.cli.comparison_options import (
    arm_named,
    init_list,
    listed,
    one_folder,
    own_gpu,
    rates_by_optimizer,
    seed_list,
)
from actfunc.cli.comparison_progress import ComparisonProgress, say_plan
from actfunc.cli.console import Output
from actfunc.cli.objective_options import loss_of, network_of
from actfunc.cli.options import (
    BatchSize,
    Compiling,
    DataSet,
    Device,
    Epochs,
    Examples,
    Json,
    Loss,
    Out,
    Overwrite,
    Schedule,
    example,
    layer_sizes,
)
from actfunc.cli.working_set import set_up
from actfunc.errors import UsageError

if TYPE_CHECKING:
    from actfunc.compare.plan import Plan
    from actfunc.storage import WorkingSet
    from actfunc.training import Settings


def register(app: App) -> None:
    """Add this command to the app."""
    app.command(
        epilog=example(
            "actfunc compare relu gelu silu --seeds 10 --epochs 10 --learning-rates 0.01,0.03,0.1",
            "actfunc compare --activations sigmoid --seeds 20",
            "torchrun --nproc-per-node 2 -m actfunc compare relu gelu --seeds 10",
        )
    )(compare)


def compare(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Activations: names, specs, formulas or file.py:name."),
    ] = None,
    activations: Annotated[
        str, typer.Option(help="The same as one text, with commas or blanks between.")
    ] = "",
    seeds: Annotated[str, typer.Option(help="How many, counted from 0; or a list, 3,5,8.")] = "10",
    learning_rates: Annotated[
        list[str] | None,
        typer.Option(
            help="One or more with commas, 0.01 by default; given again as adamw=0.001,0.003 those"
            " of one optimiser."
        ),
    ] = None,
    hidden: Annotated[
        list[str] | None,
        typer.Option(
            help="Sizes of the hidden layers, the tutorial's by default; give it again for other"
            " networks."
        ),
    ] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(
            "--network",
            help="As of `train`, in place of --hidden or beside it; give it again for others.",
        ),
    ] = None,
    loss: Loss = None,
    optimizers: Annotated[
        list[str] | None,
        typer.Option(
            "--optimizer", help="As of `train`, sgd by default; give it again for others."
        ),
    ] = None,
    inits: Annotated[
        list[str] | None,
        typer.Option("--init", help="As of `train`, linear by default; give it again for others."),
    ] = None,
    schedule: Schedule = "constant",
    epochs: Epochs = 50,
    patience: Annotated[
        int, typer.Option(min=1, help="Of early stopping, in epochs without a better validation.")
    ] = 7,
    stop: Annotated[
        bool,
        typer.Option(
            "--stop/--to-the-end",
            help="End a member when its patience is; else train all epochs, and report both.",
        ),
    ] = False,
    batch_size: BatchSize = 256,
    baseline: Annotated[
        str | None,
        typer.Option(
            help="What the others are compared with, the first by default: an activation, and with"
            " it an optimiser, hidden layers or an init where there are several, 'gelu adamw'."
        ),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(min=1, help="Of one thread each; on a CPU as many as cores by default."),
    ] = None,
    at_a_time: Annotated[
        int | None,
        typer.Option(min=1, help="Members of one activation trained at once by a process."),
    ] = None,
    precision: Annotated[
        str, typer.Option(help="Of matrix products: float32, tf32 (GPU) or bfloat16.")
    ] = "float32",
    deterministic: Annotated[
        bool, typer.Option("--deterministic", help="On a GPU: the same bits in every run, slower.")
    ] = False,
    compiling: Compiling = None,
    name: Annotated[
        str | None,
        typer.Option(
            callback=one_folder, help="Of the folder in --out; by default after what is in it."
        ),
    ] = None,
    overwrite: Overwrite = False,
    dataset: DataSet = "auto",
    examples: Examples = None,
    split_seed: Annotated[
        int, typer.Option(min=0, help="Seed of the split, the same for all members.")
    ] = 42,
    device: Device = "auto",
    out: Out = Path("runs"),
    json: Json = False,
) -> None:
    """Train every activation with every seed and learning rate, and say what the seeds show.

    Means with 95 % intervals, differences to a baseline over the same seeds, and how many seeds
    they would need. What was trained before is taken from the folder; an interrupted comparison
    goes on where it stopped. Started by torchrun, the members are shared among its processes.
    """
    from actfunc import networks
    from actfunc.catalogue import get, source_of
    from actfunc.cli.comparison import conclude
    from actfunc.compare.folder import Pool
    from actfunc.compare.plan import Plan
    from actfunc.compare.ranks import joined
    from actfunc.compare.run import arrange, common
    from actfunc.compare.run import compare as run
    from actfunc.compare.trainer import How
    from actfunc.storage import HIDDEN, prepare
    from actfunc.training import Settings, optimizer
    from actfunc.training.arithmetic import Arithmetic

    asked = [get(text) for text in [*(names or []), *listed(activations)]]
    if not asked:
        raise UsageError(
            "compare needs activations", "for example `actfunc compare relu gelu --seeds 10`"
        )
    rules = tuple(dict.fromkeys(optimizer.canonical(text) for text in optimizers or ["sgd"]))
    for_all, own = rates_by_optimizer(learning_rates or [], rules)
    drawn, layers = init_list(inits or ["linear"]), [layer_sizes(text) for text in hidden or []]
    settings = Settings(
        schedule=schedule,
        batch_size=batch_size,
        max_epochs=epochs,
        patience=patience,
        early_stopping=stop,
    )
    arithmetic = Arithmetic(precision, deterministic)
    with joined() as ranks:
        output = Output(json, silent=not ranks.first)
        where = own_gpu(device, ranks)
        began = time.perf_counter()
        work = set_up(output, dataset, seed=split_seed, device=where, examples=examples)
        found = [network_of(text, work) for text in network or []]
        layers += [of_mlp for of_mlp, spec in found if not spec]
        others = tuple(dict.fromkeys(spec for _, spec in found if spec))
        if others and drawn != ("linear",):
            raise UsageError(
                f"--init {' '.join(drawn)} is of multilayer perceptrons alone, and {others[0]} is"
                " none",
                "leave it out: a network's own init draws its weights",
            )
        plan = Plan(
            tuple(dict.fromkeys(record.spec for record in asked)),
            seed_list(seeds),
            for_all,
            tuple(dict.fromkeys(layers)) or (() if others else (HIDDEN,)),
            rules,
            drawn,
            own,
            others,
        )
        against = plan.arms[0] if baseline is None else arm_named(baseline, plan.arms)
        chosen = loss_of(loss, work)
        part = f"-{examples}examples" if examples is not None else ""
        folder = out / (name or f"compare-{work.dataset.name}{part}-{epochs}epochs")
        compiles = _pays(compiling, plan, work, settings)
        arrangement = arrange(
            plan,
            work,
            settings,
            ranks,
            processes=processes,
            at_a_time=at_a_time,
            compiling=compiles,
        )
        pool = Pool(folder)
        with ranks.alone(folder):
            # every rank, as on machines of their own each has a folder of its own
            sources = {one.spec: source for one in asked if (source := source_of(one))}
            sources |= {spec: source for spec in others if (source := networks.source_of(spec))}
            facts = common(work, settings, arithmetic, chosen)
            pool.begin(facts, sources=sources, overwrite=overwrite)
            ranks.gather(None)  # nobody looks into the folder before it is ready
            before = sum(member in pool for member in plan.members)
            say_plan(output, plan, arrangement, work, before)
            anew = partial(prepare, dataset, seed=split_seed, device=work.device, examples=examples)
            # one process has loaded it already; others each load it for themselves
            load = anew if arrangement.processes > 1 else lambda: work
            how = How(settings, arrangement.at_a_time, compiles, arithmetic, chosen)
            with ComparisonProgress(output, plan, settings, before) as told:
                results = run(plan, load, pool, how, arrangement, ranks, tell=told)
    if ranks.first:
        conclude(output, results, against, folder, work, seconds=time.perf_counter() - began)


def _pays(wanted: bool | None, plan: Plan, work: WorkingSet, settings: Settings) -> bool:
    from actfunc.storage.run import compiles

    # of one activation: each compiles for itself, and its members share that
    return compiles(work, settings, wanted, members=plan.alike)
