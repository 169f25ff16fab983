"""Depth shown: every number there, an overflow no number in JSON, both kinds of picture."""

from __future__ import annotations

import io
import json
import math
from types import SimpleNamespace

import pytest
from rich.console import Console

from actfunc import get
from actfunc.analysis.depth import carry, course_of_gradient, course_of_variance, draw
from actfunc.show import depth as show
from actfunc.show.digits import with_error


def found(*names: str, seeds: int = 2, **options) -> dict[str, show.Courses]:
    courses = {}
    for name in names:
        carried = [carry(get(name), draw(12, 16, seed=seed, **options)) for seed in range(seeds)]
        courses[name] = show.Courses(course_of_variance(carried), course_of_gradient(carried))
    return courses


def rendered(table, columns: int = 160) -> str:
    console = Console(width=columns, record=True, file=io.StringIO())
    console.print(table)
    return console.export_text()


def test_the_table_gives_rates_and_verdicts():
    courses = found("relu", "identity", init="gaussian:gain=0.5")
    text = rendered(show.depth_table(courses))
    for spec, both in courses.items():
        line = next(line for line in text.splitlines() if spec in line)
        for course in both:
            assert f"× {with_error(course.factor, course.factor_error)}  " in line
            assert course.verdict in line


@pytest.mark.parametrize("columns", [80, 100])
def test_the_table_fits(columns):
    courses = found(
        "relu", "selu", "leaky_relu:negative_slope=0.123456", init="gaussian:gain=1.5", seeds=3
    )
    text = rendered(show.depth_table(courses), columns)
    assert "…" not in text
    assert text.count("±") > 3
    for both in courses.values():
        for course in both:
            assert f"× {with_error(course.factor, course.factor_error)} " in text
            assert f" {course.verdict} " in text


def test_a_row_of_the_heat_map_is_the_activation_whose_name_is_beside_it():
    courses = found("relu", "tanh", "identity", init="gaussian:gain=0.5")
    figure = show.depth_figure(courses)
    figure.canvas.draw()
    for heat, part in zip(figure.axes[2:4], ("variance", "gradient"), strict=True):
        [image] = heat.images
        for place, label in zip(heat.get_yticks(), heat.get_yticklabels(), strict=True):
            spec, _ = label.get_text().split()
            means = getattr(courses[spec], part).mean.tolist()
            for layer, mean in enumerate(means, 1):
                x, y = heat.transData.transform((layer, place))
                there = image.get_cursor_data(SimpleNamespace(x=x, y=y))
                assert there == pytest.approx(mean)


def test_what_overflows_is_null_and_drawn_all_the_same():
    courses = found("square", "relu", init="gaussian:gain=1e4", seeds=1)
    document = json.loads(json.dumps(show.depth_document(courses), allow_nan=False))
    forward = document["square"]["variance"]
    assert forward["verdict"] == "explodes"
    assert None in forward["log10_mean"]
    assert forward["decades_a_layer_error"] is None
    assert math.isclose(
        document["relu"]["gradient"]["decades_a_layer"], courses["relu"].gradient.rate
    )
    figure = show.depth_figure(courses)
    curves, _, *heats = figure.axes[:4]
    assert len(curves.lines) == 2
    for heat, part in zip(heats, ("variance", "gradient"), strict=True):
        labels = [label.get_text() for label in heat.get_yticklabels()]
        assert labels == [f"{spec} {document[spec][part]['verdict']}" for spec in courses]
    assert [heat.get_xlabel() for heat in heats] == [
        "layer",
        "layer; grey: the signal has overflowed",
    ]
    figure.canvas.draw()
