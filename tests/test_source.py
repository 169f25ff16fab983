"""The digest of the source: whatever a module imports of the package changes it, nothing else."""

from __future__ import annotations

import pytest

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
    for name in ("formula", "tree", "series", "oracle", "typeset"):
        path = source._PACKAGE / "certify" / f"{name}.py"
        assert path.read_bytes() in seen, name
