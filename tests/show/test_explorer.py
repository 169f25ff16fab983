"""The explorer: in the browser a formula is what it is in Python, to twelve digits, and the page is
one that anybody can use."""

from __future__ import annotations

import json
import math

import pytest
import torch
from flint import arb

from actfunc import CATALOGUE, domain
from actfunc.analysis.gain import recommend
from actfunc.analysis.gaussian import moments
from actfunc.analysis.propagation import predict
from actfunc.analysis.signal import variance_map
from actfunc.certify.oracle import truth
from actfunc.certify.settings import settings
from actfunc.errors import FormulaError
from actfunc.formulas.formula import parse
from actfunc.formulas.series import precision
from actfunc.formulas.tree import as_json
from actfunc.show import explorer
from tests.certify.test_formula import HOSTILE
from tests.records import each
from tests.show import chromium

DIGITS = 1e-12
"""How far off a value may be, on the scale of `scale`."""

FLOOR = 1e-15
"""What is smaller than this beside 1, or beside x, is compared on that scale: nobody sees it."""

FORMULAS: dict[str, dict[str, float]] = {
    "x * sigmoid(1.5 * x)": {},
    "x * tanh(softplus(beta * x))": {"beta": 0.9},
    "x * atan(x)": {},
    "expm1(x) / (1 + exp(x))": {},
    "log1p(exp(-abs(x))) + max(x, 0)": {},
    "min(max(x, -1), 1)": {},
    "exp(-x**2 / 2) * cos(omega * x)": {"omega": 5.0},
    "x / (1 + abs(x)**p)**(1/p)": {"p": 2.5},
    "sinh(x) - x": {},
    "cosh(x) - 1": {},
    "1 - cos(x)": {},
    "x - sin(x)": {},
    "asinh(a * x) / a": {"a": 3.0},
    "erfc(x) * exp(x**2)": {},
    "x * erf(x / sqrt(2))": {},
    "log(cosh(x))": {},
    "sqrt(1 + x**2) - 1": {},
    "1 / (1 + exp(-1000 * x))": {},
    "exp(x) / (1 + exp(x)) - 1/2": {},
    "tan(x / 4)": {},
    "sinc(2 * x)**2": {},
    "sign(x) * log1p(abs(x))": {},
    "x if x > 0.1 else 0.1 * x**3": {},
    "0 if -1 < x <= 1 else x - sign(x)": {},
    "1 if x < -2 or x > 2 and x < 3 else x**2 / 4": {},
    "max(x, sin(x)) + min(x, 0)": {},
    "(x**3 - 3 * x) * exp(-abs(x))": {},
    "tanh(x) - x * (1 - tanh(x)**2)": {},
    "softplus(k * x) / k - softplus(k * (x - 1)) / k": {"k": 8.0},
    "log(1 + exp(x)) - log(1 + exp(x - 1))": {},
    "exp(exp(x) - exp(-x))": {},
    "(e**2 * x + pi) / (x**2 + 1_000.5e-3)": {},
    "x * erf(0.75 * exp(0.75 * x))": {},
    "x * (1 + abs(x))**-0.5": {},
}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page as a file."""
    path = tmp_path_factory.mktemp("explorer") / "explorer.html"
    path.write_text(explorer.page(CATALOGUE), "utf-8")
    return path


@pytest.fixture(scope="module")
def browser(page, tmp_path_factory):
    """A tab with the page in it: one browser for all tests of this file."""
    if chromium.PROGRAM is None:
        pytest.skip("there is no Chromium or Chrome here")
    with chromium.tab(tmp_path_factory.mktemp("profile")) as tab:
        tab.open(page)
        yield tab


@pytest.fixture
def opened(browser, page):
    """The tab with the page loaded anew."""
    browser.open(page)
    return browser


# what is computed


def everywhere(joints, farthest=1e8) -> torch.Tensor:
    """Points of every branch and next to its ends, near and far."""
    near, middle = [1e-12, 1e-7, 1e-4, 0.01, 0.3], [1.0, 2.4, 5.0, 9.0, 17.0]
    sizes = [*near, *middle, 38.0, 90.0, 710.0, 944.0, 1e4, farthest]
    around = [0.0, *joints]
    points = [centre + side * size for centre in around for size in sizes for side in (-1, 1)]
    return torch.tensor(sorted({*points, *around}), dtype=torch.float64)


def worst(browser, tree, params, formula, x, poles=()) -> tuple[float, str]:
    """The largest error of value, first and second derivative at these points, and where it is.

    The scale is that of the result, or of what the input's own rounding makes of it (x times the
    next derivative) where that is larger, and at least FLOOR of x and of 1.
    """
    call = f"{json.dumps(x.tolist())}.map(Curve.compiled({json.dumps(tree)}, {json.dumps(params)}))"
    got = torch.tensor(browser.evaluate(call), dtype=torch.float64).T
    true = truth(formula, x, params)
    known = true.known & ~torch.isin(x, torch.tensor(poles, dtype=torch.float64))
    found = (0.0, "")
    for order in range(3):
        want, beyond = true.hi[order], true.hi[order + 1]
        scale = torch.maximum(want.abs(), (x * beyond).abs())
        scale = torch.maximum(scale, FLOOR * x.abs().clamp(min=1))
        off = torch.where(got[order] == want, 0.0, (got[order] - want).abs() / scale)
        off = torch.where(known, off.nan_to_num(nan=math.inf), 0.0)
        at = int(off.argmax())
        where = f"order {order} at {x[at]:.17g}: got {got[order][at]:.17g}, not {want[at]:.17g}"
        found = max(found, (float(off[at]), f"{where} with {params}"))
    return found


TWOFOLD = {
    "Twofold.log(a)": (arb.log, (1e-5, 0.3, 0.995, 1.004, 2.0, 1e9)),
    "Twofold.exponential(a).small": (arb.expm1, (-0.3, -1e-9, 1e-20, 0.2, 0.34)),
    "Twofold.circular(a).sine": (arb.sin, (1e-9, 0.7, 3.0, 100.0, 1e9)),
    "Twofold.circular(a).cosine": (arb.cos, (1e-9, 0.7, 3.0, 100.0, 1e9)),
    "Twofold.atan(a)": (arb.atan, (-1e-9, 0.4, 1.0, 1.5, -1e9)),
    "Twofold.erf(a)": (arb.erf, (1e-9, -0.4, 1.5, 4.9)),
    "Twofold.erfcScaled(a)": (lambda a: a.erfc() * (a * a).exp(), (5.1, 8.0, 30.0)),
    "Twofold.sqrt(a)": (arb.sqrt, (1e-9, 2.0, 3e7)),
    "Twofold.divide(Twofold.ONE, a)": (lambda a: 1 / a, (3.0, -7e-9)),
}
"""What the arithmetic is made of, the same in ball arithmetic, and where both are asked."""


@pytest.mark.parametrize("call", TWOFOLD)
def test_the_arithmetic_has_its_digits(browser, call):
    function, points = TWOFOLD[call]
    with precision(256):
        for point in points:
            found = browser.evaluate(call.replace("a)", f"Twofold.of({point!r}))"))
            off = (arb(found["hi"]) + arb(found["lo"])) / function(arb(point)) - 1
            assert abs(off) < 1e-29, f"{point}: off by {float(off):.2g}"


def test_the_catalogue_is_what_it_is_in_python(browser):
    for record in CATALOGUE.values():
        formula = parse(record.formula, record.params)
        x = everywhere(record.joint_points)
        params = dict(record.params)
        error, where = worst(browser, as_json(formula.tree), params, formula, x, record.poles)
        assert error <= DIGITS, f"{record.name}, {where}"


@each(record for record in CATALOGUE.values() if record.params)
def test_at_other_parameters_too(browser, record):
    formula = parse(record.formula, record.params)
    sweep = settings(record, formula, torch.float64)
    for number, x in enumerate(sweep.x):
        params = sweep.at(number)
        error, where = worst(browser, as_json(formula.tree), params, formula, x, record.poles)
        assert error <= DIGITS, where


def test_typed_formulas_are_what_they_are_in_python(browser):
    for text, params in FORMULAS.items():
        formula = parse(text, params)
        tree = browser.evaluate(f"Formula.parse({json.dumps(text)}, {json.dumps([*params])})")
        x = everywhere((-2.0, -1.0, 0.1, 1.0, 2.0, 3.0), farthest=1e7)
        error, where = worst(browser, tree, params, formula, x)
        assert error <= DIGITS, f"{text}, {where}"


def test_the_browser_reads_the_same_trees(browser):
    texts = {text: [*params] for text, params in FORMULAS.items()}
    for record in CATALOGUE.values():
        for text in (record.formula, *filter(None, record.asymptotes)):
            texts[text] = [*record.params]
    for text, params in texts.items():
        read = browser.evaluate(f"Formula.parse({json.dumps(text)}, {json.dumps(params)})")
        assert read == as_json(parse(text, params).tree), text


def test_what_python_refuses_is_refused(browser):
    for text in (
        *HOSTILE,
        "x + σ",
        "01 * x",
        "x == 1",
        "2 x",
        "1e-400 * x",
        "x**(pi)",
        "x\u00a0+ 1",
    ):
        with pytest.raises(FormulaError):
            parse(text)
        refused = f"""(() => {{
            try {{ return Formula.parse({json.dumps(text)}); }}
            catch (error) {{ return error instanceof Formula.FormulaError; }}
        }})()"""
        assert browser.evaluate(refused) is True, text


def test_joints_are_found_where_the_record_has_them(browser):
    for record in CATALOGUE.values():
        tree = json.dumps(as_json(parse(record.formula, record.params).tree))
        for factor in (1.0, 0.7):
            params = {name: factor * value for name, value in record.params.items()}
            found = browser.evaluate(f"Curve.joints({tree}, {json.dumps(params)})")
            assert found == pytest.approx(record.joints_at(params), abs=1e-15), record.name


def test_ranges_are_those_of_the_records(browser):
    compared = 0
    for record in CATALOGUE.values():
        if record.name == "threshold":  # its record leaves open what depends on its parameters
            continue
        ends = [interval_end(word, record.params) for word in record.range[1:-1].split(",")]
        tree = json.dumps(as_json(parse(record.formula, record.params).tree))
        found = browser.evaluate(
            f"""(() => {{ const at = Curve.compiled({tree}, {json.dumps(dict(record.params))});
            const sample = Signal.sampled(at, {json.dumps(record.joint_points)});
            return Curve.range(at, sample); }})()"""
        )
        for got, want in zip(found, ends, strict=True):
            if want is not None:
                compared += 1
                where = f"{record.name}: {found}, not {record.range}"
                assert got == pytest.approx(want, abs=1e-4), where
    assert compared > 200


def interval_end(text, params) -> float | None:
    """An end of a record's range; None where it is words."""
    if text.strip().endswith("inf"):
        return -math.inf if "-" in text else math.inf
    try:
        return parse(text.strip(), params).evaluate(0.0, **params).item()
    except FormulaError:
        return None


# what a network does with it


def sampled(browser, record) -> str:
    """JavaScript for the samples of a record, kept in the page."""
    tree = json.dumps(as_json(parse(record.formula, record.params).tree))
    at = f"Curve.compiled({tree}, {json.dumps(dict(record.params))})"
    rest = f"{json.dumps(record.joint_points)}, {json.dumps(record.poles)}"
    browser.evaluate(f"Boolean(globalThis.kept = Signal.sampled({at}, {rest}))")
    return "kept"


@each(CATALOGUE.values())
def test_averages_and_maps_are_those_of_the_analysis(browser, record):
    kept = sampled(browser, record)
    variances = [0.05, 1.0, 7.0]
    for variance in variances:
        found = browser.evaluate(f"Signal.moments({kept}, {variance})")
        for name, want in moments(record, variance)._asdict().items():
            where = f"{name} at {variance}"
            assert found[name] == pytest.approx(float(want), rel=1e-9, abs=1e-12), where
    mapped = [float(variance_map(record, v, 1.3, 0.2)) for v in variances]
    found = browser.evaluate(f"{variances}.map((v) => Signal.mapped({kept}, v, 1.3, 0.2))")
    assert found == pytest.approx(mapped, rel=1e-9)


@each(CATALOGUE.values(), few=("gelu", "hardswish", "sigmoid", "softplus", "signed_sqrt"))
def test_the_gain_is_what_the_analysis_recommends(browser, record):
    gain = recommend(record)
    found = browser.evaluate(f"Signal.recommended({sampled(browser, record)})")
    assert found["good"] is bool(gain.critical)
    for name in ("weight", "bias", "variance", "forward", "backward", "growth"):
        want = float(getattr(gain, name))
        assert found[name] == pytest.approx(want, rel=1e-7, abs=1e-7), name


@pytest.mark.parametrize(
    ("name", "weight", "bias"), [("relu", 0.577, 0.0), ("gelu", 1.4, 0.1), ("tanh", 1.6, 0.2)]
)
def test_a_signal_fares_as_predicted(browser, name, weight, bias):
    record = CATALOGUE[name]
    want = predict(record, weight, bias, depth=50)
    found = browser.evaluate(f"Signal.layers({sampled(browser, record)}, {weight}, {bias}, 1, 50)")
    for part in ("variance", "gradient"):
        wanted = getattr(want, part).tolist()
        assert found[part] == pytest.approx(wanted, rel=1e-8, abs=0), part


def test_the_histogram_is_the_distribution(browser):
    kept = sampled(browser, CATALOGUE["relu"])
    found = browser.evaluate(f"Signal.histogram({kept}, 1, -1, 8, 90)")
    [[value, share]] = found["single"]
    assert value == 0
    assert share == pytest.approx(0.5, abs=1e-9)
    shares = [*found["shares"].values()]
    assert sum(shares) == pytest.approx(1, abs=1e-3)
    normal = torch.special.ndtr(torch.tensor([2.0, 3.0], dtype=torch.float64))
    assert sum(shares[30:40]) == pytest.approx(float(normal[1] - normal[0]), rel=0.02)


# the page


def test_the_page_loads_nothing_and_complains_of_nothing(page, opened):
    assert page.stat().st_size < 3_000_000
    opened.complaints.clear()
    opened.requests.clear()
    opened.open(page, "#a=silu:beta=2&y=x*tanh(b*x);b=1.5&y=sigmod(x)&a=nothing&x=-3,3&d=02&v=2")
    assert {url.partition(":")[0] for url in opened.requests} <= {"file", "about", "data"}
    assert [url for url in opened.requests if url.startswith("file")] == [
        url for url in opened.requests if url.startswith(page.as_uri())
    ]
    assert opened.complaints == []


def test_a_complaint_is_seen(opened):
    opened.complaints.clear()
    opened.evaluate("console.error('seen')")
    opened.evaluate("1")
    assert "seen" in opened.complaints.pop()


CONTROLS = "[...document.querySelectorAll('a[href], button, input, select, summary, [tabindex]')]"
VISIBLE = f"{CONTROLS}.filter((one) => one.offsetParent !== null)"


def test_every_control_has_a_name_and_the_keyboard_reaches_it(opened, page):
    opened.open(page, "#a=silu&y=x*tanh(b*x)&w=1.4,0.1")
    named = """one.labels?.length || one.getAttribute('aria-label') ||
        (one.matches('button, summary') && one.textContent.trim())"""
    unnamed = f"{VISIBLE}.filter((one) => !({named})).map((one) => one.outerHTML)"
    assert opened.evaluate(unnamed) == []
    wanted = opened.evaluate(f"{VISIBLE}.length")
    opened.evaluate("document.body.focus()")
    opened.evaluate("globalThis.reached = new Set()")
    for _ in range(wanted):
        opened.press("Tab")
        opened.evaluate("Boolean(reached.add(document.activeElement))")
    missed = f"{VISIBLE}.filter((one) => !reached.has(one)).map((one) => one.outerHTML)"
    assert wanted > 15
    assert opened.evaluate(missed) == []


def test_a_slider_is_moved_by_keys_and_the_address_keeps_it(opened, page):
    opened.open(page, "#a=silu:beta=1")
    before = opened.evaluate("document.getElementById('numbers').textContent")
    opened.evaluate("document.querySelector('#chosen input[type=range]').focus()")
    opened.press("ArrowRight")
    opened.wait("!location.hash.endsWith('beta=1')")
    kept = opened.evaluate("location.hash")
    value = float(kept.rpartition("=")[2])
    assert 1 < value < 2
    after = opened.evaluate("document.getElementById('numbers').textContent")
    assert after != before
    opened.open(page, kept)
    assert opened.evaluate("document.getElementById('numbers').textContent") == after
    assert opened.evaluate("document.querySelector('#chosen input[type=number]').value") == str(
        value
    )


def test_a_formula_is_typed_and_a_mistake_is_told(opened, page):
    opened.open(page, "#a=relu")
    opened.evaluate("document.getElementById('type').focus()")
    opened.press("Enter")
    opened.wait("document.querySelectorAll('#numbers thead th').length === 2")
    opened.type("x * sigmod(x)")
    opened.wait("document.querySelector('#chosen li:last-child .problem').textContent")
    told = opened.evaluate("document.querySelector('#chosen li:last-child .problem').textContent")
    assert told == "the function 'sigmod' is not accepted"
    opened.evaluate("document.activeElement.select()")
    opened.type("x * sigmoid(b * x + c)")
    opened.wait("!document.querySelector('#chosen li:last-child .problem').textContent")
    names = "[...document.querySelectorAll('#chosen li:last-child .slider span')]"
    assert opened.evaluate(f"{names}.map((one) => one.textContent)") == ["b", "c"]
    assert opened.evaluate("location.hash") == "#a=relu&y=x%20*%20sigmoid(b%20*%20x%20%2B%20c)"
    assert opened.complaints == []


def test_a_value_outside_the_domain_is_not_taken(opened, page):
    opened.open(page, "#a=elu:alpha=2")
    opened.evaluate("(() => { const one = document.querySelector('#chosen input[type=number]');"
                    " one.focus(); one.select(); })()")  # fmt: skip
    opened.type("-1")
    assert opened.evaluate("document.activeElement.matches(':invalid')") is True
    assert opened.evaluate("location.hash") == "#a=elu:alpha=2"


def test_a_slider_goes_over_the_domain(browser):
    for record in CATALOGUE.values():
        for name in record.params:
            meant = f"Subjects.understood({{name: '{record.name}', params: {{}}}})"
            reach = browser.evaluate(f"Subjects.reach({meant}, '{name}')")
            text = record.domain.get(name, domain.EVERYTHING)
            interval = domain.interval(text, record.params)
            for end in (reach["from"], reach["to"]):
                assert interval.holds(end), f"{name} of {record.name}: {end} in {text}"
            assert reach["from"] <= record.params[name] <= reach["to"], (record.name, name)
