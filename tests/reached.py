"""Which asserts nothing reaches: a plugin that lists them when the tests have ended.

    pytest -p tests.reached -o enable_assertion_pass_hook=true

One that stands behind a condition that never holds, or in a loop over nothing, cannot fail. Listed
are those of tests that have passed.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).parent
reached: set[tuple[str, int]] = set()
"""File and line of each assert that held."""


def pytest_assertion_pass(item: pytest.Item, lineno: int, orig: str, expl: str) -> None:
    reached.add((item.path.as_posix(), lineno))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):  # one of several processes
        session.config.workeroutput["reached"] = sorted(reached)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error) -> None:
    reached.update(map(tuple, getattr(node, "workeroutput", {}).get("reached", [])))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    passed = {each.nodeid.partition("[")[0] for each in terminalreporter.stats.get("passed", [])}
    terminalreporter.section("asserts that nothing reached")
    for path in sorted(HERE.rglob("test_*.py")):
        name = path.relative_to(HERE.parent).as_posix()
        for test, line in asserts(ast.parse(path.read_text("utf-8"))):
            if f"{name}::{test}" in passed and (path.as_posix(), line) not in reached:
                terminalreporter.line(f"{name}:{line} {test}")


def asserts(tree: ast.Module) -> list[tuple[str, int]]:
    """Each assert of a module's tests, with the name of the test."""
    return [
        (function.name, node.lineno)
        for function in tree.body
        if isinstance(function, ast.FunctionDef) and function.name.startswith("test")
        for node in ast.walk(function)
        if isinstance(node, ast.Assert)
    ]
