"""A comparison in tables and sentences: what is in the cells; no terminal loses a digit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actfunc.compare.escapes import Escapes
from actfunc.show import style
from actfunc.show.comparison import (
    UNKNOWN,
    arm_names,
    differences_columns,
    differences_table,
    edge_remark,
    escapes_columns,
    escapes_table,
    standings_columns,
    standings_table,
    verdict,
)
from actfunc.show.comparison_section import CAPTIONS, comparison_section
from actfunc.show.page import Page, render
from tests.show.comparisons import (
    ALONE,
    GELU,
    RELU,
    SGD,
    SIGMOID,
    SUMMARY,
    TANH,
    arms,
    difference,
    standing,
    summaries,
)
from tests.show.printing import printed


def cells(table):
    """The rows of a rich table as plain text, its header first."""
    columns = [[column.header, *column.cells] for column in table.columns]
    return [tuple(str(cell) for cell in row) for row in zip(*columns, strict=True)]


def test_standings_are_told_best_first():
    assert cells(standings_table(SUMMARY)) == [
        (
            "activation",
            "learning\nrate",
            "test %",
            "95 % interval",
            "spread",
            "val. %",
            "left\nchance",
        ),
        ("gelu", "0.01", "88.42", "88.32 to 88.52", "0.20", "89.42", "10/10"),
        ("relu", "0.01", "88.12", "88.02 to 88.22", "0.20", "89.12", "10/10"),
        ("tanh", "0.01", "88.05", "87.95 to 88.15", "0.20", "89.05", "10/10"),
        ("sigmoid", "0.01", "10.00", "10.00 to 10.00", "0.00", "11.00", "0/10"),
    ]
    assert (
        standings_table(SUMMARY).title == "accuracy with early stopping, over 10 seeds, best first"
    )
    assert "at the best of all epochs, over 20 seeds" in standings_table(ALONE).title


def test_who_does_best_at_the_edge_of_the_rates_is_named():
    assert edge_remark(SUMMARY) == ""
    assert standings_table(SUMMARY).caption is None
    assert edge_remark(ALONE) == ""
    most, least = (0.001, 0.01), (0.01, 0.1)
    best = (standing(TANH, 9, rates=most), standing(GELU, 8, rates=most))
    summary = SUMMARY._replace(
        standings=(*best, standing(RELU, 7, rates=least), standing(SIGMOID, 6))
    )
    told = edge_remark(summary)
    assert standings_table(summary).caption.strip() == told
    smallest, largest = told.split("; ")
    assert "the smallest learning rate tried" in smallest
    assert smallest.endswith(": relu")
    assert "the largest learning rate tried" in largest
    assert largest.endswith(": gelu, tanh")


def test_what_is_the_same_for_all_has_no_column():
    def told(*standings):
        return list(standings_columns(standings))

    one = (0.01,)
    gelu, one_rate = standing(GELU, 88.0), standing(GELU, 88.0, rates=one)
    always = ["test %", "95 % interval", "spread", "val. %"]
    assert told(one_rate) == always
    assert told(gelu) == ["learning rate", *always]
    assert told(one_rate, standing(RELU, 87.0, rates=one, seeds=5, left=5)) == [
        *always,
        "seeds",
    ]
    assert told(one_rate, standing(RELU, 87.0, rates=one, left=9)) == [*always, "left chance"]


def test_differences_are_told_with_sign_and_verdict():
    table = differences_table(SUMMARY)
    assert cells(table) == [
        ("activation", "points", "95 % interval", "p (Holm)", ""),
        ("gelu", "+0.30", "+0.20 to +0.40", "0.012", "better"),
        ("tanh", "-0.07", "-0.17 to +0.03", "0.350", "not shown; 1,034 seeds would be needed"),
        ("sigmoid", "-78.12", "-78.22 to -78.02", "<0.001", "worse"),
    ]
    assert table.title == "test accuracy less that of relu, over the same seeds"
    better, neither, worse = (cell.style for cell in table.columns[-1].cells)
    assert (style.HELD in better, neither, style.NOT_HELD in worse) == (True, "", True)
    assert differences_table(ALONE) is None


@pytest.mark.parametrize(
    ("found", "word", "held"),
    [
        (difference(TANH, 0.2, shown=True), "better", True),
        (difference(TANH, -0.2, shown=True, needed=7), "worse", False),
        (
            difference(TANH, 0.1, shown=False, needed=34),
            "not shown; 34 seeds would be needed",
            None,
        ),
        # the test alone would need fewer seeds than there were: Holm's correction asks for more
        (difference(TANH, 0.2, shown=False, needed=9), "not shown", None),
        (difference(TANH, 0.0, shown=False), "not shown", None),
    ],
)
def test_the_verdict_is_a_word(found, word, held):
    assert verdict(found) == (word, held)


def test_one_seed_has_no_interval():
    one = standings_columns([standing(GELU, 88.0, seeds=1, left=1)])
    assert (one["95 % interval"], one["spread"]) == ([UNKNOWN], [UNKNOWN])
    one = differences_columns([difference(TANH, 0.1, shown=False, seeds=1)])
    assert (one["95 % interval"], one["p (Holm)"]) == ([UNKNOWN], [UNKNOWN])


def test_arms_of_one_activation_are_told_apart():
    wide, adam = RELU._replace(hidden=(1024, 128)), RELU._replace(optimizer="adam")
    assert arm_names([RELU, GELU]) == {RELU: "relu", GELU: "gelu"}
    assert arm_names([RELU, wide])[wide] == "relu 1024,128"
    assert arm_names([RELU, wide, adam])[adam] == "relu 512,256,256,128 adam"
    steep = RELU._replace(activation="elu:alpha=2.0")
    assert arm_names([RELU, steep])[steep] == "elu"
    assert arm_names([RELU, steep, steep._replace(activation="elu")])[steep] == "elu:alpha=2.0"
    table = standings_table(SUMMARY._replace(standings=(standing(steep, 9), standing(adam, 8))))
    assert [row[0] for row in cells(table)[1:]] == [f"elu alpha=2.0 {SGD}", "relu adam"]


def test_who_left_chance_is_named_as_in_the_standings():
    """Though there is no other of its activation among those that stay at chance."""
    drawn = SIGMOID._replace(init="recommended")
    summary = SUMMARY._replace(standings=(standing(drawn, 80), standing(SIGMOID, 10.0, left=0)))
    table = escapes_table([Escapes(SIGMOID, 0.01, 10, 0, 0, (), (5,) * 10)], summary)
    assert [row[0] for row in cells(table)[1:]] == ["sigmoid linear"]
    assert cells(standings_table(summary))[2][0] == "sigmoid linear"


def test_who_leaves_chance_is_counted_with_and_without_early_stopping():
    early = Escapes(SIGMOID, 0.01, 10, 3, 7, (5, 9, 30), (8, 9))
    told = escapes_columns([early])
    assert (told["with early stopping"], told["without"]) == (["3/10"], ["7/10"])
    assert "3/10 7/10" in " ".join(cells(escapes_table([early], SUMMARY))[1])


@given(st.lists(arms, unique=True))
def test_no_two_arms_have_one_name(found):
    assert len(set(arm_names(found).values())) == len(found)


@settings(max_examples=40)
@given(summaries(), st.sampled_from([70, 80, 100]))
def test_no_terminal_cuts_a_number(summary, width):
    for table in filter(None, (standings_table(summary), differences_table(summary))):
        shown = printed(table, width)
        assert "…" not in shown
        assert all(len(line) <= width for line in shown.splitlines())
        numbers = [cell for row in cells(table)[1:] for cell in row[1:]]
        judged = {verdict(one).word for one in summary.differences}
        assert all(number in shown for number in numbers if number not in judged)


def test_the_section_says_what_is_to_be_seen(tmp_path):
    figures = {name: tmp_path / f"{name}.svg" for name in reversed(CAPTIONS)}
    section = comparison_section(SUMMARY, figures, "actfunc compare --seeds 10")
    assert section.figures == [figures[name] for name in CAPTIONS]
    assert section.captions == list(CAPTIONS.values())
    how, standings, differences, chance = section.paragraphs
    assert "over 10 seeds. Of 3 learning rates" in how
    assert standings == (
        "gelu reaches 88.42 % of the test images (95 % interval 88.32 to 88.52), then relu with"
        " 88.12 %; last is sigmoid with 10.00 %."
    )
    assert differences == (
        "Against relu, seed by seed, corrected for 3 comparisons: better: gelu (+0.30 points,"
        " p 0.012); worse: sigmoid (-78.12 points, p <0.001); not shown: tanh (-0.07 points,"
        " 1,034 seeds would be needed)."
    )
    assert chance == "Not all get away from chance: sigmoid leaves it for 0 of 10 seeds."
    for path in section.figures:
        path.write_text("<svg/>")
    assert "1,034 seeds" in render(Page("page", (), [section], ()))


@given(summaries())
def test_the_section_has_a_row_an_arm(summary):
    section = comparison_section(summary, {}, "actfunc compare")
    header, rows = section.table
    assert {len(row) for row in rows} == {len(header)}
    names = arm_names([one.arm for one in summary.standings])
    assert [row[0].text for row in rows] == list(names.values())
    words = {one.arm: verdict(one) for one in summary.differences}
    for row, one in zip(rows, summary.standings, strict=True):
        if one.arm in words:
            word, _, needed = words[one.arm].word.partition("; ")
            assert row[-1] == (word, words[one.arm].held, "")
            assert needed in " ".join(section.paragraphs)
        elif summary.baseline:
            assert row[-1].text == "baseline"
    stuck = any(one.left_chance < one.test.seeds for one in summary.standings)
    assert stuck == ("chance" in section.paragraphs[-1])


def test_a_lone_arm_is_compared_with_nothing():
    section = comparison_section(ALONE, {}, "actfunc compare")
    assert [word.partition(" ")[0] for word in section.paragraphs] == ["Accuracy", "sigmoid", "Not"]
    assert section.table.header[-1] == "left chance"
    assert arm_names([SIGMOID])[SIGMOID] == section.table.rows[0][0].text
