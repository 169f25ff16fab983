"""Makes published.json, the values that the catalogue's formulas are held against.

Nothing here is taken from the package. Every function is written down once more from its paper, in
`definitions.py`, and where a public library has the function, the library's float64 values stand
beside it; the two must agree. It is not part of the tests, and wants an environment of its own:

    pip install torch jax keras scipy mpmath timm transformers echoAI torch_activation
    KERAS_BACKEND=jax python tests/catalogue/make_published.py

(echoAI and torch_activation with --no-deps; torch_activation wants plotly as well.)
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import importlib.util
import json
import math
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"
os.environ["KERAS_HOME"] = tempfile.mkdtemp()

import jax
import keras
import mpmath as m
import numpy as np
import torch
from definitions import ROWS, Row, at

jax.config.update("jax_enable_x64", True)
keras.config.set_floatx("float64")
m.mp.dps = 50

HERE = Path(__file__).parent
TORCH = {"torch", "timm", "transformers", "torch_activation", "echoAI"}
"""Libraries that take a tensor of torch."""

LIBRARIES = {*TORCH, "jax", "keras", "numpy", "scipy"}

AGREE = 1e-14
"""What mpmath and a library may differ by, of the value, next to ROUNDING of the terms it adds."""
ROUNDING = 2e-15

SINGLE = ("keras.activations.tanh(x)",)
"""Calls that give float32 for a float64 input."""


MOMENTS = """
identity 0 1 1; sigmoid 0.5 0.2934 0.04484; tanh 0 0.3943 0.4644; lecun_tanh 0 0.7504 0.804;
hardtanh 0 0.5161 0.6827; hardsigmoid 0.5 0.2776 0.0277; sparse_sigmoid 0.5 0.379 0.1707;
logsigmoid -0.8061 0.9212 0.2934; softsign 0 0.183 0.2277; elliott 0.5 0.2958 0.05692; arctan 0
0.4497 0.5; asinh 0 0.6332 0.6557; erf 0 0.4646 0.5694; normal_cdf 0.5 0.3333 0.09189; cloglog
0.6182 0.4528 0.07834; gompertz 0.3818 0.2163 0.07834; isru 0 0.3443 0.4139; sqnl 0 0.3946
0.4492; smoothstep 0.5 0.4496 0.4704; penalized_tanh 0.2085 0.2095 0.2467; hexpo 0 0.2899
0.3362; softclip 0.3992 0.199 0.04116; symlog 0 0.3868 0.4128; symexp 0 9.893 14.44; signed_sqrt
0 0.7979 inf; relu 0.3989 0.5 0.5; leaky_relu 0.395 0.5001 0.5001; prelu 0.2992 0.5313 0.5313;
rrelu 0.3075 0.5263 0.5263; relu6 0.3989 0.5 0.5; relu_squared 0.5 1.5 2; star_relu 0 0.9999
1.6; abs 0.7979 1 1; threshold 0.242 0.4006 0.1587; softshrink 0 0.4193 0.6171; hardshrink 0
0.9691 0.6171; tanhshrink 0 0.1829 0.253; nl_relu 0.2674 0.1934 0.2064; flatten_t_swish 0.1028
0.2528 0.3458; minsin -0.1098 0.7162 0.7838; sqlu 0.1236 0.6973 0.7246; squish 0.2542 0.6156
0.7084; sqreu 0.2386 0.5643 0.6566; elu 0.1605 0.6449 0.6681; celu 0.1605 0.6449 0.6681; selu
-2.041e-07 1 1.072; serlu -4.1e-07 1 1.418; reu 0.2616 0.5426 0.5852; polu 0.2064 0.5915 0.6138;
isrlu 0.1374 0.6722 0.707; softplus 0.8061 0.9212 0.2934; shifted_softplus 0.1129 0.2843 0.2934;
squareplus 1.109 1.5 0.2893; sparse_plus 0.4623 0.5248 0.379; logcosh 0.3746 0.3301 0.3943;
bent_identity 0.1773 1.073 1.086; soft_exponential 0.7663 2.046 1.649; xielu 0.5284 1.736 2.07;
silu 0.2066 0.3558 0.3795; e_swish 0.3099 0.8005 0.8538; gelu 0.2821 0.4252 0.4559; gelu_tanh
0.282 0.4252 0.4558; quick_gelu 0.2823 0.422 0.4495; hardswish 0.1662 0.3316 0.3585; mish 0.2404
0.4523 0.4791; hard_mish 0.2386 0.5643 0.6566; lisht 0.6057 0.7579 0.8657; tanh_exp 0.2621
0.5291 0.5612; serf 0.2493 0.5014 0.53; erf_act 0.2434 0.5294 0.5559; logish 0.1398 0.1945
0.2061; smish 0.1201 0.1584 0.1676; phish 0.3253 0.3611 0.4412; gish 0.1655 0.2495 0.2635;
loglogish 0.2589 0.4944 0.5222; expexpish 0.2589 0.3196 0.3475; colu 0.2767 0.5526 0.6246; sinlu
0.3386 0.8995 0.9769; sinsig 0.2203 0.5 0.5292; calu 0.2087 0.3467 0.3624; lalu 0.2616 0.3971
0.4184; pflu 0.2824 0.4139 0.4354; aria2 0.3096 0.4092 0.4395; srs -0.1177 0.8393 0.8612; elish
0.2392 0.3431 0.3665; hard_elish 0.3471 0.4773 0.5191; dyt 0 0.1735 0.1793; sin 0 0.4323 0.5677;
cos 0.6065 0.5677 0.4323; sinc 0.8556 0.764 0.06543; snake 0.4323 1.307 1.5; gcu 0 0.297 1; asu
0.6065 0.703 1; gaussian 0.5774 0.4472 0.3578; sech 0.7413 0.6057 0.1413; seagull 0.5335 0.5529
0.6227; square 1 3 4; cube 0 15 27; hermite_2 0 1 2
"""
"""Name, E[φ], E[φ²], E[φ′²] under N(0, 1) to four digits and 1e-6, from a table of formulas."""


def library_values(call: str, points: tuple[float, ...]) -> list[float]:
    """What a library's call gives in float64."""
    x = np.array(points)
    roots = {}
    for path in re.findall(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", call):
        module = path.rpartition(".")[0]
        while module:
            try:
                importlib.import_module(module)
                break
            except ModuleNotFoundError:
                module = module.rpartition(".")[0]
        root = path.partition(".")[0]
        roots[root] = importlib.import_module(root)
    if roots.keys() & TORCH:
        roots["torch"], x = torch, torch.tensor(points, dtype=torch.float64)
    elif roots.keys() & {"jax", "keras"}:
        x = jax.numpy.array(points, dtype="float64")
    with torch.no_grad():
        values = eval(call, {**roots, "x": x})
    assert str(values.dtype).endswith("float64") or call in SINGLE, call
    return [float(value) for value in values]


def entry(row: Row, params: dict[str, float], calls: tuple[str, ...]) -> dict:
    """One function at one setting of its parameters."""
    exact = [m.mpf(at(row.definition, params)(m.mpf(x))) for x in row.points]
    libraries = {}
    for call in calls:
        values = libraries[call] = library_values(call, row.points)
        for x, value, truth in zip(row.points, values, exact, strict=True):
            agree = 1e-6 if call in SINGLE else AGREE
            allowed = agree * abs(truth) + ROUNDING * max(1, abs(x))
            if not abs(value - truth) <= allowed:
                print(f"{row.name} {params}: {call} at {x}: {value!r}, here {float(truth)!r}")
    return {"params": params, "x": row.points, "exact": list(map(float, exact)),
            "libraries": libraries}  # fmt: skip


def moments() -> dict[str, dict[str, float | None]]:
    """The printed means, each compared with a quadrature of the definition in mpmath."""
    definitions = {row.name: at(row.definition, {}) for row in ROWS}
    table = {}
    for line in MOMENTS.replace("\n", " ").split(";"):
        name, *printed = line.split()
        numbers = dict(zip(("mean", "q", "chi"), map(float, printed), strict=True))
        with m.workdps(25):
            found = means(definitions[name])
        for which, number in numbers.items():
            if math.isfinite(number) and not within(found[which], number):
                print(f"{name}: {which} is printed as {number}, found {float(found[which])!r}")
        table[name] = {key: None if math.isinf(n) else n for key, n in numbers.items()}
    return table


def within(found: float, printed: float) -> bool:
    """Whether the number rounds to the printed one, whose own error may be 1e-6."""
    digit = 10.0 ** (math.floor(math.log10(abs(printed))) - 3) if printed else 0.0
    return abs(found - printed) <= digit / 2 + 1e-6


def means(definition: Callable) -> dict[str, float]:
    """E[φ], E[φ²], E[φ′²] under N(0, 1), by Gauss's rule between the multiples of a half."""
    nodes, weights = np.polynomial.legendre.leggauss(8)
    total = {"mean": 0.0, "q": 0.0, "chi": 0.0}
    h = m.mpf(10) ** -9
    for left in np.arange(-11, 11, 0.5):
        for node, weight in zip(nodes, weights, strict=True):
            x = left + (node + 1) / 4
            mass = weight / 4 * math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
            x = m.mpf(float(x))
            value, slope = definition(x), (definition(x + h) - definition(x - h)) / (2 * h)
            total["mean"] += mass * float(value)
            total["q"] += mass * float(value) ** 2
            total["chi"] += mass * float(slope) ** 2
    return total


def written(functions: dict, versions: dict[str, str]) -> str:
    """The file's text, a list of numbers on a line."""
    put = functools.partial(json.dumps, ensure_ascii=False)
    texts = []
    for name, about in functions.items():
        head = ", ".join(f"{put(key)}: {put(about[key])}" for key in ("source", "moments"))
        entries = []
        for given in about["entries"]:
            calls = [f"    {put(call)}:\n     {put(y)}" for call, y in given["libraries"].items()]
            entries.append(
                f'  {{"params": {put(given["params"])},\n   "x": {put(given["x"])},\n'
                f'   "exact": {put(given["exact"])},\n'
                '   "libraries": {' + ",".join("\n" + call for call in calls) + "}}"
            )
        texts.append(f'{put(name)}: {{{head}, "entries": [\n' + ",\n".join(entries) + "]}")
    joined = ",\n".join(texts)
    return f'{{"versions": {put(versions)},\n"functions": {{\n{joined}}}}}\n'


def main() -> None:
    functions, printed = {}, moments()
    for row in ROWS:
        assert row.name not in functions, row.name
        first = () if row.calls is None else (({}, row.calls),)
        entries = [entry(row, *setting) for setting in (*first, *row.more)]
        functions[row.name] = {
            "source": f"mpmath from the definition in {row.source}",
            "moments": printed.get(row.name, {}),
            "entries": entries,
        }
    settings = [given for about in functions.values() for given in about["entries"]]
    calls = [call for given in settings for call in given["libraries"]]
    roots = sorted(
        {"mpmath", *(root for call in calls for root in LIBRARIES if f"{root}." in call)}
    )
    versions = {root: importlib.metadata.version(root) for root in roots}
    (HERE / "published.json").write_text(written(functions, versions), encoding="utf-8")
    print(f"{len(functions)} functions, {len(settings)} settings, {len(calls)} library columns")


if __name__ == "__main__":
    main()
