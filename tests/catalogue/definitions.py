"""Every activation once more, from its paper, in mpmath: nothing here is taken from the package.

Where it can be done, in another form than the paper's and the catalogue's. Of these definitions
`make_constants.py` makes the constants that certificates are held against, `make_published.py` the
comparison with other libraries.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import NamedTuple

import mpmath as m

POINTS = (-5.5, -2.25, -1.125, -0.4, 0.3, 1.75, 4.5)


class Row(NamedTuple):
    """A function: its definition in mpmath, whose keywords are the parameters and defaults.

    calls: the libraries that have it, as the call to make with `x`; None for no default.
    more:  other parameters, with their calls.
    """

    name: str
    source: str
    definition: Callable
    calls: tuple[str, ...] | None = ()
    more: tuple[tuple[dict[str, float], tuple[str, ...]], ...] = ()
    points: tuple[float, ...] = POINTS


def logistic(x):
    return (1 + m.tanh(x / 2)) / 2


def ramp(x, low, high):
    """x held between low and high."""
    return (abs(x - low) - abs(x - high) + low + high) / 2


def kink(x, slope):
    """x right of 0, slope·x left of it."""
    return ((1 + slope) * x + (1 - slope) * abs(x)) / 2


def sign(x):
    return m.mpf((x > 0) - (x < 0))


def gelu(x):
    return x / 2 * m.erfc(-x / m.sqrt(2))


def gelu_tanh(x):
    return x / 2 * (1 + m.tanh(m.sqrt(2 / m.pi) * (x + m.mpf("0.044715") * x**3)))


def silu(x, beta=1.0):
    return x * logistic(beta * x)


def exponential_unit(x, alpha=1.0):
    return x if x > 0 else alpha * m.expm1(x)


@functools.cache
def selu_constants():
    """λ and α in closed form: the fixed point at mean 0 and variance 1 (SELU paper, eq. 14)."""
    e, half = m.sqrt(m.e), m.erfc(1 / m.sqrt(2))
    alpha = -m.sqrt(2 / m.pi) / (half * e - 1)
    inner = 2 * m.erfc(m.sqrt(2)) * m.e**2 + m.pi * half**2 * m.e - 2 * (2 + m.pi) * half * e
    return (1 - half * e) * m.sqrt(2 * m.pi) / m.sqrt(inner + m.pi + 2), alpha


def selu(x, scale=None, alpha=None):
    scale, alpha = (scale, alpha) if scale else selu_constants()
    return scale * exponential_unit(x, alpha)


def smelu(x, beta=1.0):
    return 0 if x <= -beta else x if x >= beta else (x + beta) ** 2 / (4 * beta)


def hexpo(x, a=1.0, b=1.0, c=1.0, d=1.0):
    return a * (1 - m.exp(-x / b)) if x > 0 else c * (m.exp(x / d) - 1)


def smoothstep(x, gamma=1.0):
    t = ramp(x / gamma + m.mpf("0.5"), 0, 1)
    return t * t * (3 - 2 * t)


def smish(x, alpha=1.0, beta=1.0):
    w = (1 + logistic(beta * x)) ** 2
    return alpha * x * (w - 1) / (w + 1)


def squish(x):
    return 8 * ((1 + x / 16) ** 2 - 1) if x > 0 else ((1 + max(x, -2)) ** 2 - 1) / 2


def sqreu(x):
    return x if x > 0 else ((1 + max(x, -2)) ** 2 - 1) / 2


def lalu(x):
    return x * (1 - m.exp(-x) / 2) if x > 0 else x * m.exp(x) / 2


def elish(x):
    return (x if x > 0 else m.expm1(x)) * logistic(x)


def hard_elish(x):
    return (x if x > 0 else m.expm1(x)) * ramp((x + 1) / 2, 0, 1)


def xielu(x, alpha_p=0.8, alpha_n=0.8, beta=0.5):
    return beta * x + (alpha_p * x**2 if x > 0 else alpha_n * (m.expm1(x) - x))


F, TA, ECHO = "torch.nn.functional", "torch_activation", "echoAI.Activation.Torch.functional"
S, W, Q = f"{TA}.classical.sigmoid", f"{TA}.classical.sigmoid_weighted", f"{TA}.classical.squared"
HF, TIMM = "transformers.activations", "timm.layers.activations"
SURVEY = "Kunc & Kléma, arXiv:2402.09092"

ROWS = [
    # sigmoids
    Row("identity", "every library", lambda x: x, ("torch.nn.Identity()(x)", "jax.nn.identity(x)",
        "keras.activations.linear(x)", f"{HF}.ACT2FN['linear'](x)")),
    Row("sigmoid", "textbooks", logistic, (f"{F}.sigmoid(x)", "jax.nn.sigmoid(x)",
        "keras.activations.sigmoid(x)", "scipy.special.expit(x)", f"{HF}.ACT2FN['sigmoid'](x)")),
    Row("tanh", "textbooks", lambda x: m.expm1(2 * x) / (m.exp(2 * x) + 1), (f"{F}.tanh(x)",
        "jax.nn.tanh(x)", "keras.activations.tanh(x)", "numpy.tanh(x)",
        f"{HF}.ACT2FN['tanh'](x)")),
    Row("lecun_tanh", "LeCun 1998, Efficient BackProp",
        lambda x, a=1.7159, b=2 / 3: a * (1 - 2 / (m.exp(2 * b * x) + 1)),
        ("1.7159 * numpy.tanh(2 / 3 * x)",), (({"a": 1.5, "b": 0.5}, ()),)),
    Row("hardtanh", "Collobert 2004", lambda x, min_val=-1, max_val=1: ramp(x, min_val, max_val),
        (f"{F}.hardtanh(x)", "jax.nn.hard_tanh(x)", "keras.activations.hard_tanh(x)"),
        (({"min_val": -2.0, "max_val": 3.0}, (f"{F}.hardtanh(x, -2, 3)",)),)),
    Row("hardsigmoid", "Howard 2019, arXiv:1905.02244", lambda x: ramp(x, -3, 3) / 6 + 0.5,
        (f"{F}.hardsigmoid(x)", "jax.nn.hard_sigmoid(x)", "keras.activations.hard_sigmoid(x)",
        f"{TIMM}.hard_sigmoid(x)")),
    Row("sparse_sigmoid", "Blondel 2019, arXiv:1901.02324", lambda x: ramp(x, -1, 1) / 2 + 0.5,
        ("jax.nn.sparse_sigmoid(x)", "keras.activations.sparse_sigmoid(x)")),
    Row("logsigmoid", "textbooks", lambda x: m.log(logistic(x)), (f"{F}.logsigmoid(x)",
        "jax.nn.log_sigmoid(x)", "keras.activations.log_sigmoid(x)", "scipy.special.log_expit(x)")),
    Row("softsign", "Bergstra 2009", lambda x: sign(x) * (1 - 1 / (1 + abs(x))),
        (f"{F}.softsign(x)", "jax.nn.soft_sign(x)", "keras.activations.softsign(x)")),
    Row("elliott", "Elliott 1993", lambda x: (1 + sign(x) * (1 - 1 / (1 + abs(x)))) / 2,
        (f"{S}.Elliott()(x)", f"({F}.softsign(x) + 1) / 2")),
    Row("arctan", "textbooks", lambda x: m.arg(m.mpc(1, x)), ("torch.atan(x)", "numpy.arctan(x)")),
    Row("asinh", "textbooks", lambda x: m.log(x + m.sqrt(x**2 + 1)), ("torch.asinh(x)",
        "numpy.arcsinh(x)")),
    Row("erf", "classical",
        lambda x: sign(x) * m.gammainc(m.mpf("0.5"), 0, x**2, regularized=True),
        ("torch.erf(x)", "jax.scipy.special.erf(x)", "scipy.special.erf(x)")),
    Row("normal_cdf", "textbooks", m.ncdf, ("torch.special.ndtr(x)", "scipy.special.ndtr(x)",
        "jax.scipy.stats.norm.cdf(x)")),
    Row("cloglog", "the link of generalised linear models; Gomes & Ludermir 2008",
        lambda x: -m.expm1(-m.exp(x)), ("scipy.stats.gumbel_l.cdf(x)",)),
    Row("gompertz", "Gompertz 1825; Gomes & Ludermir 2008",
        lambda x, a=1.0, b=1.0, c=1.0: a * m.exp(-b * m.exp(-c * x)),
        ("scipy.stats.gumbel_r.cdf(x)", f"{S}.LogLog()(x)"),
        (({"a": 2.0, "b": 0.5, "c": 1.5}, ()),)),
    Row("isru", "Carlile 2017, arXiv:1710.09967",
        lambda x, alpha=1.0: m.sin(m.atan(m.sqrt(alpha) * x)) / m.sqrt(alpha),
        (f"{ECHO}.isru(x)", f"{Q}.ISRU()(x)"), (({"alpha": 2.0}, (f"{ECHO}.isru(x, 2)",)),)),
    Row("sqnl", "Wuraola 2018", lambda x: sign(x) * (1 - (1 - min(abs(x) / 2, 1)) ** 2),
        (f"{Q}.SQNL()(x)",)),
    Row("smoothstep", "Hazimeh 2020, arXiv:2002.07772", smoothstep, (f"{S}.SmoothStep()(x)",),
        (({"gamma": 4.0}, (f"{S}.SmoothStep(4.0)(x)",)),),
        (-5.5, -0.4, -0.25, 0.125, 0.3, 0.45, 4.5)),
    Row("penalized_tanh", "Xu 2016, arXiv:1602.05980", lambda x, a=0.25: kink(m.tanh(x), a),
        (f"{S}.PTanh(4.0)(x)",), (({"a": 0.5}, (f"{S}.PTanh(2.0)(x)",)),)),
    Row("hexpo", "Kong & Takatsuka 2017", hexpo, (), (({"a": 2.0, "b": 0.5, "c": 1.5, "d": 3.0},
        ()),)),
    Row("softclip", "Klimek & Perelstein 2018, arXiv:1810.11509", lambda x, alpha=1.0:
        m.log((1 + m.exp(alpha * x)) / (1 + m.exp(alpha * (x - 1)))) / alpha,
        (f"{ECHO}.soft_clipping(x, 1)", f"{S}.SC(1.0)(x)"),
        (({"alpha": 3.0}, (f"{ECHO}.soft_clipping(x, 3)", f"{S}.SC(3.0)(x)")),)),
    Row("bipolar_sigmoid", "textbooks", lambda x: (1 - m.exp(-x)) / (1 + m.exp(-x)),
        ("numpy.tanh(x / 2)",)),
    Row("dsilu", "Elfwing 2017, arXiv:1702.03118", lambda x: m.diff(silu, x), (f"{W}.dSiLU()(x)",)),
    # signed powers and logarithms
    Row("symlog", "Hafner 2023, arXiv:2301.04104",
        lambda x: m.log(1 + x) if x > 0 else -m.log(1 - x),
        ("numpy.sign(x) * numpy.log1p(numpy.abs(x))",)),
    Row("symexp", "Hafner 2023, arXiv:2301.04104",
        lambda x: m.exp(x) - 1 if x > 0 else 1 - m.exp(-x), (f"{TA}.classical.exp.Symexp()(x)",)),
    Row("signed_sqrt", "Yang 2018", lambda x: x / m.sqrt(abs(x)),
        (f"{TA}.classical.sqrt.SQRT()(x)",)),
    # rectifiers
    Row("relu", "Nair & Hinton 2010", lambda x: kink(x, 0), (f"{F}.relu(x)", "jax.nn.relu(x)",
        "keras.activations.relu(x)", f"{HF}.ACT2FN['relu'](x)")),
    Row("leaky_relu", "Maas 2013", lambda x, negative_slope=0.01: kink(x, negative_slope),
        (f"{F}.leaky_relu(x)", "jax.nn.leaky_relu(x)", f"{HF}.ACT2FN['leaky_relu'](x)"), (
            ({"negative_slope": 0.1}, (f"{F}.leaky_relu(x, 0.1)", "jax.nn.leaky_relu(x, 0.1)")),
            ({"negative_slope": 0.2}, ("keras.activations.leaky_relu(x)",)))),
    Row("prelu", "He 2015, arXiv:1502.01852", lambda x, weight=0.25: kink(x, weight),
        ("torch.nn.PReLU(dtype=torch.float64)(x)", f"{HF}.ACT2FN['prelu'].double()(x)"),
        (({"weight": 0.1}, (f"{F}.prelu(x, torch.tensor([0.1], dtype=torch.float64))",)),)),
    Row("rrelu", "Xu 2015, arXiv:1505.00853",
        lambda x, lower=1 / 8, upper=1 / 3: kink(x, (lower + upper) / 2), (f"{F}.rrelu(x)",),
        (({"lower": 0.25, "upper": 0.5}, (f"{F}.rrelu(x, 0.25, 0.5)",)),)),
    Row("relu6", "Krizhevsky 2010", lambda x: ramp(x, 0, 6), (f"{F}.relu6(x)", "jax.nn.relu6(x)",
        "keras.activations.relu6(x)", f"{HF}.ACT2FN['relu6'](x)"), (), (*POINTS, 7.25)),
    Row("relu_squared", "So 2021, arXiv:2109.08668", lambda x: kink(x, 0) ** 2,
        (f"{HF}.ACT2FN['relu2'](x)",)),
    Row("star_relu", "Yu 2022, arXiv:2210.13452", lambda x, scale=0.8944, bias=-0.4472:
        scale * x * kink(x, 0) + bias,
        ("timm.models.metaformer.StarReLU(0.8944, -0.4472, dtype=torch.float64)(x)",),
        (({"scale": 1.0, "bias": 0.0},
        ("timm.models.metaformer.StarReLU(dtype=torch.float64)(x)",)),)),
    Row("abs", "textbooks", lambda x: m.sqrt(x**2), ("torch.abs(x)", "numpy.abs(x)")),
    Row("threshold", "Konda 2014, arXiv:1402.3337", lambda x, threshold=1.0, value=0.0:
        x if x > threshold else m.mpf(value),
        (f"{F}.threshold(x, 1, 0)", "keras.activations.threshold(x, 1, 0)"),
        (({"threshold": 0.5, "value": -1.0}, (f"{F}.threshold(x, 0.5, -1)",
        "keras.activations.threshold(x, 0.5, -1)")),)),
    Row("softshrink", "Donoho 1995", lambda x, lambd=0.5: x - ramp(x, -lambd, lambd),
        (f"{F}.softshrink(x)", "keras.activations.soft_shrink(x)"),
        (({"lambd": 1.0}, (f"{F}.softshrink(x, 1)", "keras.activations.soft_shrink(x, 1)")),)),
    Row("hardshrink", "Donoho 1994", lambda x, lambd=0.5: x if abs(x) > lambd else m.mpf(0),
        (f"{F}.hardshrink(x)", "keras.activations.hard_shrink(x)"),
        (({"lambd": 1.0}, (f"{F}.hardshrink(x, 1)", "keras.activations.hard_shrink(x, 1)")),)),
    Row("tanhshrink", "torch.nn, Tanhshrink", lambda x: x - m.tanh(x), (f"{F}.tanhshrink(x)",
        "keras.activations.tanh_shrink(x)")),
    Row("nl_relu", "Liu 2019, arXiv:1908.03682",
        lambda x, beta=1.0: m.log(1 + beta * kink(x, 0)), (f"{TA}.classical.relu.NLReLU()(x)",),
        (({"beta": 2.0}, (f"{TA}.classical.relu.NLReLU(2.0)(x)",)),)),
    Row("flatten_t_swish", "Chieng 2018, arXiv:1812.06247",
        lambda x, t=-0.2: kink(x, 0) * logistic(x) + t,
        (f"{TA}.classical.relu.FlattedTSwish()(x)",),
        (({"t": -0.5}, (f"{ECHO}.fts(x) - 0.5",)),)),
    Row("minsin", SURVEY, lambda x: min(x, m.sin(x)), (f"{TA}.classical.relu.Minsin()(x)",)),
    Row("sqlu", "Wuraola 2021", lambda x: x if x > 0 else (1 + max(x, -2) / 2) ** 2 - 1,
        (f"{Q}.SQLU()(x)",)),
    Row("squish", "Wuraola 2021", squish, (f"{Q}.Squish()(x)",)),
    Row("sqreu", "Wuraola 2021", sqreu, (f"{Q}.SqREU()(x)",)),
    # exponential rectifiers
    Row("elu", "Clevert 2015, arXiv:1511.07289", exponential_unit, (f"{F}.elu(x)", "jax.nn.elu(x)",
        "keras.activations.elu(x)"), (({"alpha": 1.5}, (f"{F}.elu(x, 1.5)", "jax.nn.elu(x, 1.5)",
        "keras.activations.elu(x, 1.5)")),)),
    Row("celu", "Barron 2017, arXiv:1704.07483",
        lambda x, alpha=1.0: max(x, 0) + min(0, alpha * (m.exp(x / alpha) - 1)),
        (f"{F}.celu(x)", "jax.nn.celu(x)", "keras.activations.celu(x)"),
        (({"alpha": 2.0}, (f"{F}.celu(x, 2)", "jax.nn.celu(x, 2.0)",
        "keras.activations.celu(x, 2.0)")),)),
    Row("selu", "Klambauer 2017, arXiv:1706.02515", selu, (f"{F}.selu(x)", "jax.nn.selu(x)",
        "keras.activations.selu(x)"), (({"scale": 1.0, "alpha": 1.5}, (f"{F}.elu(x, 1.5)",)),)),
    Row("serlu", "Zhang & Li 2018, arXiv:1807.10117", lambda x, scale=1.07862, alpha=2.90427:
        scale * x * (1 if x > 0 else alpha * m.exp(x)), (), (({"scale": 1.5, "alpha": 2.0}, (
        f"{TA}.classical.maxsig.ScaledExponentiallyRegularizedLinearUnit(1.5, 2.0)(x)",)),)),
    Row("reu", "Ying 2019", lambda x: x * m.exp(min(x, 0)), (f"{TA}.classical.relu.REU()(x)",
        f"{W}.Suish()(x)")),
    Row("polu", "Li 2018, PoLU", lambda x, n=1.0: x if x > 0 else (1 - x) ** -n - 1, (),
        (({"n": 2.0}, ()),)),
    Row("isrlu", "Carlile 2017, arXiv:1710.09967", lambda x, alpha=1.0:
        x if x > 0 else m.sin(m.atan(m.sqrt(alpha) * x)) / m.sqrt(alpha),
        (f"{ECHO}.isrlu(x)", f"{Q}.ISRLU()(x)"), (({"alpha": 2.0}, (f"{ECHO}.isrlu(x, 2)",)),)),
    Row("pelu", "Trottier 2016, arXiv:1605.09332", lambda x, a=1.0, b=1.0:
        a / b * x if x > 0 else a * (m.exp(x / b) - 1), (f"{TA}.adaptive.relu.PELU()(x)",),
        (({"a": 2.0, "b": 0.5}, (f"{TA}.adaptive.relu.PELU(2.0, 0.5)(x)",)),)),
    # smooth rectifiers
    Row("softplus", "Dugas 2000", lambda x, beta=1.0: m.log(1 + m.exp(beta * x)) / beta,
        (f"{F}.softplus(x)", "jax.nn.softplus(x)", "keras.activations.softplus(x)"),
        (({"beta": 2.0}, (f"{F}.softplus(x, 2)",)),)),
    Row("shifted_softplus", "Schütt 2017, arXiv:1706.08566", lambda x: m.log((1 + m.exp(x)) / 2),
        (f"{F}.softplus(x) - numpy.log(2)",)),
    Row("squareplus", "Barron 2021, arXiv:2112.11687",
        lambda x, b=4.0: b / 2 / (m.sqrt(x**2 + b) - x),
        ("jax.nn.squareplus(x)", "keras.activations.squareplus(x)"),
        (({"b": 1.0}, ("jax.nn.squareplus(x, 1.0)", "keras.activations.squareplus(x, 1)")),)),
    Row("sparse_plus", "Blondel 2019, arXiv:1901.02324",
        lambda x: ramp(x + 1, 0, 2) ** 2 / 4 + kink(x - 1, 0),
        ("jax.nn.sparse_plus(x)", "keras.activations.sparse_plus(x)")),
    # the paper gives no default
    Row("smelu", "Shamir 2022, arXiv:2202.06499", smelu, None, (
        ({"beta": 1.0}, ("jax.nn.sparse_plus(x)",)),
        ({"beta": 2.0}, ("2 * jax.nn.sparse_plus(x / 2)",)))),
    Row("logcosh", "textbooks", lambda x: m.log(m.cosh(x)),
        ("numpy.logaddexp(x, -x) - numpy.log(2)",)),
    Row("bent_identity", "Godfrey; Wikipedia", lambda x: x + x**2 / 2 / (1 + m.sqrt(1 + x**2)),
        (f"{ECHO}.bent_id(x)", f"{TA}.classical.other.BentIdentity()(x)")),
    Row("soft_exponential", "Godfrey 2016, arXiv:1602.01321",
        lambda x, alpha=0.5: (m.exp(alpha * x) - 1) / alpha + alpha,
        (f"{TA}.adaptive.relu.SoftExponential(0.5)(x)",),
        (({"alpha": 0.25}, (f"{TA}.adaptive.relu.SoftExponential(0.25)(x)",)),)),
    Row("xielu", "Huang 2024, arXiv:2411.13010", xielu,
        (f"{HF}.XIELUActivation(dtype=torch.float64)._xielu_python(x)",)),
    Row("multiquadric", "Hardy 1971", lambda x: m.sec(m.atan(x)), ("numpy.hypot(1, x)",)),
    Row("exponential", "textbooks", lambda x: m.exp(x / 2) ** 2,
        ("keras.activations.exponential(x)", "torch.exp(x)")),
    # gated by themselves
    Row("silu", "Elfwing 2017, arXiv:1702.03118; Ramachandran 2017, arXiv:1710.05941", silu,
        (f"{F}.silu(x)", "jax.nn.silu(x)", "jax.nn.swish(x)", "keras.activations.silu(x)",
        "keras.activations.swish(x)", f"{TIMM}.swish(x)", f"{HF}.ACT2FN['silu'](x)"),
        (({"beta": 1.702}, (f"{TIMM}.quick_gelu(x)", f"{HF}.ACT2FN['quick_gelu'](x)",
        f"{ECHO}.swish(x, 1.702)")),)),
    Row("e_swish", "Alcaide 2018, arXiv:1801.07145", lambda x, beta=1.5: beta * silu(x),
        (f"{ECHO}.eswish(x, 1.5)",), (({"beta": 1.75}, (f"{ECHO}.eswish(x)",)),)),
    Row("gelu", "Hendrycks 2016, arXiv:1606.08415", gelu, (f"{F}.gelu(x)",
        "jax.nn.gelu(x, approximate=False)", "keras.activations.gelu(x)",
        f"{HF}.ACT2FN['gelu_python'](x)", f"{TIMM}.gelu(x)")),
    Row("gelu_tanh", "Hendrycks 2016, arXiv:1606.08415", gelu_tanh,
        (f"{F}.gelu(x, approximate='tanh')", "jax.nn.gelu(x)",
        "keras.activations.gelu(x, approximate=True)", f"{HF}.ACT2FN['gelu_new'](x)",
        f"{HF}.ACT2FN['gelu_pytorch_tanh'](x)", f"{TIMM}.gelu_tanh(x)")),
    Row("quick_gelu", "Hendrycks 2016, arXiv:1606.08415", lambda x: silu(x, m.mpf("1.702")),
        (f"{TIMM}.quick_gelu(x)", f"{HF}.ACT2FN['quick_gelu'](x)")),
    Row("hardswish", "Howard 2019, arXiv:1905.02244", lambda x: x * (ramp(x, -3, 3) / 6 + 0.5),
        (f"{F}.hardswish(x)", "jax.nn.hard_swish(x)", "jax.nn.hard_silu(x)",
        "keras.activations.hard_swish(x)", "keras.activations.hard_silu(x)",
        f"{TIMM}.hard_swish(x)", f"{HF}.ACT2FN['hardswish'](x)")),
    Row("mish", "Misra 2019, arXiv:1908.08681",
        lambda x: x * ((1 + m.exp(x)) ** 2 - 1) / ((1 + m.exp(x)) ** 2 + 1),
        (f"{F}.mish(x)", "jax.nn.mish(x)", "keras.activations.mish(x)", f"{TIMM}.mish(x)",
        f"{HF}.ACT2FN['mish'](x)")),
    Row("hard_mish", "Misra, H-Mish", lambda x: x / 2 * ramp(x + 2, 0, 2),
        (f"{TIMM}.hard_mish(x)",)),
    Row("lisht", "Roy 2019, arXiv:1901.05894",
        lambda x: x * (1 - 2 / (m.exp(2 * x) + 1)), (f"{W}.LiSHT()(x)",)),
    Row("tanh_exp", "Liu & Di 2020, arXiv:2003.09855",
        lambda x: x * (1 - 2 / (m.exp(2 * m.exp(x)) + 1)), (f"{W}.TanhExp()(x)",)),
    Row("serf", "Nag & Bhattacharyya 2021, arXiv:2108.09598",
        lambda x: x * (1 - m.erfc(m.log(1 + m.exp(x)))), (f"{W}.Serf()(x)",)),
    Row("erf_act", "Biswas 2021, arXiv:2109.04386",
        lambda x, alpha=0.75, beta=0.75: x * (1 - m.erfc(alpha * m.exp(beta * x))),
        (f"{TA}.adaptive.sigmoid_weighted.ErfAct(0.75, 0.75)(x)",), (({"alpha": 0.5, "beta": 1.0},
        (f"{TA}.adaptive.sigmoid_weighted.ErfAct(0.5, 1.0)(x)",)),)),
    Row("logish", "Zhu 2021", lambda x: x * m.log((1 + 2 * m.exp(x)) / (1 + m.exp(x))),
        (f"{W}.Logish()(x)",)),
    Row("smish", "Wang 2022, Electronics 11(4) 540", smish, (f"{W}.Smish()(x)",),
        (({"alpha": 2.0, "beta": 0.5}, (f"{W}.Smish(2.0, 0.5)(x)",)),)),
    Row("phish", "Naveen 2021", lambda x: x * (1 - 2 / (m.exp(2 * gelu(x)) + 1)),
        (f"x * torch.tanh({F}.gelu(x))",)),
    Row("gish", "Kaytan 2022", lambda x: x * m.log(2 - m.exp(-m.exp(x))), (f"{W}.Gish()(x)",)),
    Row("loglogish", SURVEY, lambda x: -x * m.expm1(-m.exp(x)),
        ("x * scipy.stats.gumbel_l.cdf(x)", f"{W}.LogLogish()(x)")),
    Row("expexpish", SURVEY, lambda x: x * m.exp(-m.exp(-x)),
        ("x * scipy.stats.gumbel_r.cdf(x)", f"{W}.ExpExpish()(x)")),
    Row("colu", "Vagerwal 2021, arXiv:2112.12078",
        lambda x: 1 / (1 / x - m.exp(-x) * m.exp(-m.exp(x))), (f"{W}.CoLU()(x)",)),
    Row("sinlu", "Paul 2022, doi:10.3390/math10030337",
        lambda x, a=1.0, b=1.0: (x + a * m.sin(b * x)) * logistic(x),
        (f"{W}.SinLU()(x)",), (({"a": 2.0, "b": 0.5}, (f"{W}.SinLU(2.0, 0.5)(x)",)),)),
    Row("sinsig", "Douge 2022", lambda x: x * m.cos(m.pi / 2 * logistic(-x)),
        (f"{W}.SinSig()(x)",)),
    Row("calu", SURVEY, lambda x: x * m.atan2(1, -x) / m.pi,
        ("x * scipy.stats.cauchy.cdf(x)", f"{W}.CaLU()(x)")),
    Row("lalu", SURVEY, lalu, ("x * scipy.stats.laplace.cdf(x)", f"{W}.LaLU()(x)")),
    Row("pflu", "Zhu 2021, PFLU", lambda x: x / 2 * (1 + m.sin(m.atan(x))),
        ("x * scipy.stats.t.cdf(2 ** 0.5 * x, 2)",
        f"{TA}.classical.maxsig.PowerFunctionLinearUnit()(x)")),
    Row("aria2", "Patwardhan 2018, arXiv:1805.08878",
        lambda x, alpha=1.5, beta=2.0: x * m.exp(-alpha * m.log(1 + m.exp(-beta * x))),
        (f"x * {ECHO}.aria2(x, beta=2.0, alpha=1.5)",), (({"alpha": 1.0, "beta": 3.0},
        (f"x * {ECHO}.aria2(x, beta=3.0, alpha=1.0)", f"{ECHO}.swish(x, 3)")),)),
    Row("srs", "Zhou 2020, arXiv:2003.00547", lambda x, alpha=2.0, beta=3.0:
        alpha * x * m.exp(x / beta) / (x * m.exp(x / beta) + alpha), (f"{S}.SRS()(x)",),
        (({"alpha": 5.0, "beta": 2.0}, (f"{S}.SRS(5.0, 2.0)(x)",)),)),
    Row("elish", "Basirat & Roth 2018, arXiv:1808.00783", elish, (f"{ECHO}.elish(x)",
        f"{TA}.classical.maxsig.ExponentialLinearSigmoidSquashing()(x)")),
    Row("hard_elish", "Basirat & Roth 2018, arXiv:1808.00783", hard_elish, (), (),
        (-5.5, -1.125, -0.75, -0.4, 0.3, 1.75, 4.5)),
    Row("dyt", "Zhu 2025, arXiv:2503.10622", lambda x, alpha=0.5, gamma=1.0, beta=0.0:
        gamma * (1 - 2 / (m.exp(2 * alpha * x) + 1)) + beta, ("numpy.tanh(0.5 * x)",),
        (({"alpha": 2.0, "gamma": 0.5, "beta": 0.25}, ("0.5 * numpy.tanh(2 * x) + 0.25",)),)),
    Row("eanaf", SURVEY, lambda x: x * m.exp(x) / (m.exp(x) + 2), (f"{W}.EANAF()(x)",)),
    Row("swish_t", "Seo 2024, arXiv:2407.01012",
        lambda x, alpha=0.1, beta=1.0: x / (1 + m.exp(-beta * x)) + alpha * m.tanh(x),
        (f"{F}.silu(x) + 0.1 * torch.tanh(x)",), (({"alpha": 0.5, "beta": 1.702},
        (f"{TIMM}.quick_gelu(x) + 0.5 * torch.tanh(x)",)),)),
    Row("tanh_soft_1", "Biswas 2020, arXiv:2009.03863",
        lambda x, alpha=None: m.tanh(alpha * x) * m.log(1 + m.exp(x)), None, (
        ({"alpha": 0.87}, (f"torch.tanh(0.87 * x) * {F}.softplus(x)",)),
        ({"alpha": 0.5}, (f"torch.tanh(0.5 * x) * {F}.softplus(x)",)))),
    Row("tanh_soft_2", "Biswas 2020, arXiv:2009.03863", lambda x, beta=None, gamma=None:
        x * (1 - 2 / (m.exp(2 * beta * m.exp(gamma * x)) + 1)), None, (
        ({"beta": 0.6, "gamma": 1.0}, ("x * torch.tanh(0.6 * torch.exp(x))",)),
        ({"beta": 1.0, "gamma": 1.0}, (f"{W}.TanhExp()(x)",)))),
    Row("soft_modulus_t", "Vallés-Pérez 2023; " + SURVEY,
        lambda x, alpha=0.01: x * (1 - 2 / (m.exp(2 * x / alpha) + 1)),
        (f"{TA}.classical.relu.SoftModulusT()(x)",), (({"alpha": 1.0}, (f"{W}.LiSHT()(x)",)),),
        (-5.5, -0.4, -0.0125, 0.0078125, 0.3, 1.75, 4.5)),
    # periodic
    Row("sin", "Sitzmann 2020, arXiv:2006.09661", lambda x, omega=1.0: m.cos(omega * x - m.pi / 2),
        ("torch.sin(x)", "numpy.sin(x)"), (({"omega": 30.0}, ("numpy.sin(30 * x)",)),)),
    Row("cos", "textbooks", lambda x: m.sin(x + m.pi / 2), ("torch.cos(x)", "numpy.cos(x)")),
    Row("sinc", "Parascandolo 2017", m.sinc, ("scipy.special.spherical_jn(0, numpy.abs(x))",
        "numpy.sinc(x / numpy.pi)")),
    Row("snake", "Ziyin 2020, arXiv:2006.08195",
        lambda x, a=1.0: x + (1 - m.cos(2 * a * x)) / (2 * a), ("x + numpy.sin(x) ** 2",),
        (({"a": 2.0}, ("x + numpy.sin(2 * x) ** 2 / 2",)),)),
    Row("gcu", "Noel 2021, arXiv:2108.12943", lambda x: x * m.sin(x + m.pi / 2),
        (f"{TA}.classical.trig.GCU()(x)",)),
    Row("asu", "Rahman 2023", lambda x: x * m.cos(x - m.pi / 2),
        (f"{TA}.classical.trig.ASU()(x)",)),
    Row("dsu", "Noel 2021, arXiv:2111.04020", lambda x: m.pi**2 * m.sin(x) / (m.pi**2 - x**2), (
        "numpy.pi / 2 * (numpy.sinc(x / numpy.pi - 1) - numpy.sinc(x / numpy.pi + 1))",)),
    Row("ssu", "Noel 2021, arXiv:2111.04020", lambda x: m.pi * m.sin(x) / (m.pi - x),
        ("numpy.pi * numpy.sinc(x / numpy.pi - 1)",)),
    Row("cosid", SURVEY, lambda x: m.sin(x + m.pi / 2) - x, (f"{TA}.classical.trig.Cosid()(x)",)),
    # bells and polynomials
    Row("gaussian", "textbooks", lambda x: 1 / m.exp(x**2), ("numpy.exp(-x * x)",)),
    Row("sech", "textbooks", m.sech, ("numpy.pi * scipy.stats.hypsecant.pdf(x)",)),
    Row("seagull", "Gao 2020", lambda x: 2 * m.log(abs(m.mpc(1, x))), ("numpy.log1p(x * x)",)),
    Row("ricker", "textbooks", lambda x: -m.diff(lambda t: m.exp(-(t**2) / 2), x, 2),
        ("(1 - x * x) * numpy.exp(-x * x / 2)",)),
    Row("inverse_multiquadric", "textbooks", lambda x: m.cos(m.atan(x)),
        ("1 / numpy.hypot(1, x)",)),
    Row("cauchy", "textbooks", lambda x: m.cos(m.atan(x)) ** 2,
        ("numpy.pi * scipy.stats.cauchy.pdf(x)",)),
    Row("square", "textbooks", lambda x: abs(x) * abs(x), ("torch.square(x)",)),
    Row("cube", "Chen & Manning 2014", lambda x: x * x * x, ("torch.pow(x, 3)",
        f"{TA}.classical.polynomial.Triple()(x)")),
    Row("hermite_2", "the normalised Hermite polynomial",
        lambda x: m.hermite(2, x / m.sqrt(2)) / m.sqrt(8),
        ("scipy.special.eval_hermitenorm(2, x) / 2 ** 0.5",)),
    Row("squ", "Noel 2021, arXiv:2111.04020", lambda x: x * (x + 1),
        (f"{TA}.classical.polynomial.SQU()(x)",)),
    Row("ncu", "Noel 2021, arXiv:2111.04020", lambda x: x * (1 - x) * (1 + x),
        (f"{TA}.classical.polynomial.NCU()(x)",)),
]  # fmt: skip


def at(definition: Callable, params: dict[str, float]) -> Callable:
    """The definition at these parameters and its defaults, each the exact number its float is."""
    defaults = {
        key: parameter.default
        for key, parameter in inspect.signature(definition).parameters.items()
        if isinstance(parameter.default, int | float)
    }
    return functools.partial(definition, **{k: m.mpf(v) for k, v in (defaults | params).items()})
