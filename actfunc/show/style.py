"""One look for every figure, and one colour an activation in every table, figure and page."""

from __future__ import annotations

import colorsys
import io
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from rich.text import Text

from actfunc.catalogue import CATALOGUE
from actfunc.errors import UsageError
from actfunc.storage import files

# Okabe & Ito's colours, told apart by colour-blind readers too; the tutorial's six come first
_PALETTE = {
    "sigmoid": "#0072B2",
    "tanh": "#56B4E9",
    "relu": "#D55E00",
    "leaky_relu": "#E69F00",
    "elu": "#009E73",
    "silu": "#CC79A7",
    "gelu": "#7A3E9D",
    "mish": "#8C510A",
    "softplus": "#4D4D4D",
    "identity": "#8A8A8A",
}
OTHERS = tuple(_PALETTE.values())[:8]
"""Of functions that are in no catalogue."""
_GOLDEN = (5**0.5 - 1) / 2
SHADES = ((0, 0.0), (0, 0.5), (1, 0.5), (0, 0.75), (1, 0.7), (0, 0.3), (1, 0.3))
"""Where a colour comes again: towards black (0) or white (1), each time further."""


def _spread(position: int) -> str:
    """A colour for one of many: hues as far apart as they go, three lightnesses in turn."""
    lightness = (0.36, 0.46, 0.56)[position % 3]
    parts = colorsys.hls_to_rgb(position * _GOLDEN % 1, lightness, 0.55)
    return "#" + "".join(f"{round(255 * part):02X}" for part in parts)


_PALETTE |= {
    name: _spread(position) for position, name in enumerate(CATALOGUE) if name not in _PALETTE
}

HELD, NOT_HELD = "#1B7F3B", "#B3261E"
FORMATS = (".svg", ".pdf", ".png")

_STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#666666",
    "axes.grid": True,
    "axes.labelcolor": "#333333",
    "axes.labelsize": 10,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "figure.dpi": 110,
    "figure.titlesize": 13,
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "lines.linewidth": 1.9,
    "savefig.dpi": 200,
    "svg.fonttype": "path",
    "svg.hashsalt": "actfunc",  # the same figure is the same file
    "text.color": "#222222",
    "xtick.color": "#555555",
    "ytick.color": "#555555",
}


def colour(name: str) -> str:
    """The colour of an activation by any spelling or spec; stable for one's own too."""
    head = label(name)
    head = CATALOGUE.canonical(head) or head
    return _PALETTE.get(head) or OTHERS[zlib.crc32(head.encode()) % len(OTHERS)]


def label(spec: str) -> str:
    """The short name of a spec: `elu` of `elu:alpha=1.0`, `mine` of `path/to/file.py:mine`."""
    head, _, tail = spec.partition(":")
    own = tail.partition(":")[0]
    return own if own and "=" not in own else head


def labels(specs: Iterable[str]) -> dict[str, str]:
    """The short name of each, and the whole spec of those that share one."""
    specs = list(dict.fromkeys(specs))
    shared = Counter(map(label, specs))
    return {spec: label(spec) if shared[label(spec)] == 1 else spec for spec in specs}


class Look(NamedTuple):
    """How a figure shows one of its activations."""

    label: str
    colour: str


def looks(specs: Iterable[str]) -> dict[str, Look]:
    """How one figure shows them: `labels`, and shades of its colour where a colour comes again."""
    found: dict[str, Look] = {}
    used: Counter[str] = Counter()
    for spec, text in labels(specs).items():
        plain = colour(spec)
        found[spec] = Look(text, _shade(plain, used[plain]))
        used[plain] += 1
    return found


def _shade(plain: str, number: int) -> str:
    """The colour itself, then darker and lighter ones in turn; from the eighth on they repeat."""
    towards, share = SHADES[number % len(SHADES)]
    red, green, blue = (part + share * (towards - part) for part in to_rgb(plain))
    return to_hex((red, green, blue)).upper()


class Verdict(NamedTuple):
    """What is found beside what is expected, in words; `held` is None where neither is said."""

    word: str
    held: bool | None

    def coloured(self) -> Text:
        """For a table."""
        colours = {True: f"bold {HELD}", False: f"bold {NOT_HELD}", None: ""}
        return Text(self.word, style=colours[self.held])


def named(spec: str) -> Text:
    """The short name in its colour, then the parameters, where a table may break the line."""
    name, settings = Text(label(spec), style=f"bold {colour(spec)}"), spec.rpartition(":")[2]
    return name.append(f" {settings}", style="not bold dim") if "=" in settings else name


_SLIDE = {
    "axes.labelsize": 15,
    "axes.titlesize": 16,
    "figure.titlesize": 20,
    "font.size": 14,
    "lines.linewidth": 3.0,
}
_for_slides = False


@contextmanager
def for_slides() -> Iterator[None]:
    """Figures made in here have larger type and lines, on a page of 16 by 9."""
    global _for_slides
    _for_slides = True
    try:
        yield
    finally:
        _for_slides = False


@contextmanager
def applied() -> Iterator[None]:
    """Matplotlib's settings are those of our figures in here, and the user's again afterwards.

    An artist reads them when it is made, and ticks are made when they are drawn. So a function
    that makes a figure is decorated with this, and `save` is in it as well.
    """
    with mpl.rc_context():
        mpl.rcdefaults()  # what the user has set does not show in our figures
        mpl.rcParams.update(_STYLE | (_SLIDE if _for_slides else {}))  # type: ignore[arg-type]
        yield


def figure(width: float, height: float, title: str = "") -> Figure:
    """An empty figure (inches) in the style that is `applied`, apart from pyplot's global state."""
    assert mpl.rcParams["svg.hashsalt"] == _STYLE["svg.hashsalt"], "draw with the style applied"
    size = (13.33, 7.5) if _for_slides else (width, height)
    made = Figure(figsize=size, layout="constrained")
    if title:
        made.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return made


def check_format(path: Path) -> Path:
    """Refuse a figure path of an ending nobody draws, before anything is computed."""
    if path.suffix.lower() not in FORMATS:
        raise UsageError(
            f"cannot draw a figure as {path.name!r}", f"end its name in {_among(FORMATS)}"
        )
    return files.check_writable(path)


def save(made: Figure, path: Path) -> Path:
    """Write the figure in the format of the path's ending, making its folder where needed."""
    check_format(path)
    return files.write_bytes(path, drawn(made, path.suffix.lower()))


@applied()
def drawn(made: Figure, ending: str) -> bytes:
    """The figure as a file of one of `FORMATS` has it."""
    metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(ending)
    file = io.BytesIO()
    made.savefig(file, format=ending[1:], metadata=metadata)
    return file.getvalue()


def _among(options: Iterable[str]) -> str:
    *most, last = options
    return f"{', '.join(most)} or {last}"
