"""A comparison in tables and sentences: what is in the cells; no terminal loses a digit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from actfunc.compare.escapes import Escapes
from actfunc.show import style
from actfunc.show.comparison import (
    UNKNOWN,
    differences_columns,
    differences_table,
    escapes_columns,
    escapes_table,
    rates_table,
    standings_columns,
    standings_table,
    verdict,
)
from actfunc.show.comparison_names import arm_names
from actfunc.show.comparison_notes import differences_notes, standings_notes
from actfunc.show.comparison_section import CAPTIONS, comparison_section
from actfunc.show.page import Page, render
from tests.show.comparisons import (
    ALONE,
    DIVERGED,
    GELU,
    IMAGES,
    RELU,
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
    assert cells(standings_table(SUMMARY, IMAGES)) == [
        ("activation", "learning\nrate", "test %", "95 % interval", "spread", "left\nchance"),
        ("gelu", "0.01", "88.42", "88.32 to 88.52", "0.20", "10/10"),
        ("relu", "0.01", "88.12", "88.02 to 88.22", "0.20", "10/10"),
        ("tanh", "0.01", "88.05", "87.95 to 88.15", "0.20", "10/10"),
        ("sigmoid", "0.01", "10.00", "10.00 to 10.00", "0.00", "0/10"),
    ]
    assert (
        standings_table(SUMMARY, IMAGES).title
        == "accuracy with early stopping, over 10 seeds, best first"
    )
    assert "at the best of all epochs, over 20 seeds" in standings_table(ALONE, IMAGES).title


def test_what_the_intervals_are_of_is_said_below_them():
    # √(0.8842 · 0.1158 / 10,000) is 0.32 %
    [of_seeds, chosen] = standings_notes(SUMMARY, 10_000)
    assert of_seeds == (
        "The intervals say what other seeds would change, on this split and these test images. With"
        " another 10,000 test images 88.42 % would move by ±0.32 more (one standard error)."
    )
    assert "at the learning rate that the other half chose" in chosen
    assert standings_table(SUMMARY, 10_000).caption.strip() == f"{of_seeds}\n{chosen}"
    # with one rate nothing was chosen, and of one seed there is no interval
    assert len(standings_notes(ALONE, 10_000)) == 1
    one = SUMMARY._replace(standings=(standing(GELU, 88.0, seeds=1, left=1, rates=(0.01,)),))
    assert standings_notes(one, 10_000) == []


def test_who_does_best_at_the_edge_of_the_rates_is_named():
    most, least = (0.001, 0.01), (0.01, 0.1)
    best = (standing(TANH, 9, rates=most), standing(GELU, 8, rates=most))
    summary = SUMMARY._replace(
        standings=(*best, standing(RELU, 7, rates=least), standing(SIGMOID, 6))
    )
    *_, smallest, largest = standings_notes(summary, IMAGES)
    assert smallest == "Best at the smallest learning rate tried, and perhaps beyond it: relu."
    assert largest == "Best at the largest learning rate tried, and perhaps beyond it: gelu, tanh."


def test_how_sure_the_rates_are_is_said():
    summary = SUMMARY._replace(
        standings=(
            standing(GELU, 9, chosen=(0.01, 0.1), told_apart=False),
            standing(RELU, 8, chosen=(0.1,), told_apart=False),
            standing(TANH, 7),
        )
    )
    *_, differently, unsure = standings_notes(summary, IMAGES)
    assert differently == "The halves chose differently: gelu."
    assert standings_columns(summary.standings)["learning rate"] == ["0.01, 0.1", "0.1", "0.01"]
    assert unsure == "The best rate is not clearly better than the others: gelu, relu."


def test_every_rate_is_told_with_how_far_it_is_behind():
    [header, *rows] = cells(rates_table(SUMMARY))
    assert header == ("activation", "learning\nrate", "val. %", "behind", "epochs", "seconds")
    assert rows[:3] == [
        ("gelu", "0.001", "88.92", "0.50", "5", "2.5"),
        ("gelu", "0.01", "89.42", "best", "5", "2.5"),
        ("gelu", "0.1", "87.42", "2.00", "5", "2.5"),
    ]
    assert len(rows) == 12
    # where each has one rate the standings tell what it costs, if there is room
    fine = ALONE._replace(standings=(standing(SIGMOID, 66.4, rates=(0.01,)),))
    assert {"epochs", "seconds"} < set(standings_columns(fine.standings))
    assert rates_table(fine) is None
    assert cells(rates_table(ALONE))[1] == ("sigmoid", "0.01", "67.40", "best", "5", "2.5")


def test_with_few_seeds_it_is_said_that_nothing_can_be_shown():
    def notes(seeds, number):
        arms = (GELU, TANH, SIGMOID)[:number]
        found = tuple(difference(arm, 0.3, shown=False, seeds=seeds) for arm in arms)
        return differences_notes(SUMMARY._replace(differences=found))

    assert notes(5, 1) == [
        "5 seeds can never show a difference, however large: the least p of a sign-flip test is"
        " 2/2^5 = 0.0625. 6 seeds are the fewest that can."
    ]
    assert notes(6, 1) == []
    [told] = notes(6, 3)
    assert "2/2^6 = 0.0312, times 3 for so many comparisons. 7 seeds" in told
    [told] = notes(1, 1)
    assert told.startswith("1 seed can never show")
    assert notes(7, 3) == []
    few = SUMMARY._replace(differences=(difference(GELU, 0.3, shown=False, seeds=5),))
    assert "5 seeds can never show" in " ".join(differences_table(few).caption.split())


def test_what_diverged_is_told_apart_from_chance():
    header, relu, tanh, gelu = cells(standings_table(DIVERGED, IMAGES))
    assert header[-1] == "diverged"
    assert "left chance" not in " ".join(header)
    assert (relu[-1], tanh[-1], gelu[-1]) == ("0/10", "2/10", "10/10")
    assert gelu[1:5] == (UNKNOWN,) * 4
    assert "Diverged, and in no mean: tanh 2 of 10, gelu 10 of 10." in standings_notes(
        DIVERGED, IMAGES
    )
    _, tanh, gelu = cells(differences_table(DIVERGED))
    assert tanh == ("tanh", "-1.10", "-1.20 to -1.00", UNKNOWN, "not tested; 2 diverged")
    assert gelu == ("gelu", UNKNOWN, UNKNOWN, UNKNOWN, "not tested; 10 diverged")
    assert "nothing is tested" in differences_notes(DIVERGED)[0]
    section = comparison_section(DIVERGED, {}, "actfunc compare", IMAGES)
    assert "Diverged, and in no mean: tanh 2 of 10" in " ".join(section.paragraphs)
    assert "chance" not in " ".join(section.paragraphs)
    assert "gelu (– points, 10 diverged)" in " ".join(section.paragraphs)


def test_what_is_the_same_for_all_has_no_column():
    def told(*standings):
        return list(standings_columns(standings))

    one = (0.01,)
    gelu, one_rate = standing(GELU, 88.0), standing(GELU, 88.0, rates=one)
    figures = ["test %", "95 % interval", "spread"]
    always = [*figures, "val. %"]
    assert told(one_rate) == [*always, "epochs", "seconds"]
    assert told(gelu) == ["learning rate", *figures]
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
        ("tanh", "-0.07", "-0.17 to +0.03", "0.350", "not shown; 34 to 1,034 seeds needed"),
        ("sigmoid", "-78.12", "-78.22 to -78.02", "<0.001", "worse"),
    ]
    assert table.title == "test accuracy with early stopping less that of relu, over the same seeds"
    better, neither, worse = (cell.style for cell in table.columns[-1].cells)
    assert (style.HELD in better, neither, style.NOT_HELD in worse) == (True, "", True)
    assert differences_table(ALONE) is None


@pytest.mark.parametrize(
    ("found", "word", "held"),
    [
        (difference(TANH, 0.2, shown=True), "better", True),
        (difference(TANH, -0.2, shown=True, needed=(6, 9)), "worse", False),
        (
            difference(TANH, 0.1, shown=False, needed=(12, 340)),
            "not shown; 12 to 340 seeds needed",
            None,
        ),
        (difference(TANH, 0.1, shown=False, needed=(6, 6)), "not shown; 6 seeds needed", None),
        (
            difference(TANH, 0.1, shown=False, needed=(1200, None)),
            "not shown; more than 1,199 seeds needed",
            None,
        ),
        # that it takes six or more is nothing that ten seeds have to be told
        (difference(TANH, 0.2, shown=False, needed=(6, None)), "not shown", None),
        (difference(TANH, 0.2, shown=True, diverged=1), "not tested; 1 diverged", None),
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
    assert arm_names([RELU, adam])[RELU] == "relu sgd"
    faster = RELU._replace(optimizer="sgd:momentum=0.99")
    assert arm_names([RELU, faster])[faster] == "relu sgd:momentum=0.99"
    steep = RELU._replace(activation="elu:alpha=2.0")
    assert arm_names([RELU, steep])[steep] == "elu"
    assert arm_names([RELU, steep, steep._replace(activation="elu")])[steep] == "elu:alpha=2.0"
    summary = SUMMARY._replace(standings=(standing(steep, 9), standing(adam, 8)))
    table = standings_table(summary, IMAGES)
    assert [row[0] for row in cells(table)[1:]] == ["elu alpha=2.0 sgd", "relu adam"]


def test_who_left_chance_is_named_as_in_the_standings():
    """Though there is no other of its activation among those that stay at chance."""
    drawn = SIGMOID._replace(init="recommended")
    summary = SUMMARY._replace(standings=(standing(drawn, 80), standing(SIGMOID, 10.0, left=0)))
    table = escapes_table([Escapes(SIGMOID, 0.01, 10, 0, 0, 0, (), (5,) * 10)], summary)
    assert [row[0] for row in cells(table)[1:]] == ["sigmoid linear"]
    assert cells(standings_table(summary, IMAGES))[2][0] == "sigmoid linear"


def test_who_leaves_chance_is_counted_with_and_without_early_stopping():
    early = Escapes(SIGMOID, 0.01, 10, 3, 7, 0, (5, 9, 30), (8, 9))
    told = escapes_columns([early])
    assert (told["with early stopping"], told["without"]) == (["3/10"], ["7/10"])
    assert "3/10 7/10" in " ".join(cells(escapes_table([early], SUMMARY))[1])
    assert "diverged" not in told
    lost = escapes_columns([early, early._replace(learning_rate=0.1, diverged=2)])
    assert (lost["diverged"], lost["learning rate"]) == (["0/10", "2/10"], ["0.01", "0.1"])


def test_no_count_of_seeds_is_cut_off():
    many = Escapes(SIGMOID, 0.001, 100, 33, 47, 12, (105, 129, 330), (118, 199))
    shown = printed(escapes_table([many, many._replace(learning_rate=0.1)], SUMMARY), 70)
    assert "…" not in shown
    words = " ".join(shown.split())
    counts = {"33/100", "47/100", "12/100", "105", "330,", "129", "118", "199"}
    assert counts <= set(words.split())


@given(st.lists(arms, unique=True))
def test_no_two_arms_have_one_name(found):
    assert len(set(arm_names(found).values())) == len(found)


@settings(max_examples=40, deadline=None)
@given(summaries(), st.sampled_from([70, 80, 100]))
def test_no_terminal_cuts_a_number(summary, width):
    tables = (standings_table(summary, IMAGES), rates_table(summary), differences_table(summary))
    for table in filter(None, tables):
        shown = printed(table, width)
        assert "…" not in shown
        assert all(len(line) <= width for line in shown.splitlines())
        numbers = [cell for row in cells(table)[1:] for cell in row[1:]]
        judged = {verdict(one).word for one in summary.differences}
        # between two rates a line may break
        told = [part for cell in numbers if cell not in judged for part in cell.split(", ")]
        assert all(number in shown for number in told)
        # a verdict may break, and no word of it is lost
        assert all(set(word.split()) <= set(shown.split()) for word in judged if word in numbers)


def test_the_section_says_what_is_to_be_seen(tmp_path):
    figures = {name: Figure() for name in reversed(CAPTIONS)}
    section = comparison_section(SUMMARY, figures, "actfunc compare --seeds 10", IMAGES)
    assert section.figures == [(name, figures[name], text) for name, text in CAPTIONS.items()]
    how, standings, differences, chance, *notes = section.paragraphs
    assert "over 10 seeds. Each was trained at 3 learning rates." in how
    assert notes == [*standings_notes(SUMMARY, IMAGES), *differences_notes(SUMMARY)]
    assert standings == (
        "gelu reaches 88.42 % of the test images (95 % interval 88.32 to 88.52), then relu with"
        " 88.12 %; last is sigmoid with 10.00 %."
    )
    assert differences == (
        "Against relu, seed by seed, corrected for 3 comparisons: better: gelu (+0.30 points,"
        " p 0.012); worse: sigmoid (-78.12 points, p <0.001); not shown: tanh (-0.07 points,"
        " 34 to 1,034 seeds needed)."
    )
    assert chance == "Not all get away from chance: sigmoid leaves it for 0 of 10 seeds."
    paths = {name: tmp_path / f"{name}.svg" for name in CAPTIONS}
    for path in paths.values():
        path.write_text("<svg/>")
    assert "1,034 seeds" in render(Page("page", [section], ()), paths)


@given(summaries())
def test_the_section_has_a_row_an_arm(summary):
    section = comparison_section(summary, {}, "actfunc compare", IMAGES)
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
    stuck = any(one.left_chance + one.diverged < one.seeds for one in summary.standings)
    assert stuck == ("get away from chance" in " ".join(section.paragraphs))


def test_a_lone_arm_is_compared_with_nothing():
    section = comparison_section(ALONE, {}, "actfunc compare", IMAGES)
    begin = [word.partition(" ")[0] for word in section.paragraphs]
    assert begin == ["Accuracy", "sigmoid", "Not", "The"]
    assert section.table.header[-1] == "left chance"
    assert arm_names([SIGMOID])[SIGMOID] == section.table.rows[0][0].text
