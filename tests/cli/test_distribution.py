"""`distribution` on a little drawn data."""

from __future__ import annotations

from pathlib import Path

import pytest

from actfunc import get
from actfunc.analysis import distribution, summarise
from actfunc.data import normalise
from actfunc.storage import RunFolder, prepare

SMALL = ("--hidden", "24,16")


def work():
    return prepare("silhouettes", seed=42, device="cpu", examples=1536)


def test_distribution_tells_figures_beside_the_histograms(actfunc):
    actfunc("train", "relu", *SMALL)
    asked = ("distribution", "relu", *SMALL, "--batch", "200", "--near-zero", "0.1")
    document = actfunc(*asked, "--json").document
    set_ = work()
    params = RunFolder.of(Path("runs"), "silhouettes", "relu", 42).parameters(set_.fresh((24, 16)))
    layers = distribution(params, get("relu").f, normalise(set_.split.train.first(200).images))
    for found, layer in zip(document["activations"]["relu"], layers, strict=True):
        assert found["post"]["zeros"] == summarise(layer.post).zeros.item()
        assert found["near_zero"] == pytest.approx((layer.post.abs() < 0.1).float().mean().item())
        assert 1 < found["rank"]["participation"] < found["rank"]["effective"] <= 24
        assert sum(found["pre"]["histogram"]["counts"]) == layer.pre.numel()
    told = actfunc(*asked).out
    for column in ("mean", "σ", "50 %", "largest", "zeros", "< 0.1", "rank", "part."):
        assert column in told


@pytest.mark.parametrize("bound", ["-1", "nan"])
def test_a_bound_that_means_nothing_is_an_error(actfunc, bound):
    done = actfunc("distribution", "relu", "--near-zero", bound, *SMALL)
    assert done.code == 2
    assert "near-zero" in done.err
