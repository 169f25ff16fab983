"""How good a record is that its formula alone has made: every record of the catalogue, by its text.

python benchmarks/formulas.py                 # the certificate's bounds, all dtypes
python benchmarks/formulas.py --time          # beside the handwritten records, eager
python benchmarks/formulas.py --time --compiled
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable

import torch
from torch import Tensor

from actfunc.activation import Activation
from actfunc.catalogue import CATALOGUE
from actfunc.certify import parse
from actfunc.certify.certificate import DTYPES, checked, judged
from actfunc.certify.check import word
from actfunc.formulas.record import of_formula


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="records of the catalogue; all without")
    parser.add_argument("--time", action="store_true", help="measure the time instead")
    parser.add_argument("--compiled", action="store_true", help="the time once compiled")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    names = given.names or list(CATALOGUE)
    if given.time:
        times(names, given.compiled)
    else:
        digits(names)


def digits(names: list[str]) -> None:
    """The checks of a certificate, and by name what does not hold."""
    held = dict.fromkeys(map(word, DTYPES), 0)
    for name in names:
        record = CATALOGUE[name]
        made = of_formula(record.formula, record.params)
        judge = parse(record.formula, tuple(record.params))
        for dtype in DTYPES:
            failing = [one for one in checked(made, judge, judged(made, judge, dtype))
                       if not one.held]  # fmt: skip
            held[word(dtype)] += not failing
            for one in failing:
                print(f"{name}: {one.dtype} {one.order} {one.worst.ulp:.3g} at {one.worst.x:.9g}",
                      flush=True)  # fmt: skip
    for dtype, count in held.items():
        print(f"{dtype}: {count} of {len(names)} hold, {count / len(names):.0%}")


def times(names: list[str], compiled: bool) -> None:
    """The time of value and slope of a million float32 numbers, as a multiple of the record's."""
    x = torch.randn(1_000_000, generator=torch.Generator().manual_seed(0))
    ratios = {}
    for name in names:
        record = CATALOGUE[name]
        made = of_formula(record.formula, record.params)
        ours, theirs = (_step(each, compiled) for each in (made, record))
        pairs = [(_seconds(ours, x), _seconds(theirs, x)) for _ in range(5)]
        ratios[name] = statistics.median(a / b for a, b in pairs)
    for name, ratio in sorted(ratios.items(), key=lambda item: -item[1]):
        print(f"{name}: {ratio:.2f}")
    print(f"median: {statistics.median(ratios.values()):.2f}")


def _step(record: Activation, compiled: bool) -> Callable[[Tensor], object]:
    def step(x: Tensor) -> Tensor:
        x = x.detach().requires_grad_()
        return torch.autograd.grad(record(x).sum(), x)[0]

    def both(x: Tensor) -> tuple[Tensor, Tensor]:
        return record.f(x), record.df(x)

    return torch.compile(both) if compiled else step


def _seconds(step: Callable[[Tensor], object], x: Tensor) -> float:
    step(x)
    start = time.perf_counter()
    step(x)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
