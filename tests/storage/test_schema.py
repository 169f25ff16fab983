"""Kinds of JSON values take what they say, and name what they do not."""

from __future__ import annotations

import pytest

from actfunc.storage.schema import (
    Unfit,
    each,
    either,
    flag,
    mapping,
    maybe,
    number,
    one_of,
    record,
    row,
    share,
    text,
    whole,
)

FITS = [
    (whole(), [0, 1, 2**63]),
    (whole(1, 9), [1, 9]),
    (number(), [-1.5, 0, 1.7976931348623157e308]),
    (number(0, 100), [0.0, 100]),
    (share(), [0, 0.5, 1]),
    (text(), ["", "x"]),
    (flag(), [True, False]),
    (one_of("inf"), ["inf"]),
    (maybe(whole()), [None, 3]),
    (either(one_of("inf"), number()), ["inf", 0.5]),
    (each(whole()), [[], [1, 2]]),
    (row(text(), whole()), [["a", 1]]),
    (mapping(flag()), [{}, {"a": True}]),
    (record(("b",), a=whole(), b=text()), [{"a": 1}, {"a": 1, "b": ""}]),
]


@pytest.mark.parametrize(("kind", "values"), FITS)
def test_what_fits_comes_back(kind, values):
    for value in values:
        assert kind(value) == value


UNFIT = [
    (whole(), [-1, 1.0, True, "1", None, [], {}]),
    (whole(1, 9), [0, 10, 10**4000]),
    (number(), ["1", True, None, float("nan"), float("inf"), 10**400]),
    (number(0, 100), [-0.001, 100.001]),
    (share(), [-1e-9, 1.001, 89]),
    (text(), [1, None, ["x"]]),
    (flag(), [1, 0, "true", None]),
    (one_of("inf"), ["-inf", 1, [], None]),
    (maybe(whole()), ["", -1]),
    (either(one_of("inf"), number()), ["nan", None]),
    (each(whole(), fewest=1), [[], {}, "12", [1, "2"]]),
    (row(text(), whole()), [["a"], ["a", 1, 2], [1, "a"], "a1"]),
    (mapping(flag()), [[], {"a": 1}]),
    (record(("b",), a=whole(), b=text()), [{}, {"b": ""}, {"a": 1, "c": 2}, [], None, {"a": "1"}]),
]


@pytest.mark.parametrize(("kind", "values"), UNFIT)
def test_what_does_not_fit_is_refused_in_few_words(kind, values):
    for value in values:
        with pytest.raises(Unfit, match=r"expected .*, found ") as told:
            kind(value)
        assert len(str(told.value)) < 200


def test_the_place_is_named():
    history = record(history=each(record(loss=maybe(number()), at=row(whole(), whole()))))
    good = {"loss": None, "at": [1, 2]}
    for bad, place in [
        ({"loss": "low", "at": [1, 2]}, "history[1].loss: expected a number, found 'low'"),
        ({"loss": 0.5, "at": [1, -2]}, "history[1].at[1]: expected a whole number 0 or more, fou"),
        ({"loss": 0.5}, "history[1]: expected the field 'at', found ['loss']"),
        (good | {"more": 1}, "history[1]: expected no other fields than loss, at, found 'more'"),
    ]:
        with pytest.raises(Unfit) as told:
            history({"history": [good, bad]})
        assert str(told.value).startswith(place)
