"""`actfunc certify`: is it right? Value and derivatives against the formula, to the last digits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from actfunc.cli.certify_subjects import elementwise, subject
from actfunc.cli.certify_work import certificates_of, every_float32
from actfunc.cli.command import App
from actfunc.cli.console import Output
from actfunc.cli.options import Device, Json, example
from actfunc.cli.working_set import resolve_device
from actfunc.errors import UsageError


def register(app: App) -> None:
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
            help="Activations: a name, name:parameter=value, a formula, file.py:name, module:name."
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

    In float64 and float32 on a grid of joints with their neighbours, tails, subnormals and the
    largest numbers, and wherever a search finds worse; in 16 bits at every input. Beside that all
    of torch's ways to a derivative, other shapes and modes, parameters from all over their domain,
    ±inf, NaN, and finite differences. Exit code 1 when one does not hold.
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

    from actfunc.activation import Activation
    from actfunc.catalogue import CATALOGUE, PAIRS, VECTORS
    from actfunc.certify import kept
    from actfunc.certify.audited import elsewhere
    from actfunc.certify.certificate import DTYPES, FINE
    from actfunc.certify.curve import curve
    from actfunc.certify.many import fine_dtypes
    from actfunc.show import certificates as show
    from actfunc.show import style
    from actfunc.storage.files import check_writable
    from actfunc.storage.provenance import describe, provenance

    if plot is not None:
        style.check_format(plot)
    if save is not None:
        check_writable(save)
    known_before = kept.load(against)[1] if against is not None else None
    known = {str(known).removeprefix("torch."): known for known in DTYPES}
    for word in dtype or []:
        if word not in known:
            raise UsageError(f"dtype must be one of {', '.join(known)}, got {word!r}")
    dtypes = [known[word] for word in dict.fromkeys(dtype or known)]
    whole = [*CATALOGUE, *PAIRS, *VECTORS] if everything else []
    output = Output(json)
    subjects = [subject(text, judge, derivative, formula) for text in [*whole, *chosen]]
    if not {*dtypes} & {*FINE}:
        others = [one.name for one in subjects if not isinstance(one, Activation)]
        if everything:
            output.note("pairs and vector functions have no 16-bit part, and are left out")
        elif others:
            fine_dtypes(others[0], dtypes)  # refused before the work
        subjects = [one for one in subjects if isinstance(one, Activation)]
    records = {one.spec: one for one in subjects}
    drawable = elementwise(records, "--plot") if plot is not None else []

    where = resolve_device(device)
    if exhaustive:
        every_float32(records, where, output)
        return
    if where.type != "cpu":
        if compiled:
            raise UsageError("--compiled is judged on a CPU; leave it or --device out")
        if everything:
            output.note("pairs and vector functions are judged on a CPU, and are left out")
            subjects = [one for one in subjects if isinstance(one, Activation)]
        movable = elementwise({one.spec: one for one in subjects}, "--device")
        records = {one.spec: elsewhere(one, where) for one in movable}
        drawable = [elsewhere(one, where) for one in drawable]
    output.header(
        "certify",
        f"{len(records)} function{'s' if len(records) > 1 else ''}",
        ", ".join(dict.fromkeys(dtype or known)),
        "eager and compiled" if compiled else "eager",
        *([] if where.type == "cpu" else [describe(where)]),
        f"torch {torch.__version__.partition('+')[0]}",
    )
    found = certificates_of(records, dtypes, compiled, formula, output)
    differences = []
    try:
        if not json:
            output.print(show.certificate_table(found))
            failing = show.failing_points(found)
            if failing is not None:
                output.print(failing)
        if known_before is not None:
            differences = kept.drift(known_before, found, all_of_them=everything)
            output.done(not differences, "as kept", f"{against}: {len(differences)} differences")
            for difference in differences:
                output.print(f"  {difference}")
        document = {"torch": torch.__version__, **show.certificates_document(found)}
        output.document({**document, "drift": differences} if against is not None else document)
    finally:  # an hour's work, which a fault in showing it must not cost
        if save is not None:
            output.wrote("certificates", kept.save(save, found, provenance(where)))
    if plot is not None:
        drawn = [each for each in dtypes if each in (torch.float64, torch.float32)] or dtypes
        curves = [curve(one, each, formula) for one in drawable for each in drawn]
        style.save(show.error_figure(curves), plot)
        output.wrote("figure", plot)
    if differences or not all(one.held for one in found):
        raise typer.Exit(1)
