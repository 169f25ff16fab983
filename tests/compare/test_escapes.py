"""Which seeds leave chance, and when early stopping would have let them."""

from __future__ import annotations

from actfunc.compare.escapes import Escapes, escapes
from tests.compare.test_statistics import RELU, SIGMOID, trained

STUCK = (10.0, 10.5, 10.0, 10.2, 10.1)
LATE = (10.0, 10.5, 10.0, 40.0, 60.0)
EARLY = (10.0, 40.0, 60.0, 60.0, 60.0)


def test_early_stopping_ends_some_that_would_have_left_chance():
    results = [
        trained(3, *STUCK, patience_ends=4),
        trained(1, *LATE, patience_ends=3),
        trained(2, *EARLY),
        trained(0, *LATE, patience_ends=5),
    ]
    [found] = escapes(results)
    assert found == Escapes(SIGMOID, 0.1, 4, 2, 3, (2, 4, 4), (4, 3, 5, 5))


def test_those_of_which_all_seeds_leave_are_not_told():
    fine = [trained(seed, *EARLY, arm=RELU) for seed in range(3)]
    assert escapes(fine) == ()
    assert escapes([]) == ()
    [found] = escapes([*fine, trained(0, *STUCK)])
    assert (found.arm, found.seeds, found.stopped, found.last) == (SIGMOID, 1, 0, 0)
    assert found.epochs == ()


def test_left_in_the_end_and_not_by_the_stop_is_told():
    [found] = escapes([trained(seed, *LATE, patience_ends=2) for seed in range(3)])
    assert (found.stopped, found.last) == (0, 3)


def test_each_learning_rate_is_told_apart():
    slow = trained(0, *STUCK)
    fast = slow._replace(member=slow.member._replace(learning_rate=0.5))
    assert [one.learning_rate for one in escapes([slow, fast])] == [0.1, 0.5]
