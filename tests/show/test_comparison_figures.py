"""A comparison in figures: every mean, interval, seed and stop is drawn where it belongs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actfunc.compare.statistics import Band
from actfunc.show import style
from actfunc.show.comparison_figures import bands_figure, intervals_figure
from actfunc.show.comparison_names import arm_names
from actfunc.show.escape import ABOVE, AT_CHANCE, escape_figure
from actfunc.training import Epoch
from tests.show.comparisons import ALONE, DIVERGED, GELU, RELU, SUMMARY, TANH, summaries


def curve(*means, spread=0.5):
    return [Band(n, mean, mean - spread, mean + spread, 10) for n, mean in enumerate(means, 1)]


@settings(max_examples=20, deadline=None)
@given(summaries())
def test_every_interval_and_seed_is_within_some_panel(summary):
    panels = intervals_figure(summary, "title").axes
    limits = [axis.get_xlim() for axis in panels]
    labels = [text.get_text().replace("\n", " ") for text in panels[0].get_yticklabels()]
    assert labels == list(arm_names([one.arm for one in summary.standings]).values())
    for row, one in enumerate(summary.standings):
        seeds = [each.test for each in one.reported if each.diverged is None]
        ends = [] if one.test is None else [one.test.mean, one.test.low, one.test.high]
        for value in (*ends, *seeds):
            assert any(low < value < high for low, high in limits)
        for axis in panels:
            drawn = [line.get_data() for line in axis.lines]
            whole = [x for x, y in drawn if list(y) == [row, row]]
            assert [list(x) for x in whole] == ([ends[1:]] if ends else [])
            assert any(list(x) == ends[:1] and list(y) == [row] for x, y in drawn) == bool(ends)
            below = [x for x, y in drawn if len(x) and np.allclose(y, row + 0.26)]
            assert [list(x) for x in below] == ([seeds] if seeds else [])


def test_who_sits_at_chance_does_not_flatten_the_rest():
    left, right = intervals_figure(SUMMARY).axes
    assert right.get_xlim()[0] > 87
    assert left.get_xlim()[0] <= 10 <= left.get_xlim()[1] < 20
    (axis,) = intervals_figure(SUMMARY._replace(standings=SUMMARY.standings[:3])).axes
    assert axis.get_xlim()[0] > 87
    assert axis.spines["left"].get_visible()
    assert not right.spines["left"].get_visible()


def test_the_baseline_is_marked_and_chance_told():
    for axis in intervals_figure(SUMMARY).axes:
        assert [line.get_xdata()[0] for line in axis.lines if line.get_linestyle() == "--"] == [
            88.12
        ]
    told = [text.get_text() for text in intervals_figure(SUMMARY).axes[-1].texts]
    assert told == ["88.42", "88.12  baseline", "88.05", "10.00  0 of 10 left chance"]
    (axis,) = intervals_figure(ALONE).axes
    assert not [line for line in axis.lines if line.get_linestyle() == "--"]
    assert [text.get_text() for text in axis.texts] == ["66.40  17 of 20 left chance"]
    told = [text.get_text() for text in intervals_figure(DIVERGED).axes[-1].texts]
    assert told == ["88.10  baseline", "87.00  2 of 10 diverged", "–  10 of 10 diverged"]


def test_every_activation_has_a_line_a_band_and_its_name():
    found = {"gelu": curve(80, 88, 89), "relu": curve(79, 87, 88.9), "sigmoid": curve(10, 10, 10)}
    upper, lower = bands_figure(found, "title").axes
    for axis, names in ((upper, ["gelu", "relu"]), (lower, ["gelu", "relu", "sigmoid"])):
        for name, line, band in zip(names, axis.lines, axis.collections, strict=True):
            assert list(line.get_ydata()) == [one.mean for one in found[name]]
            assert line.get_color() == style.colour(name)
            edge = band.get_paths()[0].vertices[:, 1]
            assert edge.min() == min(one.low for one in found[name])
            assert edge.max() == max(one.high for one in found[name])
    assert [text.get_text() for text in upper.texts] == ["gelu 89.0", "relu 88.9"]
    assert [text.get_text() for text in lower.texts] == ["sigmoid 10.0"]
    assert lower.get_ylim() == (9, 90)
    assert len(bands_figure({"gelu": curve(80)}).axes) == 1


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(st.floats(0, 99), min_size=1, max_size=9), min_size=1, max_size=4))
def test_no_epoch_is_cut_off(means):
    """Where the first epochs are left out above, they are in the panel below."""
    arms = [RELU._replace(hidden=(n,)) for n in range(len(means))]
    found = {arm: curve(*each) for arm, each in zip(arms, means, strict=True)}
    low, high = bands_figure(found).axes[-1].get_ylim()
    every = [band for each in found.values() for band in each]
    assert low < min(band.low for band in every) <= max(band.high for band in every) < high


@settings(max_examples=25)
@given(st.lists(st.floats(70, 90), min_size=1, max_size=12))
def test_names_at_the_ends_of_lines_do_not_overlap(ends):
    arms = [RELU._replace(hidden=(n,)) for n in range(len(ends))]
    figure = bands_figure({arm: curve(80, end) for arm, end in zip(arms, ends, strict=True)})
    (axis,) = figure.axes
    low, high = axis.get_ylim()
    inch = (high - low) / (figure.get_size_inches()[1] - 0.7)
    heights = [text.xyann[1] for text in axis.texts]
    assert all(a - b >= 0.179 * inch for a, b in pairwise(heights))
    assert low < min(heights) <= max(heights) < high
    values = [text.xy[1] for text in axis.texts]
    assert values == sorted(ends, reverse=True)


def test_arms_of_one_colour_differ_in_their_dashes():
    arms = [RELU, RELU._replace(optimizer="adam"), GELU, TANH]
    (axis,) = bands_figure({arm: curve(80, 88) for arm in arms}).axes
    looks = [(line.get_color(), str(line._dash_pattern)) for line in axis.lines]
    assert len(set(looks)) == 4
    assert looks[0][0] == looks[1][0]


def history(*accuracies):
    return [Epoch(n, 2.3, 0.1, accuracy, 1.0) for n, accuracy in enumerate(accuracies, 1)]


def test_escapes_and_stops_are_counted():
    histories = {
        1: history(0.1, 0.1, 0.1, 0.5),  # stopped at chance, leaves it later
        2: history(0.1, 0.15, 0.1, 0.1),  # stopped at chance, stays there
        3: history(0.1, 0.6, 0.5, 0.7),  # stopped above chance
        4: history(0.1, 0.2, 0.6, 0.7),  # never stopped
    }
    figure = escape_figure(histories, {1: 2, 2: 2, 3: 3}, "title", left_chance=0.15)
    (axis,) = figure.axes
    assert axis.get_title(loc="left") == "left chance: 2 of 4 with early stopping, 3 of 4 without"
    marks = {
        colour: [
            (line.get_xdata()[0], line.get_ydata()[0])
            for line in axis.lines
            if line.get_marker() == marker and line.get_color() == colour and len(line.get_xdata())
        ]
        for colour, marker in ((AT_CHANCE, "X"), (ABOVE, "o"))
    }
    assert marks == {AT_CHANCE: [(2, 10.0), (2, 15.0)], ABOVE: [(3, 50.0)]}
    assert [text.get_text() for text in axis.texts] == ["2", "chance\nup to 15 %"]
    (legend,) = figure.legends
    told = [text.get_text() for text in legend.get_texts()]
    assert told == [
        "early stopping ends it above chance: 1",
        "early stopping ends it at chance: 2",
        "fainter: trained on after that",
        "no mark: not ended by it: 1",
    ]
    faint = [line for line in axis.lines if line.get_alpha() and len(line.get_xdata()) > 1]
    assert [list(line.get_xdata()) for line in faint] == [[2, 3, 4], [2, 3, 4], [3, 4]]


@pytest.mark.parametrize("ending", ["svg", pytest.param("png", marks=pytest.mark.full)])
def test_figures_are_saved(ending, tmp_path):
    drawn = (
        intervals_figure(SUMMARY, "title"),
        intervals_figure(ALONE),
        bands_figure({"gelu": curve(80), "sigmoid": curve(10)}),
        escape_figure({1: history(0.1)}, {}, left_chance=0.15),
    )
    for number, figure in enumerate(drawn):
        assert style.save(figure, tmp_path / f"{number}.{ending}").stat().st_size > 1000
