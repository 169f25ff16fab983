"""`actfunc certify`: is it right? Value and derivatives against the formula, to the last digits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from actfunc.cli.console import Output
from actfunc.cli.options import Device, Json, example
from actfunc.cli.working_set import resolve_device
from actfunc.errors import UsageError

if TYPE_CHECKING:
    import torch

    from actfunc.activation import Activation
    from actfunc.certify import Certificate
    from actfunc.gated import GatedPair
    from actfunc.vector import VectorFunction

    Subject: TypeAlias = Activation | GatedPair | VectorFunction

AT_ONCE = 8
"""From so many functions on, processes share the work: each needs seconds to start."""


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command(
        epilog=example(
            "actfunc certify gelu mish",
            "actfunc certify --all",
            "actfunc certify torch.nn.functional:gelu --as gelu",
            'actfunc certify my.py:fn --formula "x / (1 + exp(-x))" --derivative my.py:dfn',
            "actfunc certify silu --exhaustive",
        )
    )(certify)


def certify(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Activations: a name, name:parameter=value, file.py:name, module:name."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="The whole catalogue.")] = False,
    dtype: Annotated[
        list[str] | None,
        typer.Option(
            "--dtype",
            help="float64, float32, bfloat16 or float16; all by default. May be repeated.",
        ),
    ] = None,
    compiled: Annotated[
        bool,
        typer.Option(
            help="Judge torch.compile's derivatives too: half a minute for the first function, some"
            " ten seconds for each further one."
        ),
    ] = False,
    formula: Annotated[
        str | None,
        typer.Option(
            "--formula", metavar="TEXT", help="The formula to judge by, instead of the record's."
        ),
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option("--as", metavar="NAME", help="Judge by the record of this activation."),
    ] = None,
    derivative: Annotated[
        str | None,
        typer.Option(
            "--derivative",
            metavar="PLACE",
            help="A function that claims to be the derivative, instead of what backward makes.",
        ),
    ] = None,
    exhaustive: Annotated[
        bool,
        typer.Option(
            "--exhaustive",
            help="All 4,294,967,296 float32 inputs, in a few minutes; interrupted, it goes on from"
            " where it was.",
        ),
    ] = False,
    device: Device = "cpu",
    plot: Annotated[
        Path | None,
        typer.Option("--plot", help="Draw the error over x into this .svg, .pdf or .png file."),
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save", help="Keep the certificates in this file, a line each.")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against", help="Compare with certificates kept by --save; exit 1 on drift."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Judge value and derivatives by the formula in ball arithmetic, to the last digits.

    The grid holds joints with their neighbours, the tails, subnormals and the largest numbers; in
    16 bits every input is tried. Every way torch has to a derivative is tried, and finite
    differences. Exit code 1 when one does not hold.
    """
    chosen = list(names or [])
    if not chosen and not everything:
        raise UsageError("name an activation to certify, or --all", "`actfunc list` shows them")
    for option, given in (("--formula", formula), ("--as", judge), ("--derivative", derivative)):
        if given is not None and (everything or len(chosen) != 1):
            raise UsageError(f"{option} is about one function; name exactly one")
    if formula is not None and judge is not None:
        raise UsageError("--formula and --as are two judges; give one of them")

    import torch

    from actfunc.catalogue import CATALOGUE, PAIRS, VECTORS
    from actfunc.certify import kept
    from actfunc.certify.certificate import DTYPES
    from actfunc.certify.curve import curve
    from actfunc.show import certificates as show
    from actfunc.show import style
    from actfunc.storage.provenance import provenance

    if plot is not None:
        style.check_format(plot)
    known = {str(known).removeprefix("torch."): known for known in DTYPES}
    for word in dtype or []:
        if word not in known:
            raise UsageError(f"dtype must be one of {', '.join(known)}, got {word!r}")
    dtypes = [known[word] for word in dict.fromkeys(dtype or known)]
    whole = [*CATALOGUE, *PAIRS, *VECTORS] if everything else []
    subjects = [_subject(text, judge, derivative, formula) for text in [*whole, *chosen]]
    records = {subject.spec: subject for subject in subjects}

    output = Output(json)
    if exhaustive:
        _exhaustive(records, device, output)
        return
    output.header(
        "certify",
        f"{len(records)} function{'s' if len(records) > 1 else ''}",
        ", ".join(dict.fromkeys(dtype or known)),
        "eager and compiled" if compiled else "eager",
        f"torch {torch.__version__.partition('+')[0]}",
    )
    found = _certificates(records, dtypes, compiled, formula, output)
    if not json:
        output.print(show.certificate_table(found))
        failing = show.failing_points(found)
        if failing is not None:
            output.print(failing)
    if plot is not None:
        drawn = [each for each in dtypes if each in (torch.float64, torch.float32)] or dtypes
        elementwise = _elementwise(records, "--plot")
        curves = [curve(one, each, formula) for one in elementwise for each in drawn]
        style.save(show.error_figure(curves), plot)
        output.wrote("figure", plot)
    if save is not None:
        made = provenance(torch.device("cpu"))
        output.wrote("certificates", kept.save(save, found, made))
    differences = []
    if against is not None:
        differences = kept.drift(kept.load(against)[1], found, all_of_them=everything)
        output.done(not differences, "as kept", f"{against}: {len(differences)} differences")
        for difference in differences:
            output.print(f"  {difference}")
    document = {"torch": torch.__version__, **show.certificates_document(found)}
    output.document({**document, "drift": differences} if against is not None else document)
    if differences or not all(one.held for one in found):
        raise typer.Exit(1)


def _subject(text: str, judge: str | None, derivative: str | None, formula: str | None) -> Subject:
    """A record as it is, or a plain function under its judge."""
    from actfunc.activation import Activation
    from actfunc.catalogue import CATALOGUE, find
    from actfunc.certify.audited import audited

    record = find(text)
    if not isinstance(record, Activation):
        if judge is not None or derivative is not None:
            raise UsageError(
                f"{text} is no elementwise function: --as and --derivative are not for it"
            )
        return record
    if record.formula and judge is None and derivative is None:
        return record
    slope = CATALOGUE.function(derivative) if derivative is not None else None
    by = CATALOGUE.get(judge) if judge is not None else record if record.formula else None
    return audited(record.spec, CATALOGUE.function(text), by, slope, formula)


def _certificates(
    records: dict[str, Subject],
    dtypes: Sequence[torch.dtype],
    compiled: bool,
    formula: str | None,
    output: Output,
) -> list[Certificate]:
    """The certificates in the order of the records, with a bar."""
    from actfunc.certify import certify_any, certify_many

    found = {}
    with output.progress() as bar:
        task = bar.add_task("", total=len(records), note="")

        def done(certificate: Certificate) -> None:
            found[certificate.name] = certificate
            bar.advance(task)
            output.line(f"{certificate.name}: {'held' if certificate.held else 'NOT HELD'}")

        if len(records) >= AT_ONCE and not compiled:
            failing = 0
            for certificate in certify_many(list(records), dtypes):
                done(certificate)
                failing += not certificate.held
                note = f"{len(found)} of {len(records)}, {failing} not held"
                bar.update(task, description=certificate.name, note=note)
        else:
            for spec, record in records.items():
                bar.update(task, description=spec)
                done(
                    certify_any(
                        record,
                        dtypes=dtypes,
                        compiled=compiled,
                        formula=formula,
                        report=lambda note: bar.update(task, note=note),
                    )
                )
    return [found[spec] for spec in records]


def _elementwise(records: dict[str, Subject], option: str) -> list[Activation]:
    from actfunc.activation import Activation

    for record in records.values():
        if not isinstance(record, Activation):
            raise UsageError(f"{option} is for elementwise functions, which {record.name} is not")
    return [record for record in records.values() if isinstance(record, Activation)]


def _exhaustive(records: dict[str, Subject], device: str, output: Output) -> None:
    """Every float32, function by function."""
    from actfunc.certify import exhaustive
    from actfunc.show import certificates as show
    from actfunc.storage.provenance import describe, provenance

    where = resolve_device(device)
    output.header("certify", "all 4,294,967,296 float32 inputs", describe(where))
    found = []
    for record in _elementwise(records, "--exhaustive"):
        spec = record.spec
        with output.progress() as bar:
            task = bar.add_task(spec, total=exhaustive.BLOCKS, note="")
            for done, total in exhaustive.blocks(record, where):
                worst = ", ".join(f"{ulp:.2f}" for ulp in total.worst)
                bar.update(task, completed=done, note=f"worst {worst} ulp")
                output.line(f"{spec}: {done} of {exhaustive.BLOCKS} blocks, worst {worst} ulp")
        found.append(exhaustive.conclude(record, where, total))
    if not output.as_json:
        output.print(show.exhaustive_table(found))
    output.document({**provenance(where), "functions": [one.document() for one in found]})
    if not all(one.held for one in found):
        raise typer.Exit(1)
