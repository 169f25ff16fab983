"""Figures: every colour told apart, every format, nothing left in pyplot's global state."""

from __future__ import annotations

import sys

import matplotlib as mpl
import pytest
import torch

from actfunc import CATALOGUE, get, names
from actfunc.analysis import backpropagate, distribution
from actfunc.data import normalise
from actfunc.errors import UsageError
from actfunc.show import gradients as shown_gradients
from actfunc.show import style
from actfunc.show.activations import activations_figure
from actfunc.show.distribution import distribution_figure
from actfunc.show.neurons import dead_figure
from actfunc.show.overlay import overlay_figure
from actfunc.show.terminal import line_plot
from actfunc.storage import WorkingSet
from tests.records import HANDFUL


@pytest.fixture
def work(small_data, small_split) -> WorkingSet:
    return WorkingSet(small_data, small_split, torch.device("cpu"), seed=42, split_seed=42)


def test_one_colour_an_activation_by_any_spelling():
    colours = [style.colour(name) for name in names()]
    assert len(set(colours)) == len(colours)
    for name, record in CATALOGUE.items():
        for spelling in (name, record.spec, *record.aliases, name.upper().replace("_", "")):
            assert style.colour(spelling) == style.colour(name)
    assert style.colour("one_of_my_own") == style.colour("one_of_my_own:a=1.0")


def test_settings_of_one_activation_are_told_apart_by_label_and_shade():
    specs = [f"elu:alpha={alpha}" for alpha in (0.5, 1, 2, 3, 4, 5, 6)]
    looks = style.looks(["gelu", *specs])
    assert list(looks) == ["gelu", *specs]
    assert looks["gelu"] == ("gelu", style.colour("gelu"))
    assert [looks[spec].label for spec in specs] == specs
    assert looks[specs[0]].colour == style.colour("elu")
    assert len({look.colour for look in looks.values()}) == len(looks)


def test_whole_specs_are_labels_only_where_they_are_needed():
    assert style.labels(["elu:alpha=2", "a.py:mine"]) == {"elu:alpha=2": "elu", "a.py:mine": "mine"}
    both = ["a.py:mine", "b.py:mine", "a.py:mine"]
    assert style.labels(both) == {"a.py:mine": "a.py:mine", "b.py:mine": "b.py:mine"}


def test_shades_are_drawn(work):
    params, specs = work.fresh((16, 8)), ["elu:alpha=0.5", "elu:alpha=2"]
    images, labels = work.split.train.first(64)
    found = {s: backpropagate(params, get(s), normalise(images), labels) for s in specs}
    figure = shown_gradients.gradients_figure(found)
    rows = [figure.axes[0], figure.axes[len(found[specs[0]])]]
    assert [axis.get_ylabel() for axis in rows] == specs
    colours = [axis.patches[0].get_facecolor()[:3] for axis in rows]
    assert colours[0] != colours[1]


@pytest.mark.parametrize(
    ("spec", "label"),
    [
        ("elu", "elu"),
        ("elu:alpha=0.5", "elu"),
        ("path/to/my.py:mine", "mine"),
        ("path/to/my.py:mine:a=1.0", "mine"),
        ("torch.nn.functional:softsign", "softsign"),
    ],
)
def test_a_spec_is_shown_by_its_short_name(spec, label):
    assert style.label(spec) == label


@pytest.mark.parametrize(
    "shown", [HANDFUL, pytest.param(tuple(CATALOGUE), marks=pytest.mark.full)], ids=["few", "all"]
)
def test_every_activation_can_be_drawn(tmp_path, shown):
    records = [CATALOGUE[name] for name in shown]
    drawn = activations_figure(records)
    panels = [axis for axis in drawn.axes if axis.get_visible()]
    assert len(panels) == len(records)
    for axis, record in zip(panels, records, strict=True):
        assert axis.get_title(loc="left").startswith(record.name)
        joints = [line for line in axis.lines if line.get_marker() == "o"]
        assert len(joints) == len(record.joint_points)
    style.save(drawn, tmp_path / "all.png")


def test_the_key_tells_the_function_from_its_derivatives():
    record = get("tanh")
    figure = activations_figure([record])
    [key], [axis] = figure.legends, figure.axes
    kinds = [(text.get_text(), line.get_linestyle()) for text, line in in_the_key(key)]
    styles = dict(kinds[:3])
    assert list(styles) == ["f", "f′", "f″"]
    assert len({*styles.values()}) == 3
    for name, function in zip(styles, (record.f, record.df, record.d2f), strict=True):
        [curve] = [
            line
            for line in axis.lines
            if line.get_linestyle() == styles[name] and line.get_color() == style.colour("tanh")
        ]
        x, y = map(torch.as_tensor, curve.get_data())
        assert torch.equal(y, function(x))


def in_the_key(legend):
    """Its words, each with its line."""
    return zip(legend.get_texts(), legend.get_lines(), strict=True)


def test_the_same_figure_is_the_same_file(tmp_path):
    first, again = (
        style.save(activations_figure([get("elu"), get("gelu")]), tmp_path / f"{name}.svg")
        for name in "ab"
    )
    assert first.read_bytes() == again.read_bytes()


def test_no_figure_touches_pyplot():
    activations_figure([CATALOGUE["relu"]])
    assert "matplotlib.pyplot" not in sys.modules or not (
        sys.modules["matplotlib.pyplot"].get_fignums()
    )


def test_the_users_settings_of_matplotlib_are_neither_seen_nor_changed(tmp_path):
    def settings():
        return {key: mpl.rcParams[key] for key in mpl.rcParams if key != "backend"}

    def drawn(name):
        return style.save(activations_figure([CATALOGUE["relu"]]), tmp_path / name).read_bytes()

    odd = {"font.size": 20, "lines.linewidth": 9, "svg.fonttype": "none", "xtick.direction": "in",
           "savefig.bbox": "tight", "axes.xmargin": 0.3}  # fmt: skip
    before = settings()
    ours = drawn("ours.svg")
    assert settings() == before
    with mpl.rc_context(odd):
        theirs = settings()
        assert drawn("ours too.svg") == ours
        assert settings() == theirs


def test_gradient_and_distribution_figures_have_a_panel_a_layer(work):
    params, relu = work.fresh((16, 8)), CATALOGUE["relu"]
    images, labels = work.split.train.first(64)
    images = normalise(images)
    gradients = {"relu": backpropagate(params, relu, images, labels)}
    *panels, scales = shown_gradients.gradients_figure(gradients).axes
    assert len(panels) == 3
    [line] = scales.lines
    spreads = [float(layer.weight.std(correction=0)) for layer in gradients["relu"]]
    assert line.get_ydata() == pytest.approx(spreads)
    values = {"relu": distribution(params, relu.f, images)}
    assert len(distribution_figure(values).axes) == 2


def test_dead_figure_tells_counts_and_shares():
    counts = {"untrained": [0, 3], "deep": [1, 2, 4]}
    figure = dead_figure(counts, {"untrained": [8, 6], "deep": [8, 8, 8]})
    for axis, (name, found) in zip(figure.axes, counts.items(), strict=True):
        assert axis.get_title(loc="left") == name
        assert [text.get_text() for text in axis.texts] == [str(n) for n in found]
    assert [bar.get_height() for bar in figure.axes[0].patches] == [0.0, 50.0]


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [(1.0, 9000.0, "1 : 9,000"), (3.0, 1.0, "3.0 : 1"), (1.0, 1.0, "1.0 : 1"), (0.0, 1.0, "0")],
)
def test_ratio_reads_as_one_to_many(first, last, said):
    assert shown_gradients.ratio(first, last) == said


def test_a_path_of_another_kind_is_refused_before_anything_is_drawn(tmp_path):
    for name in ("figure", "figure.gif", "figure.svg.gz"):
        with pytest.raises(UsageError, match="cannot draw a figure as"):
            style.check_format(tmp_path / name)
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(UsageError, match="cannot write"):
        style.check_format(tmp_path / "folder.svg")


def test_a_terminal_plot_shows_a_line_where_it_is():
    rising = [-1 + 2 * i / 99 for i in range(100)]
    text = line_plot([("f", "bold", rising)], (-1, 1), (-1, 1), columns=10, rows=5).plain
    lines = text.splitlines()
    assert len(lines) == 7
    assert lines[0].startswith("     1 ┼")
    assert lines[4].startswith("    -1 ┼")
    # the diagonal: the top row has its dots on the right, the bottom row on the left
    assert lines[0].rstrip()[-1] not in "┼ "
    assert lines[4][8] not in " ·"


def test_an_overlay_has_all_functions_in_a_panel_for_each_derivative():
    records = [get("relu"), get("gelu")]
    figure = overlay_figure(records, span=(-4, 4), orders=(0, 1), title="together")
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["f", "f′"]
    assert {text.get_text() for text in figure.legends[0].get_texts()} == {"relu", "gelu"}
    for axis, order in zip(figure.axes, (0, 1), strict=True):
        assert axis.get_xlim() == (-4, 4)
        [*_, gelu] = axis.lines
        x, y = map(torch.as_tensor, gelu.get_data())
        assert torch.equal(y, records[1].siblings[order](x))


def test_a_figure_has_the_derivatives_asked_for_and_its_key_no_others():
    figure = activations_figure([get("tanh")], orders=(0, 1), span=(-2, 2))
    [key], [axis] = figure.legends, figure.axes
    assert [text.get_text() for text in key.get_texts()] == ["f", "f′", "asymptote"]
    assert axis.get_xlim() == (-2, 2)
    assert not [line for line in axis.lines if line.get_linestyle() == ":"]


def test_a_slide_is_wide_and_its_type_larger():
    plain = activations_figure([get("relu")])
    with style.for_slides():
        slide = activations_figure([get("relu")])
    width, height = slide.get_size_inches()
    assert width / height == pytest.approx(16 / 9, rel=1e-3)
    sizes = [figure.axes[0].title.get_fontsize() for figure in (plain, slide)]
    assert sizes[1] > 1.3 * sizes[0]
    assert activations_figure([get("relu")]).get_size_inches()[0] == plain.get_size_inches()[0]
