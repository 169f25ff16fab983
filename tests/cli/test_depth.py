"""`actfunc depth` on small stacks: table, figure, JSON, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from actfunc import get
from actfunc.analysis.depth import carry, course_of_gradient, course_of_variance, draw
from actfunc.analysis.gain import recommend
from actfunc.tutorial import SIX

SMALL = ("--layers", "8", "--width", "16", "--initialisations", "2")


@pytest.mark.usefixtures("drawn")
def test_all_six_by_default_in_a_table_and_a_figure(actfunc):
    done = actfunc("depth", *SMALL, "-o", "d.png")
    assert done.code == 0
    assert "8 layers of 16 · init linear" in done.out
    assert Path("d.png").read_bytes().startswith(b"\x89PNG")
    document = actfunc("depth", *SMALL, "--json").document
    assert list(document["activations"]) == [get(spec).spec for spec in SIX.values()]
    assert document["init"] == "linear"
    assert {*document["inits"].values()} == {"linear"}
    for both in document["activations"].values():
        assert len(both["variance"]["log10_mean"]) == 8
        assert both["gradient"]["log10_mean"][-1] == 0


def test_each_activation_is_drawn_as_recommended_for_it(actfunc):
    call = ("depth", "relu", "tanh", *SMALL, "--init", "recommended", "--json")
    document = actfunc(*call).document
    assert document["inits"] == {name: recommend(get(name)).spec for name in ("relu", "tanh")}
    for both in document["activations"].values():
        assert {both[part]["verdict"] for part in ("variance", "gradient")} == {"holds"}


def test_a_seed_repeats(actfunc):
    call = ("depth", "relu", *SMALL, "--init", "gaussian:gain=0.5", "--json")
    document = actfunc(*call).document
    assert document["inits"]["relu"] == "gaussian:gain=0.5"
    assert document["activations"]["relu"]["gradient"]["verdict"] == "vanishes"
    assert actfunc(*call).document["activations"] == document["activations"]
    other = actfunc(*call, "--seed", "7").document["activations"]
    assert other != document["activations"]


def test_each_initialisation_is_a_draw_of_its_own(actfunc):
    document = actfunc("depth", "tanh", *SMALL, "--seed", "5", "--json").document
    few = document["inputs"]
    with torch.no_grad():
        found = [carry(get("tanh"), draw(8, 16, seed=seed, examples=few)) for seed in (5, 6)]
    [both] = document["activations"].values()
    for part, course in (
        ("variance", course_of_variance(found)),
        ("gradient", course_of_gradient(found)),
    ):
        assert both[part]["decades_a_layer"] == pytest.approx(course.rate)
        assert both[part]["log10_mean"] == pytest.approx(course.mean.tolist())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--init", "he"), "no initialisation named 'he'"),
        (("--init", "gaussian"), "'gaussian' lacks gain"),
        (("--init", "gaussian:gain=-1"), "gain must be a positive number, got -1.0"),
    ],
)
def test_wrong_stacks_are_refused(actfunc, arguments, said):
    done = actfunc("depth", "relu", *SMALL, *arguments)
    assert done.code == 2
    assert said in " ".join(done.err.split())


def test_a_misspelt_recommended_is_guessed(actfunc):
    done = actfunc("depth", "relu", *SMALL, "--init", "recomended")
    assert done.code == 2
    assert "Did you mean recommended?" in done.err
    assert "accepted: linear, gaussian, recommended" in done.err
