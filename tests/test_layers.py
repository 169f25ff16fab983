"""The layout of the package: imports go downward only, names say something, the CLI is light."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path

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
    {"networks"},
    {"makers", "mlp"},
    {"catalogue"},
    {"formulas"},
    {"numerics"},
    {"given"},
    {"activation", "gated", "tree", "vector"},
    {"domain", "examination", "lifting"},
    {"blocks", "frozen", "generator", "taylor_polynomial"},
    {"defaults", "places", "machine", "number", "errors", "source", "torch_private"},
]
LEVEL = {name: level for level, names in enumerate(ORDER) for name in names}
FILES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py"))
# the package's own front door loads every name on first use
PARTS = [path for path in FILES if path != Path("__init__.py")]
PRIVATE = re.compile(
    r"torch[\w.]*\._(?!_)|from torch\S* import .*\b_|_unsafe\b|mkldnn|_custom_p|ctypes"
    r"|__code__\.replace|cpp_extension"
)
"""What torch, or the C library, does not promise to keep."""

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


def test_imports_go_downward_only():
    for file in PARTS:
        own = part_of(file)
        assert own in LEVEL, f"{own} has no place in ORDER"
        upward = sorted(name for name in imported(file) - {own} if LEVEL[name] < LEVEL[own])
        assert not upward, f"{file} imports {', '.join(upward)} from above"


def test_no_file_is_a_drawer_for_everything():
    names = {part.removesuffix(".py") for file in FILES for part in file.parts}
    assert not {"utils", "util", "helpers", "misc", "common"} & names


def test_the_command_line_imports_nothing_heavy_at_module_level():
    for file in (file for file in PARTS if part_of(file) in ("cli", "errors")):
        for node in ast.parse((ROOT / file).read_text("utf-8")).body:
            names = [alias.name for alias in getattr(node, "names", [])]
            for module in [getattr(node, "module", None) or "", *names]:
                assert module.partition(".")[0] not in HEAVY, f"{file} imports {module}"


def test_one_file_alone_takes_what_torch_does_not_promise():
    for file in (file for file in FILES if file != Path("torch_private.py")):
        found = PRIVATE.search((ROOT / file).read_text("utf-8"))
        assert found is None, f"{file}: {found[0]} belongs into torch_private.py"


def test_the_test_sees_what_is_private():
    for statement in (
        "import torch._inductor",
        "from torch._inductor.config import freezing",
        "from torch.utils import _pytree",
        "from torch.utils import data, _pytree",
        "torch.utils._pytree.tree_map(f, tree)",
        "torch._C._functorch.is_batchedtensor(x)",
        "torch.ops.mkldnn._linear_pointwise(x, w, None, 'none', [], '')",
        "torch.compiler.keep_tensor_guards_unsafe",
        'torch.compile(f, options={"post_grad_custom_post_pass": a_pass})',
        "FunctionType(f.__code__.replace(), f.__globals__)",
        'logging.getLogger("torch.utils.cpp_extension")',
        "ctypes.CDLL(None)",
    ):
        assert PRIVATE.search(statement), statement
    assert not PRIVATE.search("import torch\nfrom torch import Tensor\ntorch.__version__\n_x = 1")


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
