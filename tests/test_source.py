"""The digest of the source: whatever a module imports of the package changes it, nothing else."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from actfunc import source

FILES = {
    "__init__.py": "import actfunc.other",
    "judge.py": "from actfunc.inner import deep\nfrom actfunc.errors import Mistake\nimport math",
    "errors.py": "class Mistake(Exception): ...",
    "other.py": "",
    "inner/__init__.py": "from actfunc import other",
    "inner/deep.py": "def late():\n    import actfunc.last\n    from actfunc import judge",
    "last.py": "",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package in the place of ours."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(source, "_PACKAGE", tmp_path)
    source.digest.cache_clear()
    yield tmp_path
    source.digest.cache_clear()


@pytest.mark.parametrize("name", FILES)
def test_what_is_imported_at_any_depth_counts_and_nothing_else(package, name):
    before = source.digest("actfunc.judge")
    with (package / name).open("a") as file:
        file.write("\n# another line\n")
    source.digest.cache_clear()
    imported = name in ("judge.py", "errors.py", "inner/deep.py", "last.py")
    assert (source.digest("actfunc.judge") != before) == imported


def test_what_judges_a_formula_is_all_of_it(monkeypatch):
    """Every file that the truth is made by is read."""
    seen = []
    right = source._imported
    monkeypatch.setattr(source, "_imported", lambda text: seen.append(text) or right(text))
    source.digest.cache_clear()
    source.digest("actfunc.certify.oracle")
    source.digest.cache_clear()
    judges = [source._PACKAGE / "certify" / "oracle.py"]
    for path in [*judges, *(source._PACKAGE / "formulas").glob("*.py")]:
        if path.stem in ("formula", "tree", "series", "balls", "typeset", "oracle"):
            assert path.read_bytes() in seen, path


def enclosing(number):
    def inner(x):
        return number * x

    return inner


def test_what_functions_depend_on_is_followed_into_what_they_enclose():
    one, other = enclosing(1), enclosing(2)
    assert source.digest_of(one) == source.digest_of(enclosing(1))
    assert source.digest_of(one) != source.digest_of(other)
    assert source.digest_of(partial(one, 3)) != source.digest_of(partial(one, 4))
    assert source.digest_of(one, torch.exp) != source.digest_of(one, torch.exp2)


def test_what_was_written_at_a_prompt_has_no_file_and_counts_by_its_code():
    def typed(text):
        there = {"__name__": "typed_at_a_prompt"}
        exec(text, there)
        return there["f"]

    texts = "def f(x): return x + 1", "def f(x): return x + 2", "def f(x): return x - 1"
    assert len({source.digest_of(typed(text)) for text in texts}) == 3
    assert source.digest_of(typed(texts[0])) == source.digest_of(typed(texts[0]))
