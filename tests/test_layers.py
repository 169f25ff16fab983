"""The layout of the package: imports go downward only, names say something, the CLI is light."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import pytest

import actfunc

ROOT = Path(actfunc.__file__).parent
# from the top; what stands in one set stands side by side
ORDER: list[set[str]] = [
    {"__main__"},
    {"cli"},
    {"tutorial"},
    {"show"},
    {"compare"},
    {"certify"},
    {"analysis"},
    {"storage"},
    {"training"},
    {"data"},
    {"mlp"},
    {"catalogue"},
    {"activation", "gated", "tree", "vector"},
    {"defaults", "places", "machine", "errors"},
]
LEVEL = {name: level for level, names in enumerate(ORDER) for name in names}
FILES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py"))
# the package's own front door loads every name on first use
PARTS = [path for path in FILES if path != Path("__init__.py")]
HEAVY = {"torch", "torchvision", "matplotlib", "sympy", "flint", "numpy", "scipy"}


def imported(file: Path) -> set[str]:
    """The package's parts that a file imports, anywhere in it."""
    found = set()
    package = ["actfunc", *file.parts[:-1]]
    for node in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            found |= {f"{module}.{alias.name}" for alias in node.names}
    paths = [name.split(".") for name in found]
    return {path[1] for path in paths if path[0] == "actfunc" and len(path) > 1} & LEVEL.keys()


def part_of(file: Path) -> str:
    return file.parts[0].removesuffix(".py")


@pytest.mark.parametrize("file", PARTS, ids=str)
def test_imports_go_downward_only(file):
    own = part_of(file)
    assert own in LEVEL, f"{own} has no place in ORDER"
    upward = sorted(name for name in imported(file) - {own} if LEVEL[name] < LEVEL[own])
    assert not upward, f"{file} imports {', '.join(upward)} from above"


@pytest.mark.parametrize("file", FILES, ids=str)
def test_no_file_is_a_drawer_for_everything(file):
    assert not {"utils", "util", "helpers", "misc", "common"} & {
        part.removesuffix(".py") for part in file.parts
    }


@pytest.mark.parametrize("file", [f for f in PARTS if part_of(f) in ("cli", "errors")], ids=str)
def test_the_command_line_imports_nothing_heavy_at_module_level(file):
    for node in ast.parse((ROOT / file).read_text("utf-8")).body:
        names = [alias.name for alias in getattr(node, "names", [])]
        for module in [getattr(node, "module", None) or "", *names]:
            assert module.partition(".")[0] not in HEAVY, f"{file} imports {module}"


def test_the_test_sees_an_upward_import(tmp_path, monkeypatch):
    for statement in (
        "from actfunc import storage",
        "import actfunc.storage.files",
        "from .. import storage",
        "from ..storage.files import write_json",
        "def late():\n    from actfunc.storage import files",
    ):
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / "planted.py").write_text(statement)
        monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
        assert imported(Path("data/planted.py")) == {"storage"}


def test_every_part_is_there():
    for name in LEVEL:
        assert importlib.util.find_spec(f"actfunc.{name}") is not None
