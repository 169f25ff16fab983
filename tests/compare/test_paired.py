"""The paired test against every flip in a loop, Holm by hand, and seeds needed against tables."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from actfunc.compare import statistics
from actfunc.compare.paired import (
    POWER,
    SIGNIFICANCE,
    fewest_seeds,
    holm,
    seeds_needed,
    seeds_range,
    sign_flips,
)
from tests.compare.simulation import simulation

hundredths = st.integers(-300, 300).map(lambda images: images / 100)


@settings(deadline=None, max_examples=60)
@given(st.lists(hundredths, min_size=1, max_size=9))
def test_the_p_is_the_share_of_flips_that_are_as_far_from_0(differences):
    # in whole hundredths, where sums are exact
    images = [round(100 * each) for each in differences]
    flips = itertools.product((-1, 1), repeat=len(images))
    sums = [sum(sign * each for sign, each in zip(signs, images, strict=True)) for signs in flips]
    above = sum(total >= sum(images) for total in sums)
    below = sum(total <= sum(images) for total in sums)
    assert sign_flips(differences) == pytest.approx(min(1, 2 * min(above, below) / len(sums)))


def test_sums_that_differ_by_rounding_alone_are_equal():
    arm = [87.51, 88.23, 88.52, 87.76, 87.92, 88.99]
    baseline = [87.54, 88.27, 88.51, 87.78, 87.96, 89.00]
    seen = [one - other for one, other in zip(arm, baseline, strict=True)]
    # by hand, in hundredths: of −3 −4 +1 −2 −4 −1, three flips in 64 sum to −13 or less
    assert sign_flips(seen) == 2 * 3 / 64


@pytest.mark.parametrize("seeds", range(1, 13))
def test_no_p_is_below_what_the_flips_allow(seeds):
    assert sign_flips([1.0 + index / 7 for index in range(seeds)]) == 2 / 2**seeds
    assert sign_flips([0.0] * seeds) == 1


def test_many_seeds_are_flipped_by_a_fixed_draw():
    drawn = np.random.default_rng(3).normal(0.5, 1, size=24).tolist()
    assert sign_flips(drawn) == sign_flips(drawn)
    assert sign_flips(drawn) == pytest.approx(stats.ttest_1samp(drawn, 0).pvalue, abs=0.01)
    assert sign_flips([1.0] * 24) < 0.001


def test_a_sum_of_more_variance_counts_as_nearer_to_0():
    differences = [5.0, 4.0, 3.0, 2.0, 1.0, 0.5, -1.0]
    sums = [sum(s * d for s, d in zip(signs, differences, strict=True))
            for signs in itertools.product((-1, 1), repeat=7)]  # fmt: skip
    for widening in (1.0, 1.1, 1.36):
        wanted = np.mean([abs(each) >= 14.5 / widening**0.5 for each in sums])
        assert sign_flips(differences, widening) == wanted


@pytest.mark.parametrize(("arms", "rates"), [(2, 1), (5, 1), (2, 8)])
def test_luck_is_shown_no_more_often_than_the_level(arms, rates, monkeypatch):
    """In full: benchmarks/intervals.py."""
    monkeypatch.setattr(statistics, "seeds_range", lambda *_: None)  # most of the time, not asked
    draws, chance = 120, np.random.default_rng(4)
    shown = (simulation().of_the_test("normal", arms, rates, 9, chance) for _ in range(draws))
    # three standard errors of so many draws are six points
    assert 0 < sum(shown) / draws < SIGNIFICANCE + 0.06


def test_holm_by_hand():
    # in order .005·4, .01·3, .03·2, and .04·1, which may not be less than the one before it
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.6]) == [1, 1]
    assert holm([0.04]) == [0.04]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_lies_between_nothing_and_bonferroni(ps):
    corrected = holm(ps)
    for p, found in zip(ps, corrected, strict=True):
        assert p <= found <= min(1, len(ps) * p)
    assert corrected[ps.index(min(ps))] == min(1, len(ps) * min(ps))
    # steps down: as many are below a level as in the textbook's loop, one by one
    kept = 0
    for rank, p in enumerate(sorted(ps)):
        if (len(ps) - rank) * p >= SIGNIFICANCE:
            break
        kept += 1
    assert sum(each < SIGNIFICANCE for each in corrected) == kept


# Cohen 1988, and G*Power 3.1: "means: difference from constant", two-sided, power 0.8
TABLE = [(0.2, 0.05, 199), (0.5, 0.05, 34), (0.8, 0.05, 15), (1.0, 0.05, 10), (0.5, 0.01, 51)]


@pytest.mark.parametrize(("effect", "level", "pairs"), TABLE)
def test_seeds_needed_are_the_tables(effect, level, pairs):
    differences = round(SIGNIFICANCE / level)
    assert seeds_needed(effect, 1.0, differences) == pairs
    assert seeds_needed(-3 * effect, 3.0, differences) == pairs


@pytest.mark.parametrize("differences", [1, 3, 7])
@pytest.mark.parametrize("effect", [0.03, 0.4, 1.1])
def test_seeds_needed_are_the_fewest_of_this_power(effect, differences):
    def power(seeds: int) -> float:
        # by integrating over the spread that is seen, instead of the noncentral t
        freedom = seeds - 1
        spreads = np.linspace(1e-6, 5, 20_001)
        density = stats.chi2.pdf(freedom * spreads**2, freedom) * 2 * freedom * spreads
        least = stats.t.isf(SIGNIFICANCE / differences / 2, freedom)
        beyond = stats.norm.sf(least * spreads - effect * seeds**0.5)
        return float(np.trapezoid(beyond * density, spreads))

    needed = seeds_needed(effect, 1.0, differences)
    assert power(needed) >= POWER - 1e-6
    assert power(needed - 1) < POWER + 1e-6


def test_with_fewer_seeds_nothing_can_be_shown():
    assert [fewest_seeds(differences) for differences in (1, 2, 3, 7, 12, 13)] == [
        6,
        7,
        7,
        9,
        9,
        10,
    ]
    for differences in (1, 2, 7):
        fewest = fewest_seeds(differences)
        for seeds, shown in ((fewest - 1, False), (fewest, True)):
            least = min(holm([sign_flips([1.0] * seeds)] * differences))
            assert (least < SIGNIFICANCE) is shown


def test_the_range_of_seeds_is_that_of_effects_which_would_give_what_was_seen():
    mean, spread, seeds = 0.45, 1.0, 60
    found = seeds_range(mean, spread, seeds, 3)
    assert found.fewest < seeds_needed(mean, spread, 3) < found.most
    chance = np.random.default_rng(0)
    for needed, wanted in ((found.most, 0.025), (found.fewest, 0.975)):
        # the effect that needs so many seeds, and how often it gives what was seen or more
        effect = optimize.brentq(lambda e, n=needed: seeds_needed(e, 1.0, 3) - n, 0.1, 3, xtol=1e-4)
        drawn = effect + chance.normal(size=(20_000, seeds))
        more = drawn.mean(1) / drawn.std(1, ddof=1) >= mean / spread
        assert more.mean() == pytest.approx(wanted, abs=0.01)


def test_the_range_is_open_where_it_may_be_no_difference_at_all():
    # with t's 97.5 % quantile of nine degrees the effect may just be 0
    edge = stats.t.isf(0.025, 9) / 10**0.5
    assert seeds_range(0.99 * edge, 1.0, 10).most is None
    assert seeds_range(1.01 * edge, 1.0, 10).most > 1000
    assert seeds_range(-0.5, 1.0, 10) == seeds_range(0.5, 1.0, 10)
    assert seeds_range(0.0, 1.0, 10).most is None
    assert seeds_range(50.0, 0.01, 10) == (6, 6)
    for mean, spread, seeds in ((1.0, 0.0, 1), (1.0, 0.0, 4), (0.0, 0.0, 10)):
        assert seeds_range(mean, spread, seeds) is None


@pytest.mark.parametrize(("effect", "seeds"), [(0.5, 10), (1.0, 5)])
def test_the_range_holds_the_seeds_that_are_needed_as_often_as_it_says(effect, seeds):
    draws, chance = 200, np.random.default_rng(7)
    held = (simulation().of_seeds_needed(effect, seeds, chance) for _ in range(draws))
    assert sum(held) / draws > 0.94 - 0.05


def test_no_difference_is_so_clear_that_it_needs_no_seeds():
    for differences in (1, 2, 7, 25, 100):
        fewest = seeds_needed(1.0, 0.0, differences)
        assert (
            fewest == seeds_needed(50.0, 0.01, differences) == seeds_needed(9.0, 1.0, differences)
        )
        assert differences * sign_flips([1.0] * min(fewest, 13)) < SIGNIFICANCE
        assert differences * 2 / 2 ** (fewest - 1) >= SIGNIFICANCE
    assert 10**16 < seeds_needed(1e-9, 1.0) < seeds_needed(1e-11, 1.0)


def test_the_seeds_that_are_needed_do_show_it():
    needed = seeds_needed(1.2, 1.0, 2)
    drawn = np.random.default_rng(6).normal(1.2, 1, size=(300, needed))
    shown = np.mean([2 * sign_flips(each) < SIGNIFICANCE for each in drawn.tolist()])
    # the power of flips is a few points less than t's; 2.3 points are luck
    assert 0.7 < shown < 0.92
