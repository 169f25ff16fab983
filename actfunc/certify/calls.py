"""How a function is called: whatever the shape, the layout or the mode, the numbers are the same.

At the points of a certificate a function is called in other ways than on all of them at once: on
one number, on a few, on a hundred thousand, on transposed and strided tensors, under the modes and
transforms of torch, again and again. Torch's loops for one number and for many may differ in the
last bit, so the results are judged by the truth and its measure, unless they are those that were
judged already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor
from torch.func import vjp

from actfunc import torch_private
from actfunc.activation import Activation
from actfunc.certify.call_ways import WAYS, Way
from actfunc.certify.check import ORDERS, Judged, Point, bound_of, unlike, word
from actfunc.certify.sixteen import spread as spread_16
from actfunc.errors import in_a_line
from actfunc.lifting import SIXTEEN_BIT
from actfunc.numerics.ulp import error_beside, ulp

TIMES, AT_A_TIME = 20, 40
"""How often a function is given one tensor with other numbers in it, each time twice, and its
length."""

Columns: TypeAlias = Sequence[Tensor]
Called: TypeAlias = Callable[..., tuple[Tensor, ...]]


class Call(NamedTuple):
    """What a function gives when it is called in one way.

    called:    how: `transposed`, `under vmap over rows`.
    order, by: which result is wrong then, and of which function: `first`, `backward`; empty where
               none is.
    points:    how many results were looked at.
    failure:   what is wrong, in words, where it is no number that is wrong.
    different: how many results are beyond their bound; `worst` is the worst of them.
    """

    called: str
    order: str
    by: str
    dtype: str
    points: int
    failure: str
    different: int
    worst: Point | None
    held: bool


class Answers(NamedTuple):
    """What is right at the points, and what a function gave when it was called on all at once.

    inputs: (point,), one of each input: x, or value and gate.
    usual:  (order, point), in the dtype of the inputs: what it gave then, judged elsewhere.
    hi, lo: (order, point), float64: the truth, as their sum.
    spread: (order, point), float64: what rounding the inputs makes of the truth.
    bounds: what is allowed of each order; orders: what it is called.
    """

    inputs: tuple[Tensor, ...]
    usual: Tensor
    hi: Tensor
    lo: Tensor
    spread: Tensor
    bounds: tuple[float, ...]
    orders: tuple[str, ...]

    def errors(self, order: int, got: Tensor, at: Tensor) -> Tensor:
        """The errors of results of an order for the points `at`, (result,) each.

        0 where it is what was had before, which is judged elsewhere.
        """
        usual = self.usual[order][at]
        odd = torch.nonzero((got != usual) & ~(got.isnan() & usual.isnan()))[:, 0]
        where = at[odd]
        right = (part[order][where] for part in (self.hi, self.lo, self.spread))
        errors = torch.zeros(len(got), dtype=torch.float64)
        errors[odd] = error_beside(got[odd], *right)
        return errors


class Asked(NamedTuple):
    """A function to call.

    orders:  of which value or derivatives its results are, by their places in `Answers`.
    by:      its name.
    records: whether derivatives are recorded in it by torch's ordinary backward (True), or taken by
             a transform (False), each where the other cannot be; None where neither is.
    """

    orders: tuple[int, ...]
    by: str
    call: Called
    records: bool | None = None

    def goes(self, way: Way) -> bool:
        """Whether it can be called in this way."""
        if self.records is False and way.entered is torch.inference_mode:
            return torch_private.inference_mode_differentiates()
        return self.records is None or self.records == way.records


AGAIN = "again and again"
INPUT = "with an input that is needed afterwards"
RESULT = "with a result that is needed afterwards"


def calls(activation: Activation, judged: Judged, *, lifted: bool) -> list[Call]:
    """The siblings of an activation called in every way, and what is lifted, too.

    judged: the points of a dtype with what is true there.
    lifted: whether calling the activation gives the lifted function, and its siblings are not made
            by backward.
    """
    return called(_answers(activation, judged), list(_asked(activation, lifted)))


def called(answers: Answers, asked: Sequence[Asked]) -> list[Call]:
    """The functions called in every way; a finding each."""
    kept = _Found(INPUT, answers), _Found(RESULT, answers)
    found = []
    for way in WAYS:
        found.append(here := _Found(way.called, answers))
        for each in asked:
            if each.goes(way):
                here.tried(each, partial(_call, each, way, here, kept[0]))
    again = _Found(AGAIN, answers)
    for each in (each for each in asked if each.records is not False):
        again.tried(each, partial(_call_again, each, again, kept[1]))
    return [each.call() for each in (*found, again, *kept)]


def _answers(activation: Activation, judged: Judged) -> Answers:
    """What is right at the points judged; at ±inf and NaN, what the siblings give there."""
    x, got, true, _ = judged
    ends = torch.tensor([-torch.inf, torch.inf, torch.nan], dtype=x.dtype)
    at_ends = torch.stack([sibling(ends.clone()).detach() for sibling in activation.siblings])
    usual = torch.cat([got, at_ends], 1)
    if x.dtype in SIXTEEN_BIT:
        spread = torch.stack([spread_16(row) for row in true.hi[:3]])
    else:
        spread = true.hi[1:4].abs() * ulp(x.double(), x.dtype)
    # where the formula has no value to judge by, what was had is as good as any
    hi = torch.where(true.known, true.hi[:3], got.double())
    nothing = torch.zeros_like(at_ends, dtype=torch.float64)
    return Answers(
        (torch.cat([x, ends]),),
        usual,
        torch.cat([hi, at_ends.double()], 1),
        torch.cat([torch.where(true.known, true.lo[:3], 0.0), nothing], 1),
        torch.cat([torch.where(true.known, spread, 0.0), nothing], 1),
        tuple(bound_of(order, x.dtype, activation.exceptions) for order in range(3)),
        ORDERS,
    )


def _asked(activation: Activation, lifted: bool) -> Iterator[Asked]:
    for order, name in enumerate(("f", "df", "d2f")):
        sibling = getattr(activation, name)
        # what is not ours makes its derivatives by backward
        records = True if order > 0 and not lifted else None
        yield Asked((order,), name, lambda x, sibling=sibling: (sibling(x),), records)
    if lifted:
        yield Asked((0,), "the lifted call", lambda x: (activation(x),))
        yield Asked((0, 1), "backward", lambda x: _backward(activation, x), records=True)
        yield Asked((2,), "backward twice", lambda x: _twice(activation, x), records=True)
        yield Asked((0, 1), "vjp", lambda x: _pulled(activation, x), records=False)


def _backward(activation: Activation, x: Tensor) -> tuple[Tensor, ...]:
    leaf = x.detach().requires_grad_()
    y = activation(leaf)
    return y, *torch.autograd.grad(y, leaf, torch.ones_like(y))


def _twice(activation: Activation, x: Tensor) -> tuple[Tensor, ...]:
    leaf = x.detach().requires_grad_()
    y = activation(leaf)
    (slope,) = torch.autograd.grad(y, leaf, torch.ones_like(y), create_graph=True)
    return torch.autograd.grad(slope, leaf, torch.ones_like(slope))


def _pulled(activation: Activation, x: Tensor) -> tuple[Tensor, ...]:
    y, pull, *_ = vjp(activation, x)
    return y, *pull(torch.ones_like(y))


@dataclass
class _Found:
    """What was found of one way of calling, so far."""

    name: str
    answers: Answers
    points: int = 0
    different: int = 0
    failure: str = ""
    worst: Point | None = None
    relative: float = 0.0
    order: str = ""
    by: str = ""

    def tried(self, asked: Asked, attempt: Callable[[], None]) -> None:
        """Go this way; that it is barred is a finding, whatever it is that is raised."""
        try:
            attempt()
        except Exception as error:
            self.fail(asked, asked.orders[0], in_a_line(error))

    def fail(self, asked: Asked, order: int, what: str) -> None:
        """The first thing that is wrong beside numbers."""
        if not self.failure:
            self.failure, self.order, self.by = what, self.answers.orders[order], asked.by

    def look(self, asked: Asked, results: Sequence[Sequence[Tensor]], at: Sequence[Tensor]) -> None:
        """Results of calls, each for the points `at` of that call and of their shape."""
        self.points += sum(each.numel() for each in at)
        flat = torch.cat([each.flatten() for each in at])
        for order, parts in zip(asked.orders, zip(*results, strict=True), strict=True):
            dtype = self.answers.inputs[0].dtype
            pairs = zip(parts, at, strict=True)
            wrong = next(filter(None, (unlike(part, dtype, of.shape) for part, of in pairs)), "")
            if wrong:
                self.fail(asked, order, wrong)
            else:
                self._measure(asked, order, torch.cat([part.flatten() for part in parts]), flat)

    def _measure(self, asked: Asked, order: int, got: Tensor, at: Tensor) -> None:
        errors = self.answers.errors(order, got, at)
        bound = self.answers.bounds[order]
        beyond = int((errors > bound).sum())
        self.different += beyond
        if beyond and errors.max().item() / bound > self.relative:
            worst = int(errors.argmax())
            x, *others = (column[at[worst]].item() for column in self.answers.inputs)
            wanted = self.answers.hi[order][at[worst]].item()
            off = errors[worst].item()
            self.worst = Point(x, got[worst].item(), wanted, off, tuple(others))
            self.relative = off / bound
            if not self.failure:
                self.order, self.by = self.answers.orders[order], asked.by

    def call(self) -> Call:
        """As a part of a certificate."""
        dtype = word(self.answers.inputs[0].dtype)
        held = not self.different and not self.failure
        place = self.name, self.order, self.by, dtype, self.points
        return Call(*place, self.failure, self.different, self.worst, held)


def _call(asked: Asked, way: Way, found: _Found, inputs_kept: _Found) -> None:
    columns = found.answers.inputs
    shapes = list(way.shapes(len(columns[0])))
    given = []
    for at in shapes:
        with way.entered():
            inputs = [way.placed(column, at) for column in columns]
            before = [each.detach().clone() for each in inputs]
            marks = list(map(torch_private.writes, inputs))
            results = way.follow(asked.call, *inputs)
        # a result may be an inference tensor, which nothing else takes
        given.append([each.detach().clone() for each in results])
        kept = all(_same_bits(*both) for both in zip(inputs, before, strict=True))
        if not kept or marks != list(map(torch_private.writes, inputs)):
            what = "the input is another afterwards" if not kept else "the input is written over"
            inputs_kept.fail(asked, asked.orders[0], what)
    inputs_kept.points += sum(each.numel() for each in shapes)
    found.look(asked, given, shapes)


def _call_again(asked: Asked, found: _Found, results_kept: _Found) -> None:
    """One tensor with ever other numbers in it: neither a count nor a memory may show."""
    columns = found.answers.inputs
    step = len(columns[0]) // AT_A_TIME
    buffers = [column[:AT_A_TIME].clone() for column in columns]
    given, copies, places = [], [], []
    for turn in range(TIMES):
        at = torch.arange(AT_A_TIME) * step + turn * step // TIMES
        for buffer, column in zip(buffers, columns, strict=True):
            buffer.copy_(column.take(at))
        for _ in range(2):
            given.append([each.detach() for each in asked.call(*buffers)])
            copies.append([each.clone() for each in given[-1]])
            places.append(at)
    found.look(asked, copies, places)
    results_kept.points += sum(each.numel() for each in places)
    for one, other in zip(chain(*given), chain(*copies), strict=True):
        # the identity gives back what it was given
        own = all(one.data_ptr() != buffer.data_ptr() for buffer in buffers)
        if own and not _same_bits(one, other):
            results_kept.fail(asked, asked.orders[0], "a result is another after later calls")


def _same_bits(one: Tensor, other: Tensor) -> bool:
    whole = {2: torch.int16, 4: torch.int32, 8: torch.int64}[one.element_size()]
    return torch.equal(one.detach().view(whole), other.view(whole))
