"""Activations one over another, to compare them: a panel a derivative."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from actfunc.activation import Activation
from actfunc.show import style
from actfunc.show.activations import NAMES, ORDERS, SPAN, heights, pieces

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@style.applied()
def overlay_figure(
    records: Sequence[Activation],
    *,
    span: tuple[float, float] = SPAN,
    orders: Sequence[int] = ORDERS,
    title: str = "",
) -> Figure:
    """All functions in one panel, and all derivatives of an order in another.

    span: the ends of the x axis. orders: which derivatives, 0 for the functions themselves.
    """
    figure = style.figure(4.3 * len(orders) + 0.2, 4.2, title)
    panels = figure.subplots(1, len(orders), squeeze=False)[0]
    looks = style.looks([record.spec for record in records])
    for axis, order in zip(panels, orders, strict=True):
        for record, look in zip(records, looks.values(), strict=True):
            for number, x in enumerate(pieces(record, span)):
                label = look.label if number == 0 else None
                axis.plot(x, record.siblings[order](x), color=look.colour, label=label)
        axis.set_title(NAMES[order])
        axis.set_xlim(*span)
        axis.set_ylim(*heights(records, span, [order]))
        axis.set_xlabel("x")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(6, len(labels)))
    return figure
