"""Every member in one task, tasks that one program can do, shares that fill the slots."""

from __future__ import annotations

import itertools
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from actfunc.compare.plan import Plan, tasks
from actfunc.compare.records import Arm
from tests.compare.small import HIDDEN, SGD, plan_of

ADAM = "adam:beta1=0.9,beta2=0.999,epsilon=1e-08"

some = {"min_size": 1, "max_size": 3, "unique": True}
plans = st.builds(
    Plan,
    st.lists(st.sampled_from(["relu", "tanh", "gelu", "elu:alpha=0.5"]), **some).map(tuple),
    st.lists(st.integers(0, 2**40), min_size=1, max_size=7, unique=True).map(tuple),
    st.lists(st.sampled_from([0.01, 0.1, 1e-7]), **some).map(tuple),
    st.lists(st.sampled_from([HIDDEN, (8,), ()]), **some).map(tuple),
    st.lists(st.sampled_from([SGD, ADAM]), **some).map(tuple),
    st.lists(st.sampled_from(["linear", "recommended"]), **some).map(tuple),
    networks=st.sampled_from([(), ("residual:depth=8",), ("my.py:one", "my.py:other")]),
    own_rates=st.just(()),
)
ways = st.fixed_dictionaries(
    {
        "side_by_side": st.booleans(),
        "at_a_time": st.integers(1, 12),
        "shares": st.integers(1, 9),
    }
)


@given(plans)
def test_members_are_every_combination_once_and_an_arms_stand_together(plan):
    shapes = [(layers, "") for layers in plan.hidden] + [((), one) for one in plan.networks]
    every = [
        (activation, layers, optimizer, init, network, rate, seed)
        for activation, (layers, network), optimizer, init, rate, seed in itertools.product(
            plan.activations, shapes, plan.optimizers, plan.inits, plan.learning_rates, plan.seeds
        )
    ]
    found = [(*member.arm, member.learning_rate, member.seed) for member in plan.members]
    assert len(set(found)) == len(found)
    assert set(found) == set(every)
    assert (
        tuple(arm for arm, _ in itertools.groupby(plan.members, key=lambda m: m.arm)) == plan.arms
    )
    assert len({member.key for member in plan.members}) == len(found)


def test_arms_come_in_the_order_that_was_asked_for():
    plan = plan_of("tanh", "relu", hidden=((8,), HIDDEN))
    assert plan.arms == (
        *(Arm("tanh", (8,), SGD), Arm("relu", (8,), SGD)),
        *(Arm("tanh", HIDDEN, SGD), Arm("relu", HIDDEN, SGD)),
    )
    assert [m.seed for m in plan.members[:3]] == [0, 1, 2]


@given(plans, ways)
def test_every_member_is_in_one_task_that_one_program_can_do(plan, way):
    made = tasks(plan.members, **way)
    counted = Counter(member for task in made for member in task.members)
    assert counted == Counter(plan.members)
    for task in made:
        for member in task.members:
            assert member.arm.activation in task.activations
            assert (member.arm.hidden, member.arm.optimizer) == (task.hidden, task.optimizer)
        if way["side_by_side"]:
            assert task.activations == plan.activations
        else:
            assert len(task.activations) == 1


@given(plans, ways)
def test_shares_are_as_many_as_fill_the_slots_and_about_equal(plan, way):
    made = tasks(plan.members, **way)
    each = plan.alike
    for _, group in itertools.groupby(made, key=lambda task: (*task[:3], task.network)):
        shares = [len(task.members) for task in group]
        full = -(-each // way["at_a_time"])
        alone = way["at_a_time"] == 1 and not way["side_by_side"]
        assert len(shares) == (full if alone else min(full, way["shares"]))
        assert max(shares) - min(shares) <= 1
        if alone:
            assert max(shares) == 1


@given(plans, ways)
def test_who_takes_tasks_in_turn_meets_each_program_once(plan, way):
    programs = [(*task[:3], task.network) for task in tasks(plan.members, **way)]
    assert len([*itertools.groupby(programs)]) == len(set(programs))


@given(plans, st.integers(1, 4), st.integers(1, 5))
def test_side_by_side_each_share_has_its_part_of_every_activation(plan, at_a_time, shares):
    """Two shares of two activations are not one activation each: half of each would idle."""
    for task in tasks(plan.members, side_by_side=True, at_a_time=at_a_time, shares=shares):
        counted = Counter(member.arm.activation for member in task.members)
        most = max(counted.values())
        assert most - min(counted[name] for name in task.activations) <= 1
        first = [member.arm.activation for member in task.members[: len(counted)]]
        assert len(set(first)) == len(counted)


def test_members_that_are_left_over_make_tasks_as_well():
    plan = plan_of("tanh", "relu")
    left = [plan.members[1], plan.members[3], plan.members[5]]
    [task] = tasks(left, side_by_side=True, at_a_time=4, shares=2)
    assert [member.arm.activation for member in task.members] == ["tanh", "relu", "relu"]
    assert tasks([], side_by_side=True, at_a_time=4, shares=2) == []
