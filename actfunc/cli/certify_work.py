"""The work of `actfunc certify` with its bars: certificates of many functions, or every float32."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from actfunc.cli.certify_subjects import elementwise
from actfunc.cli.console import Output

if TYPE_CHECKING:
    import torch

    from actfunc.certify import Certificate
    from actfunc.cli.certify_subjects import Subject

AT_ONCE = 8
"""From so many functions on, processes share the work: each needs seconds to start."""


def certificates_of(
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

        here = not any(getattr(record, "device", "") for record in records.values())
        if here and len(records) >= AT_ONCE:
            failing = 0
            for certificate in certify_many(list(records), dtypes, compiled=compiled):
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


def every_float32(records: dict[str, Subject], where: torch.device, output: Output) -> None:
    """Every float32, function by function: table or document, exit code 1 where one is not held."""
    from actfunc.certify import exhaustive
    from actfunc.show import certificates as show
    from actfunc.storage.provenance import describe, provenance

    output.header("certify", "all 4,294,967,296 float32 inputs", describe(where))
    found = []
    for record in elementwise(records, "--exhaustive"):
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
