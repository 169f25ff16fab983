"""A search for what is beyond its bound, apart from the certificates': other points every time.

Of every record, value, first and second derivative. float32 on nets over all its numbers, beside
the float64 functions; what comes near a bound, and all numbers around the worst, are then judged in
ball arithmetic. float64 in ball arithmetic throughout: random points, the surroundings of extrema,
and climbing from the worst. With --over-parameters the same at parameters drawn from each record's
domain: the default, its edges, and whatever lies between 1e-4 and 1e4, negative where it may be.
There float64 is climbed where each setting has points enough: --settings 6 --proven 5e6.

A point counts once, though three functions are asked there. Exit code 1 where one is beyond.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import random
import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, NamedTuple

import torch
from contest import WIDTH, write
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from torch import Tensor

from actfunc import CATALOGUE, Activation
from actfunc.certify import search, suspects
from actfunc.certify.certificate import on_grid
from actfunc.certify.check import ORDERS, Judged, bound_of, word
from actfunc.domain import EVERYTHING, interval
from actfunc.errors import UsageError
from actfunc.formulas.formula import Formula, parse

SMALL, LARGE = 1e-4, 1e4
"""Between these the size of a parameter is drawn, where its domain allows."""

SETTINGS = 40
"""How often the parameters of a record are drawn."""

NEAR = 0.8
"""Of a bound: what float64 says is so near is judged by the formula."""

ENOUGH = 10_000
"""float64 of a job from which on it has a grid and climbs."""

FRESH = 3000
"""float64 drawn at random before it climbs once more."""

KEPT = 256
"""So many of the worst of an order are judged at the most, of each strip of a net."""

SHOWN = 60


class Worst(NamedTuple):
    """The worst point of one function, dtype and order, by ball arithmetic."""

    name: str
    dtype: str
    order: str
    x: float
    got: float
    wanted: float
    ulp: float
    bound: float


class Outcome(NamedTuple):
    """What a job found: the worst of each dtype and order, and all that is beyond its bound."""

    name: str
    evaluated: int
    proven: int
    worst: list[Worst]
    beyond: list[Worst]


class Job(NamedTuple):
    """One record at one setting of its parameters: how much is to be done, from which seed."""

    spec: str
    evaluations: int
    proven: int
    seed: int


def searched(job: Job) -> Outcome:
    """All that is asked of one function."""
    record = CATALOGUE.named(job.spec)
    formula = parse(record.formula, tuple(record.params))
    generator = torch.Generator().manual_seed(job.seed)
    single, evaluated = in_float32(record, formula, job.evaluations, generator)
    prove = in_float64 if job.proven >= ENOUGH else suspicious
    double = prove(record, formula, job.proven, generator)
    worst, beyond = [], []
    for found in (single, double):
        worst += told(record, found, beyond=False)
        beyond += told(record, found, beyond=True)
    return Outcome(record.spec, evaluated, len(single.x) + len(double.x), worst, beyond)


def told(record: Activation, found: Judged, *, beyond: bool) -> list[Worst]:
    """The worst of each order; or, of each, those beyond the bound, no more than a few."""
    told, dtype = [], found.x.dtype
    for order, errors in enumerate(found.errors):
        bound = bound_of(order, dtype, record.exceptions)
        for at in errors.topk(min(8 if beyond else 1, len(errors))).indices.tolist():
            if not beyond or errors[at] > bound:
                numbers = (found.x, found.got[order], found.true.hi[order], errors)
                x, got, wanted, ulp = (column[at].item() for column in numbers)
                place = record.spec, word(dtype), ORDERS[order]
                told.append(Worst(*place, x, got, wanted, ulp, bound))
    return told


def in_float32(
    record: Activation, formula: Formula, evaluations: int, generator: torch.Generator
) -> tuple[Judged, int]:
    """The worst float32 of as many as are asked for, judged by the formula; and how many it were.

    A whole net has some 700,000 points; where fewer are wanted, it is thinned.
    """
    here, places, done = suspects.values(record), [], 0
    bounds = [bound_of(order, torch.float32, record.exceptions) for order in range(len(ORDERS))]
    while done < evaluations:
        net = suspects.strips(torch.float32, generator)
        whole = sum(len(strip.x) for strip in net)
        thinner = max(1, whole // (evaluations - done))
        for strip in suspects.thinned(net, thinner):
            for part in strip.x.split(suspects.PIECE):
                x = part.float()
                places.append(worst_of(x, suspects.beside(here(x), here(x.double()), x), bounds))
                done += len(x)
    found = search.judge(record, formula, torch.cat(places).float())
    found, tried = search.climbed(found, record, formula, generator)
    return found, done + tried


def worst_of(x: Tensor, errors: Tensor, bounds: Sequence[float]) -> Tensor:
    """The worst point of each order, and what is near its bound; float64."""
    found = [x[errors.argmax(1)]]
    for order, bound in enumerate(bounds):
        near = torch.nonzero(errors[order] > NEAR * bound)[:, 0]
        worst = errors[order][near].topk(min(KEPT, len(near))).indices
        found.append(x[near[worst]])
    return torch.cat(found).double()


def in_float64(
    record: Activation, formula: Formula, proven: int, generator: torch.Generator
) -> Judged:
    """As many float64 as are asked for in ball arithmetic, or more: at random, and climbing."""
    found = on_grid(record, formula, torch.float64)
    while True:
        fresh = search.judge(record, formula, search.drawn(FRESH, generator))
        found = search.joined(found, fresh, record)
        found, _ = search.climbed(found, record, formula, generator)
        if len(found.x) >= proven:
            return found


def suspicious(
    record: Activation, formula: Formula, proven: int, generator: torch.Generator
) -> Judged:
    """As many float64 in ball arithmetic: half of them suspects, as far as there are, the others at
    random."""
    net = suspects.thinned(suspects.strips(torch.float64, generator), 64)
    beside = suspects.beside_formula(record, formula, net)
    some = beside[torch.randperm(len(beside), generator=generator)[: proven // 2]]
    x = torch.cat([some, search.drawn(proven - len(some), generator)])
    return search.judge(record, formula, x)


# Parameters


def settings(record: Activation, count: int, chance: random.Random) -> Iterator[str]:
    """The record at so many settings of its parameters, as specs: the default, then drawn ones."""
    yield record.spec
    for _ in range(count - 1):
        for _ in range(100):
            try:
                given = {name: drawn(record, name, chance) for name in record.params}
                yield record.bind(**given).spec
                break
            except UsageError:
                continue  # together they are outside the domain: another draw


def drawn(record: Activation, name: str, chance: random.Random) -> float:
    """A value for one parameter, of float32's numbers: judged is the function, not its rounding."""
    ends = interval(record.domain.get(name, EVERYTHING), record.params)
    sort = chance.choices(("default", "edge", "any"), (0.2, 0.2, 0.6))[0]
    if sort == "default":
        return record.params[name]
    if sort == "edge":
        low = chance.random() < 0.5
        end, inward, belongs = (
            (ends.low, 1.0, ends.with_low) if low else (ends.high, -1.0, ends.with_high)
        )
        if math.isinf(end):
            end, inward, belongs = -inward * LARGE, 0.0, True
        value = end if belongs else end + inward * size(chance, 1e-6, 1e-2) * max(1.0, abs(end))
    else:
        value = math.nan
        for _ in range(100):
            if ends.holds(value):
                break
            value = chance.choice((1.0, -1.0)) * size(chance, SMALL, LARGE)
    return torch.tensor(value, dtype=torch.float32).item()


def size(chance: random.Random, small: float, large: float) -> float:
    """A number between these, each decade as likely as another."""
    return 10.0 ** chance.uniform(math.log10(small), math.log10(large))


# The command


def jobs(options: argparse.Namespace) -> list[Job]:
    """A job a record, or a job for each setting of its parameters."""
    records = [CATALOGUE.named(name) for name in options.names or CATALOGUE]
    chance = random.Random(options.seed)
    specs = [record.spec for record in records]
    if options.over_parameters:
        with_some = [record for record in records if record.params]
        specs = [spec for one in with_some for spec in settings(one, options.settings, chance)]
    shares = (math.ceil(total / len(specs)) for total in (options.evaluations, options.proven))
    evaluations, proven = shares
    return [Job(spec, evaluations, proven, chance.getrandbits(32)) for spec in specs]


def alone() -> None:
    """Each process on one thread."""
    torch.set_num_threads(1)


def outcomes(work: Sequence[Job], processes: int) -> Iterator[Outcome]:
    """As they come: from processes, or one after the other from this one."""
    if processes == 1:
        yield from map(searched, work)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, alone) as pool:
        running = [pool.submit(searched, job) for job in work]
        try:
            for done in as_completed(running):
                yield done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def watched(work: Sequence[Job], processes: int, console: Console) -> list[Outcome]:
    """All outcomes, with a bar."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    found: list[Outcome] = []
    with Progress(
        *columns, TimeElapsedColumn(), console=console, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=len(work))
        for outcome in outcomes(work, processes):
            found.append(outcome)
            beyond = sum(len(one.beyond) for one in found)
            bar.update(task, advance=1, description=f"{outcome.name[:40]}, {beyond} beyond")
    return found


def table(title: str, points: Sequence[Worst]) -> Table:
    """A point a line."""
    drawn = Table(title=title, title_justify="left")
    for column in ("function", "dtype", "order", "x", "got", "wanted", "ulp", "allowed"):
        drawn.add_column(column, overflow="fold")
    for one in points:
        numbers = (f"{one.x!r}", f"{one.got:.9g}", f"{one.wanted:.9g}", f"{one.ulp:.4g}")
        drawn.add_row(one.name, one.dtype, one.order, *numbers, f"{one.bound:g}")
    return drawn


def main(arguments: Sequence[str] | None = None) -> None:
    """Search, print what is beyond, write the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="activations; the whole catalogue by default")
    parser.add_argument("--over-parameters", action="store_true", help="over each record's domain")
    parser.add_argument("--evaluations", type=float, help="float32 points: 1e9, or 1e8")
    parser.add_argument("--proven", type=float, help="float64 points: 5e6, or 1e6")
    parser.add_argument("--settings", type=int, default=SETTINGS, help="of a record's parameters")
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--seed", type=int, default=secrets.randbits(32), help="another each time")
    parser.add_argument("--out", help="write the results into this .json file")
    options = parser.parse_args(arguments)
    options.evaluations = options.evaluations or (1e8 if options.over_parameters else 1e9)
    options.proven = options.proven or (1e6 if options.over_parameters else 5e6)
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    console.print(f"seed {options.seed}")
    work, began = jobs(options), time.perf_counter()
    found = watched(work, options.processes, console)
    seconds = time.perf_counter() - began
    beyond = sorted((one for each in found for one in each.beyond), key=lambda one: -one.ulp)
    nearest = sorted(
        (one for each in found for one in each.worst), key=lambda one: -one.ulp / one.bound
    )
    evaluated, proven = sum(one.evaluated for one in found), sum(one.proven for one in found)
    console.print(table("nearest to their bounds", nearest[:12]))
    if beyond:
        console.print(table(f"{len(beyond)} beyond their bounds", beyond[:SHOWN]))
    console.print(
        f"{len(work)} functions, {evaluated:,} points in float32, {proven:,} in ball arithmetic, "
        f"{seconds:.0f} s: {len(beyond) or 'none'} beyond"
    )
    document: dict[str, Any] = {
        "title": "search over parameters" if options.over_parameters else "search",
        "seed": options.seed,
        "functions": len(work),
        "evaluated": evaluated,
        "proven": proven,
        "seconds": seconds,
        "beyond": [one._asdict() for one in beyond],
        "worst": [one._asdict() for one in nearest[:SHOWN]],
    }
    console.print(f"results: {write(document, torch.device('cpu'), options.out)}")
    sys.exit(1 if beyond else 0)


if __name__ == "__main__":
    main()
