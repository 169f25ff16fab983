"""The tutorial's text: as a notebook it runs, and says what is so of whatever it is run on."""

from __future__ import annotations

import contextlib
import io
import json

import pytest
import torch

import actfunc.certify
from actfunc import get, storage
from actfunc.storage import WorkingSet
from actfunc.storage.tutorial_checkpoint import Checkpoint
from actfunc.tutorial import SIX, chapter, published, story, study
from tests.docs.pages import ROOT
from tests.tutorial.certificates import certified

KEPT = json.loads((ROOT / "docs/tutorial.ipynb").read_text("utf-8"))


def executed(cells: list[str]) -> dict:
    """The names after these cells, in order, in one namespace."""
    names: dict = {"__name__": "__main__"}
    for number, source in enumerate(cells):
        exec(compile(source, f"cell {number}", "exec"), names)
    return names


def code() -> list[str]:
    """The code cells' sources."""
    return [cell.source for cell in chapter.cells() if cell.code]


@pytest.fixture(scope="module")
def drawn(small_data, small_split):
    """The study, and what the solutions print, where there is no FashionMNIST."""
    work = WorkingSet(small_data, small_split, torch.device("cpu"), seed=42, split_seed=42)
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
        patch.setattr(storage, "prepare", lambda *_, **__: work)
        patch.setattr(actfunc.certify, "certify", lambda record: certified(record.spec))
        names = executed([*code(), *chapter.solutions()])
    return names["study"], printed.getvalue()


def test_the_kept_notebook_is_of_this_text():
    kept = [("".join(cell["source"]), cell["cell_type"] == "code") for cell in KEPT["cells"]]
    assert kept == [(cell.source, cell.code) for cell in chapter.cells() if cell.source]
    counts = [cell["execution_count"] for cell in KEPT["cells"] if cell["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_every_part_of_the_story_is_told_once():
    assert sorted(cell.tells for cell in chapter.cells() if cell.tells) == sorted(story.__all__)


def test_without_fashion_mnist_the_notebook_runs_and_so_do_the_solutions(drawn):
    found, printed = drawn
    assert not found.pretrained
    assert set(found.accuracy) == set(SIX)
    assert "1,000 to train on" in story.examples(found).markdown()
    said = story.accuracies(found).markdown()
    assert "trained here, on 1,000 images" in said
    assert said.count("other data") == len(SIX)
    assert "author's" not in said
    assert "Over 1,000 training images" in story.dead(found).markdown()
    assert "with the biases of layer 1 lowered" in printed


@pytest.mark.full
def test_its_numbers_are_those_of_reproduce(real_data, checkpoints):
    names = executed(code())
    found, work = names["study"], names["work"]
    networks = {n: Checkpoint(get(SIX[n]), params) for n, params in names["networks"].items()}
    assert found.accuracy == study.accuracies(work, networks)
    for ours, theirs in (
        (found.gradients, study.gradient_flow(work)),
        (found.distributions, study.distributions(work, networks)),
    ):
        for name, layers in theirs.items():
            for one, other in zip(ours[name], layers, strict=True):
                for field in one._fields:
                    torch.testing.assert_close(getattr(one, field), getattr(other, field))
    assert found.dead == published.DEAD_NEURONS
    assert {n: round(100 * a.test, 2) for n, a in found.accuracy.items()} == published.TEST_ACCURACY
    # and the sentences that are kept are made from these
    shown = kept_texts()
    for name, part in chapter.told(found).items():
        if name != "derivatives":  # whose last digits are the machine's
            assert part.markdown() in shown, name


def kept_texts() -> set[str]:
    """Every text that a cell of the kept notebook has shown."""
    return {
        "".join(output["data"]["text/markdown"])
        for cell in KEPT["cells"]
        for output in cell.get("outputs", ())
        if "text/markdown" in output.get("data", {})
    }


def test_sentences_say_what_is_so(drawn):
    found, _ = drawn
    well = {name: one._replace(test=0.8) for name, one in found.accuracy.items()}
    stuck = well | {"sigmoid": well["sigmoid"]._replace(test=0.1)}
    told = story.accuracies(found._replace(accuracy=stuck)).markdown()
    assert "At chance: sigmoid (10.00 %)" in told
    for tell in (story.accuracies, story.distributions, story.conclusion):
        assert "chance" not in tell(found._replace(accuracy=well)).markdown()
    assert "one part in" in story.gradients(found).markdown()
    no_longer = found.gradients | {"sigmoid": found.gradients["relu"]}
    assert "one part in" not in story.gradients(found._replace(gradients=no_longer)).markdown()
    # nobody comes back where nobody did
    dead = {"untrained": [0, 2, 0, 0], "trained": [1, 1, 0, 0], "deep": [0] * 10}
    told = story.dead(found._replace(dead=dead)).markdown()
    assert "can come back" not in told
    assert "Here 1 of its neurons is." in told
    dead["trained"] = [0, 1, 0, 0]
    assert "can come back" in story.dead(found._replace(dead=dead)).markdown()
