"""Depth shown: every number there, an overflow no number in JSON, both kinds of picture."""

from __future__ import annotations

import io
import json
import math

from rich.console import Console

from actfunc import get
from actfunc.analysis.depth import carry, course_of_gradient, course_of_variance, draw
from actfunc.show import depth as show


def found(*names: str, seeds: int = 2, **options) -> dict[str, show.Courses]:
    courses = {}
    for name in names:
        carried = [carry(get(name), draw(12, 16, seed=seed, **options)) for seed in range(seeds)]
        courses[name] = show.Courses(course_of_variance(carried), course_of_gradient(carried))
    return courses


def rendered(table) -> str:
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(table)
    return console.export_text()


def test_the_table_gives_rates_and_verdicts():
    courses = found("relu", "identity", gain=0.5)
    text = rendered(show.depth_table(courses))
    for spec, both in courses.items():
        line = next(line for line in text.splitlines() if spec in line)
        for course in both:
            assert f"× {course.factor:.3g}" in line
            assert f"{course.rate:+.4f}" in line
            assert course.verdict in line


def test_what_overflows_is_null_and_drawn_all_the_same():
    courses = found("square", "relu", gain=1e4, seeds=1)
    document = json.loads(json.dumps(show.depth_document(courses), allow_nan=False))
    forward = document["square"]["variance"]
    assert forward["verdict"] == "explodes"
    assert None in forward["log10_mean"]
    assert forward["decades_a_layer_error"] is None
    assert math.isclose(
        document["relu"]["gradient"]["decades_a_layer"], courses["relu"].gradient.rate
    )
    figure = show.depth_figure(courses)
    curves, _, heat, _ = figure.axes[:4]
    assert len(curves.lines) == 2
    assert [label.get_text() for label in heat.get_yticklabels()] == ["square", "relu"]
    figure.canvas.draw()
