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
    assert found == Escapes(SIGMOID, 0.1, 4, 2, 3, 0, (2, 4, 4), (4, 3, 5, 5))


def test_those_of_which_all_seeds_leave_are_not_told():
    fine = [trained(seed, *EARLY, arm=RELU) for seed in range(3)]
    assert escapes(fine) == ()
    assert escapes([]) == ()
    [found] = escapes([*fine, trained(0, *STUCK)])
    assert (found.arm, found.seeds, found.stopped, found.last) == (SIGMOID, 1, 0, 0)
    assert found.epochs == ()
    # of a hundred classes ten in a hundred are far above chance
    assert escapes([trained(0, *STUCK)], classes=100) == ()


def test_left_in_the_end_and_not_by_the_stop_is_told():
    [found] = escapes([trained(seed, *LATE, patience_ends=2) for seed in range(3)])
    assert (found.stopped, found.last) == (0, 3)


def test_every_learning_rate_is_told_of_who_is_stuck_at_one():
    """Or it would seem that the rate at which all leave chance, which is not told, failed."""
    slow, fine = trained(0, *STUCK), trained(0, *EARLY)
    fast = fine._replace(member=fine.member._replace(learning_rate=0.5))
    assert [(one.learning_rate, one.last) for one in escapes([slow, fast])] == [(0.1, 0), (0.5, 1)]


def test_what_diverged_is_not_at_chance():
    one = trained(0, *EARLY)
    lost = one._replace(last=one.last._replace(diverged=4))
    [found] = escapes([lost, trained(1, *EARLY)])
    assert (found.stopped, found.last, found.diverged, found.epochs) == (2, 1, 1, (2,))
