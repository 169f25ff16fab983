"""Made-up summaries of comparisons, as what `show` draws."""

from __future__ import annotations

from hypothesis import strategies as st

from actfunc import names
from actfunc.compare.records import Arm
from actfunc.compare.standings import Difference, Estimate, Standing, Summary

HIDDEN, SGD = (512, 256, 256, 128), "sgd:momentum=0.9"
RELU, GELU, TANH, SIGMOID = (Arm(name, HIDDEN, SGD) for name in ("relu", "gelu", "tanh", "sigmoid"))


def estimate(mean, spread=0.2, seeds=10):
    return Estimate(mean, spread, mean - spread / 2, mean + spread / 2, seeds)


def standing(arm, test, *, rates=(0.001, 0.01, 0.1), left=10, seeds=10, spread=0.2):
    validation = estimate(test + 1, spread, seeds)
    return Standing(arm, 0.01, rates, validation, estimate(test, spread, seeds), left)


def difference(arm, points, *, shown, corrected=0.012, needed=None, seeds=10):
    return Difference(arm, estimate(points, seeds=seeds), 0.001, corrected, shown, needed)


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
        difference(TANH, -0.07, shown=False, corrected=0.35, needed=1034),
        difference(SIGMOID, -78.12, shown=True, corrected=1e-9),
    ),
)
ALONE = Summary("last", None, (standing(SIGMOID, 66.4, left=17, seeds=20, rates=(0.01,)),), ())

arms = st.builds(
    Arm,
    st.sampled_from([*names(), "elu:alpha=0.5", "elu:alpha=2.0", "one.py:mine", "two.py:mine"]),
    st.sampled_from([HIDDEN, (128,), ()]),
    st.sampled_from([SGD, "sgd:momentum=0.9,nesterov=true", "adamw:weight_decay=0.01"]),
    st.sampled_from(["linear", "recommended", "gaussian:gain=1.4142135623730951,bias=0.0"]),
)


@st.composite
def summaries(draw):
    """Any summary: some arms may sit at chance, all or some of their seeds."""
    found = draw(st.lists(arms, min_size=1, max_size=6, unique=True))
    means = [draw(st.one_of(st.just(10.0), st.floats(20, 100))) for _ in found]
    seeds = draw(st.integers(1, 30))
    standings = [
        standing(
            arm,
            mean,
            left=draw(st.integers(0, seeds)),
            seeds=seeds,
            spread=draw(st.floats(0, 30)) if seeds > 1 else 0.0,
        )
        for arm, mean in zip(found, sorted(means, reverse=True), strict=True)
    ]
    baseline = draw(st.sampled_from(found)) if len(found) > 1 else None
    at = {one.arm: one.test.mean for one in standings}
    differences = [
        difference(
            arm,
            at[arm] - at[baseline],
            shown=draw(st.booleans()),
            needed=draw(st.none() | st.integers(2, 10**6)),
            seeds=seeds,
        )
        for arm in found
        if baseline is not None and arm != baseline
    ]
    rule = draw(st.sampled_from(["stopped", "last"]))
    return Summary(rule, baseline, tuple(standings), tuple(differences))
