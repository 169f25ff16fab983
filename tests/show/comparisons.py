"""Made-up summaries of comparisons, as what `show` draws."""

from __future__ import annotations

from hypothesis import strategies as st

from actfunc import names
from actfunc.compare.records import Arm
from actfunc.compare.standings import (
    Estimate,
    PairedDifference,
    Rate,
    Reported,
    RunnerUp,
    SeedsNeeded,
    Standing,
    Summary,
)

HIDDEN, SGD = (512, 256, 256, 128), "sgd:momentum=0.9"
RELU, GELU, TANH, SIGMOID = (Arm(name, HIDDEN, SGD) for name in ("relu", "gelu", "tanh", "sigmoid"))
IMAGES = 10_000


def estimate(mean, spread=0.2, seeds=10):
    return Estimate(mean, spread, mean - spread / 2, mean + spread / 2, seeds)


def standing(
    arm,
    test,
    *,
    rates=(0.001, 0.01, 0.1),
    left=10,
    seeds=10,
    spread=0.2,
    diverged=0,
    chosen=(0.01,),
    told_apart=True,
):
    """Best at 0.01, the first seeds diverged; its halves chose `chosen`."""
    finished = seeds - diverged
    found = estimate(test, spread, finished) if finished else None
    validation = estimate(test + 1, spread, finished) if finished else None
    behind = {0.01: 0.0, 0.001: 0.5}
    tried = [
        Rate(
            rate,
            seeds,
            validation and estimate(test + 1 - behind.get(rate, 2.0), spread, finished),
            found,
            left,
            diverged,
            5.0,
            2.5,
        )
        for rate in rates
    ]
    reported = [
        Reported(
            seed,
            chosen[seed % len(chosen)],
            test + 1,
            test + (spread / 2) * (-1) ** seed,
            1 if seed < diverged else None,
        )
        for seed in range(seeds)
    ]
    next_best = RunnerUp(0.001, 0.5, told_apart) if len(rates) > 1 else None
    return Standing(arm, 0.01, tuple(tried), next_best, tuple(reported), validation, found, left)


def difference(arm, points, *, shown, corrected=0.012, needed=None, seeds=10, diverged=0):
    """Over as many seeds as did not diverge; needed: the ends of a range."""
    finished = seeds - diverged
    found = estimate(points, seeds=finished) if finished else None
    p = None if diverged else 0.001
    return PairedDifference(
        arm,
        found,
        diverged,
        p,
        None if diverged else corrected,
        shown and not diverged,
        SeedsNeeded(*needed) if needed and not diverged else None,
    )


SUMMARY = Summary(
    "stopped",
    RELU,
    (
        standing(GELU, 88.42),
        standing(RELU, 88.12),
        standing(TANH, 88.05),
        standing(SIGMOID, 10.0, left=0, spread=0),
    ),
    (
        difference(GELU, 0.3, shown=True),
        difference(TANH, -0.07, shown=False, corrected=0.35, needed=(34, 1034)),
        difference(SIGMOID, -78.12, shown=True, corrected=1e-9),
    ),
)
ALONE = Summary("last", None, (standing(SIGMOID, 66.4, left=17, seeds=20, rates=(0.01,)),), ())
DIVERGED = Summary(
    "stopped",
    RELU,
    (
        standing(RELU, 88.1, rates=(0.01,)),
        standing(TANH, 87.0, rates=(0.01,), left=8, diverged=2),
        standing(GELU, 0.0, rates=(0.01,), left=0, diverged=10),
    ),
    (
        difference(TANH, -1.1, shown=True, diverged=2),
        difference(GELU, 0.0, shown=True, diverged=10),
    ),
)

arms = st.builds(
    Arm,
    st.sampled_from([*names(), "elu:alpha=0.5", "elu:alpha=2.0", "one.py:mine", "two.py:mine"]),
    st.sampled_from([HIDDEN, (128,), ()]),
    st.sampled_from([SGD, "sgd:momentum=0.9,nesterov=true", "adamw:weight_decay=0.01"]),
    st.sampled_from(["linear", "recommended", "gaussian:gain=1.4142135623730951,bias=0.0"]),
    st.sampled_from(["", "residual:depth=20", "own.py:network"]),
).map(lambda arm: arm._replace(hidden=()) if arm.network else arm)


@st.composite
def summaries(draw):
    """Any summary: of some arms all or some seeds may sit at chance or have diverged."""
    found = draw(st.lists(arms, min_size=1, max_size=6, unique=True))
    means = [draw(st.one_of(st.just(10.0), st.floats(20, 100))) for _ in found]
    seeds = draw(st.integers(1, 30))
    lost = {arm: draw(st.one_of(st.just(0), st.integers(0, seeds))) for arm in found}
    rates = draw(st.sampled_from([(0.01,), (0.001, 0.01, 0.1)]))
    standings = [
        standing(
            arm,
            mean,
            rates=rates,
            left=draw(st.integers(0, seeds - lost[arm])),
            seeds=seeds,
            spread=draw(st.floats(0, 30)) if seeds > 1 else 0.0,
            diverged=lost[arm],
            chosen=draw(st.sampled_from([(0.01,), (0.1,), (0.01, 0.1)])) if rates[1:] else (0.01,),
            told_apart=draw(st.booleans()),
        )
        for arm, mean in zip(found, sorted(means, reverse=True), strict=True)
    ]
    baseline = draw(st.sampled_from(found)) if len(found) > 1 else None
    at = {one.arm: one.test.mean if one.test else 0.0 for one in standings}
    fewest = st.integers(6, 10**4)
    differences = [
        difference(
            arm,
            at[arm] - at[baseline],
            shown=draw(st.booleans()),
            needed=draw(
                st.none()
                | st.tuples(fewest, st.none())
                | st.tuples(fewest, st.integers(10**4, 10**7))
            ),
            seeds=seeds,
            diverged=max(lost[arm], lost[baseline]),
        )
        for arm in found
        if baseline is not None and arm != baseline
    ]
    rule = draw(st.sampled_from(["stopped", "last"]))
    return Summary(rule, baseline, tuple(standings), tuple(differences))
