"""From what a person writes to the activation meant, and what is said when there is none."""

from __future__ import annotations

import contextlib
import textwrap

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch.func import grad, vmap

import actfunc
from actfunc import CATALOGUE, Activation, get
from actfunc.catalogue import FAMILIES, PAIRS, VECTORS, find
from actfunc.catalogue.door import module_of, raised_in_own
from actfunc.catalogue.lookup import Catalogue
from actfunc.errors import ActfuncError, UnknownNameError, UsageError
from actfunc.tutorial import SIX


def test_names_and_aliases_in_any_capitals_with_or_without_underscores():
    for record in CATALOGUE.values():
        for spelling in (record.name, *record.aliases):
            for text in (
                spelling,
                spelling.upper(),
                spelling.title(),
                spelling.replace("_", ""),
                spelling.replace("_", "-"),
                spelling.replace("_", " "),
                f"{spelling}:",
            ):
                assert get(text) is record, text


def test_the_tutorials_names_are_known():
    for theirs, ours in SIX.items():
        assert get(theirs).name == get(ours).name


def test_a_spec_gives_the_record_back():
    for record in CATALOGUE.values():
        again = get(record.spec)
        assert (again.name, again.params, again.spec) == (record.name, record.params, record.spec)


def test_parameters_are_bound():
    assert get("leaky_relu:negative_slope=0.1").params == {"negative_slope": 0.1}
    assert get("Swish: beta = 2").params == {"beta": 2.0}
    assert get("elu:alpha=1e-3").spec == "elu:alpha=0.001"


@pytest.mark.parametrize("value", ["", "steep", "nan", "inf", "-inf", "1e999", "0,1", "1;2", "0x1"])
def test_a_parameter_that_is_no_finite_number_is_an_error(value):
    with pytest.raises(UsageError, match=r"of 'elu:alpha=.*' must be a finite number, got"):
        get(f"elu:alpha={value}")


@pytest.mark.parametrize("tail", ["slope=1", "=1", "alpha=1,beta=2"])
def test_an_unknown_parameter_lists_what_is_accepted(tail):
    with pytest.raises(UsageError, match=r"no parameter named '.*'; accepted: alpha=1\.0"):
        get(f"elu:{tail}")


@pytest.mark.parametrize(
    ("text", "meant"),
    [("gleu", "gelu"), ("rellu", "relu"), ("SWICH", "swish"), ("leaky", "leaky_relu"),
     ("sigmiod:x=1", "sigmoid"), ("tahn", "tanh")],
)  # fmt: skip
def test_an_unknown_name_suggests_the_nearest(text, meant):
    with pytest.raises(UnknownNameError, match=r"no activation named .* Did you mean") as error:
        get(text)
    assert meant in error.value.message
    assert f"all {len(CATALOGUE)}" in error.value.hint
    assert error.value.exit_code == 2


def test_a_name_near_nothing_suggests_nothing():
    with pytest.raises(UnknownNameError, match=r"^no activation named 'qqqqqq'\.$"):
        get("qqqqqq")


@settings(deadline=None, max_examples=300)
@given(
    st.one_of(
        st.text(),
        st.text(alphabet="relugswihtan_:=.,/\\ -0123py\0é"),
        st.builds("{}:{}={}".format, st.sampled_from(list(CATALOGUE)), st.text(), st.text()),
        st.builds("{}:alpha={}".format, st.sampled_from(["elu", "isru"]), st.floats(width=16)),
        st.builds("{}.py:{}".format, st.text(), st.text()),
    )
)
@example(":")
@example(":x")
@example(".:x")
@example("..a:x")
@example("/:x")
@example(".py:x")
@example("\0.py:x")
@example("os.path:nothing")
@example("actfunc:CATALOGUE")
@example("a" * 5000)
def test_any_text_is_an_activation_or_our_own_error(text):
    with contextlib.suppress(ActfuncError):
        assert isinstance(get(text), Activation)


def test_another_kind_is_told_by_its_name():
    for kind, word in ((PAIRS, "a gated pair"), (VECTORS, "a vector function")):
        for name in kind:
            if name not in CATALOGUE:
                with pytest.raises(UnknownNameError, match=f"^{name} is {word}"):
                    get(name)
                assert find(name) is kind[name]
    with pytest.raises(UnknownNameError, match="Did you mean softmax"):
        find("sofmax")


# One's own


@pytest.fixture
def own(tmp_path):
    """Write a file of one's own and give its path as text."""

    def write(content: str, name: str = "mine.py") -> str:
        (tmp_path / name).write_text(textwrap.dedent(content))
        return str(tmp_path / name)

    return write


def test_a_plain_function_from_a_file(own):
    path = own("import torch\n\ndef cube(x):\n    return x * x * x\n")
    cube = get(f"{path}:cube")
    x = torch.linspace(-2, 2, 9, dtype=torch.float64)
    assert cube.name == "cube"
    assert torch.equal(cube(x), x**3)
    torch.testing.assert_close(torch.func.vmap(torch.func.grad(cube))(x), 3 * x**2)
    torch.testing.assert_close(cube.d2f(x), 6 * x)


def test_a_record_from_a_file(own):
    path = own(
        """
        import torch
        from actfunc import Activation

        square = Activation("square", "x * x", f=lambda x: x * x, df=lambda x: 2 * x,
                            d2f=lambda x: 2 * torch.ones_like(x))
        """
    )
    assert get(f"{path}:square").formula == "x * x"


def test_a_file_may_use_dataclasses_and_relative_paths(own, tmp_path, monkeypatch):
    own(
        """
        from __future__ import annotations
        from dataclasses import dataclass

        @dataclass
        class Scaled:
            by: float
            def __call__(self, x):
                return self.by * x

        twice = Scaled(2.0)
        """
    )
    monkeypatch.chdir(tmp_path)
    assert get("mine.py:twice")(torch.ones(1)).item() == 2


def test_ones_own_keeps_its_place_in_its_spec_and_takes_parameters(own):
    path = own(
        "from actfunc import get\nfrom torch import relu\nmine = get('leaky_relu')\nplain = relu\n"
    )
    mine = get(f"{path}:mine:negative_slope=0.5")
    assert mine(-torch.ones(1)).item() == -0.5
    assert mine.spec == f"{path}:mine:negative_slope=0.5"
    assert get(mine.spec).params == mine.params
    assert get(f"{path}:plain").spec == f"{path}:plain"
    with pytest.raises(UsageError, match="no parameter named 'slope'; accepted: negative_slope"):
        get(f"{path}:mine:slope=1")


def test_a_function_from_a_module():
    x = torch.linspace(-2, 2, 9)
    softsign = get("torch.nn.functional:softsign")
    assert torch.equal(softsign(x), torch.nn.functional.softsign(x))
    assert softsign.name == "softsign"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("raise ValueError('too steep')", "ValueError: too steep"),
        ("def broken(:", "SyntaxError"),
        ("import sys; sys.exit(0)", "SystemExit: 0"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
    ],
)
def test_an_error_inside_the_file_is_told_with_the_file(own, content, said):
    path = own(content)
    with pytest.raises(UsageError, match="cannot be imported") as error:
        get(f"{path}:f")
    assert path in error.value.message
    assert said in error.value.message


def test_a_missing_import_inside_the_file_is_told(own):
    path = own("import no_such_package_at_all")
    with pytest.raises(UsageError, match="no module named 'no_such_package_at_all'") as error:
        get(f"{path}:f")
    assert path in error.value.message


def test_a_missing_file_module_or_name(own, tmp_path):
    with pytest.raises(UsageError, match=r"no file .*nowhere\.py"):
        get(f"{tmp_path}/nowhere.py:f")
    with pytest.raises(UsageError, match="no module named 'no_such_module'"):
        get("no_such_module:f")
    path = own("def my_activation(x):\n    return x\n\nconstant = 3\n")
    with pytest.raises(UnknownNameError, match="Did you mean my_activation") as error:
        get(f"{path}:my_activaton")
    assert path in error.value.hint
    with pytest.raises(UnknownNameError, match="no function named 'constant'"):
        get(f"{path}:constant")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("def f(x, y):\n    return x", "cannot be called: TypeError: f() missing 1 required"),
        ("def f(x):\n    raise ValueError('too\\nsteep')", "cannot be called: ValueError: too"),
        ("import sys\n\ndef f(x):\n    sys.exit(0)", "cannot be called: SystemExit: 0"),
        ("def f(x):\n    return x.tolist()", "gives list, expected a tensor"),
        ("def f(x):\n    return x.sum()", "of shape () for torch.float32 of shape (35, 28)"),
        (
            "def f(x):\n    return x.double()",
            "gives torch.float64 of shape (35, 28) for torch.float32",
        ),
        (
            "from actfunc import Activation\nzero = lambda x: 0 * x\n"
            "f = Activation('f', 'x', f=lambda x, y: x, df=zero, d2f=zero)",
            "cannot be called: TypeError",
        ),
    ],
)
def test_what_cannot_be_called_as_an_activation_is_told_with_what_can(own, content, said):
    path = own(content)
    with pytest.raises(UsageError) as error:
        get(f"{path}:f")
    assert error.value.message.startswith(f"{path}:f ")
    assert said in error.value.message
    assert "\n" not in error.value.message
    assert "takes a floating-point tensor of any shape" in error.value.hint


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("f = torch.nn.SiLU(inplace=True)", "changes the tensor that it is given"),
        ("def f(x):\n    x[x < 0] = 0\n    return x * 2", "changes the tensor"),
        ("def f(x):\n    return F.relu(F.layer_norm(x, x.shape[-1:]))", "is not elementwise"),
        ("def f(x):\n    return x - x.mean()", "is not elementwise"),
        ("def f(x):\n    return x.cumsum(0)", "is not elementwise"),
        ("f = torch.nn.Softmax(dim=-1)", "is not elementwise"),
        ("def f(x):\n    return F.dropout(x)", "something else each time"),
        ("def f(x):\n    return F.rrelu(x, training=True)", "something else each time"),
        ("p = torch.nn.Parameter(torch.ones(()))\ndef f(x):\n    return p * x", "wants a gradient"),
        ("f = torch.nn.Linear", "cannot be made without arguments: TypeError"),
        ("def f(x):\n    raise ValueError('\\x1b[31mred')", r"ValueError: \x1b[31mred"),
    ],
)
def test_what_could_not_be_relied_on_is_refused_at_the_door(own, content, said):
    path = own(f"import torch\nfrom torch.nn import functional as F\n{content}\n")
    with pytest.raises(UsageError) as error:
        get(f"{path}:f")
    assert error.value.message.startswith(f"{path}:f ")
    assert said in error.value.message
    assert error.value.hint


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("f = torch.nn.SiLU", torch.nn.functional.silu),
        ("f = torch.nn.PReLU()", lambda x: torch.where(x > 0, x, 0.25 * x)),
        ("f = torch.nn.Sequential(torch.nn.Dropout(), torch.nn.Tanh())", torch.tanh),
    ],
)
def test_a_module_comes_in_as_it_is_in_evaluation_or_its_class(own, content, wanted):
    f = get(f"{own('import torch' + chr(10) + content)}:f")
    x = torch.linspace(-2, 2, 9)
    torch.testing.assert_close(f(x), wanted(x))
    torch.testing.assert_close(vmap(grad(f))(x[:4]), vmap(grad(wanted))(x[:4]))
    assert not f(x).requires_grad


def test_a_module_of_ones_own_is_left_as_it_was(own):
    path = own("import torch\nf = torch.nn.PReLU()\n")
    get(f"{path}:f")
    module = module_of(f"{path}:f").f
    assert module.training
    assert module.weight.requires_grad


def test_an_error_within_ones_own_is_told_from_any_other(own):
    path = own(
        "def f(x):\n    if x.max() > 1e6:\n        raise ValueError('too big')\n"
        "    return within(x)\ndef within(x):\n    if x.min() < -1e6:\n"
        "        raise ValueError('too small')\n    return x\n"
    )
    f = get(f"{path}:f")
    for x, line in (
        (torch.full((3,), 1e9), "line 3, in f: ValueError: too big"),
        (torch.full((3,), -1e9), "line 7, in within: ValueError: too small"),
        ("5", "line 2"),
    ):
        with pytest.raises((ValueError, AttributeError)) as error:
            f.f.function(x)
        told = raised_in_own(error.value)
        assert isinstance(told, UsageError)
        assert path in told.message
        assert line in told.message
        assert told.hint
    with pytest.raises(ZeroDivisionError) as other:
        1 / 0  # noqa: B018
    assert raised_in_own(other.value) is None


# The mapping


def test_the_catalogue_is_a_mapping_in_the_order_of_its_families():
    flat = [record for records in FAMILIES.values() for record in records]
    assert list(CATALOGUE.values()) == flat
    assert CATALOGUE.names() == tuple(CATALOGUE) == tuple(record.name for record in flat)
    assert len(CATALOGUE) == len(flat)
    assert {record.name: record for record in flat} == CATALOGUE
    for family, records in FAMILIES.items():
        assert {CATALOGUE.family(record.name) for record in records} == {family}


@pytest.mark.parametrize(
    ("mapping", "spelling", "name"),
    [
        (CATALOGUE, "Swish", "silu"),
        (PAIRS, "silu-glu", "swiglu"),
        (VECTORS, "entmax-1.5", "entmax15"),
    ],
)
def test_a_mapping_answers_to_every_spelling_and_lists_the_name(mapping, spelling, name):
    assert spelling in mapping
    assert mapping[spelling] is mapping.get(spelling) is mapping[name]
    assert (spelling in list(mapping), name in list(mapping)) == (False, True)


@pytest.mark.parametrize("key", ["nope", "gelu:", "elu:alpha=2", "softmax", "", 3, None, ["gelu"]])
def test_what_nothing_answers_to_is_a_key_that_is_missing(key, monkeypatch):
    with pytest.raises(KeyError):
        CATALOGUE[key]
    assert CATALOGUE.get(key) is None
    assert CATALOGUE.get(key, 7) == 7
    monkeypatch.delattr("difflib.get_close_matches")  # the nearest names take a while
    assert key not in CATALOGUE


def test_two_activations_of_one_spelling_are_refused():
    gelu = CATALOGUE["gelu"]
    other = Activation("ge_lu", "", gelu.f, gelu.df, gelu.d2f)
    with pytest.raises(ValueError, match="two activations answer to 'ge_lu'"):
        Catalogue({"a": (gelu,), "b": (other,)})


def test_the_package_offers_the_names_it_lists():
    for name in actfunc.__all__:
        assert getattr(actfunc, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = actfunc.nothing
