"""The docs build with warnings as errors, name every public name, and nothing that is private."""

from __future__ import annotations

import importlib.util
import pkgutil
import re
import subprocess
import sys

import pytest
import torch

import actfunc
from actfunc.catalogue import CATALOGUE, FAMILIES, PAIRS, VECTORS
from actfunc.certify import certify
from actfunc.certify.peers import peer
from tests.docs.pages import PAGES, ROOT, docs_module

FORBIDDEN = re.compile(
    r"(?<![\w.:/<])/[\w-]+/|/(?:tmp|root|home|usr|var|opt|mnt|srv)/|file://|\.\./(?!actfunc|docs)"
    r"|localhost|127\.0\.0\.1",
    re.I,
)
"""Absolute paths, whatever they begin with; paths out of the project; hosts of a machine."""


LOADED = re.compile(
    r"<(?:script|img|iframe|source|embed)\b[^>]*\ssrc=[\"']?(?:https?:)?//"
    r"|<link\b(?=[^>]*\srel=[\"']?(?:stylesheet|preload|icon|prefetch|preconnect))"
    r"[^>]*\shref=[\"']?(?:https?:)?//"
    r"|@import\s+(?:url\()?[\"']?(?:https?:)?//|url\([\"']?(?:https?:)?//",
    re.I,
)
"""What a browser fetches by itself from another host: scripts, pictures, styles, fonts."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site."""
    pytest.importorskip("sphinx", reason="Sphinx is not installed: pip install -e '.[docs]'")
    pytest.importorskip("myst_nb", reason="MyST-NB is not installed")
    pytest.importorskip("sphinx_book_theme", reason="the theme is not installed")
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "--quiet", "docs", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert built.returncode == 0, built.stderr[-3000:]
    return folder


def public_names() -> list[str]:
    """Each name of the package's `__all__` and of its subpackages', as the reference has it."""
    found = [f"actfunc.{name}" for name in actfunc.__all__ if not name.startswith("__")]
    for module in pkgutil.iter_modules(actfunc.__path__):
        if module.ispkg:
            package = importlib.import_module(f"actfunc.{module.name}")
            found += [f"{package.__name__}.{name}" for name in getattr(package, "__all__", ())]
    # a function in a module of its own name is found behind it
    return [
        f"{name}.{name.rpartition('.')[2]}" if importlib.util.find_spec(name) else name
        for name in found
    ]


def test_every_public_name_is_in_the_reference():
    reference = (ROOT / "docs/reference.md").read_text("utf-8")
    shown = set(re.findall(r"^\.\. auto\w+:: (\S+)$", reference, re.M))
    assert not [name for name in public_names() if name not in shown]


def test_columns_of_a_docstring_become_a_list():
    made = docs_module("docstrings").as_restructured(
        "x:       2*x, of `x`s\ndomain:  `(0, inf)`; an\n         end may be another: |x|"
    )
    x = "\\ :py:obj:`x`\\ "
    assert made.splitlines() == [
        f"- {x}: 2\\*x, of {x}s",
        "- \\ :py:obj:`domain`\\ : \\ ``(0, inf)``\\ ; an end may be another: \\|x\\|",
    ]


@pytest.mark.full
def test_the_site_builds(site):
    reference = (site / "reference.html").read_text("utf-8")
    assert not [name for name in public_names() if f'id="{name}"' not in reference]


@pytest.mark.full
def test_pages_ask_no_other_host_for_anything(site):
    read = [*site.rglob("*.html"), *site.rglob("*.css")]
    asking = {
        file.name: found[0] for file in read if (found := LOADED.search(file.read_text("utf-8")))
    }
    assert asking == {}
    assert {"reference.html", "style.css"} <= {file.name for file in read}


@pytest.mark.full
def test_the_menu_leads_to_every_page(site):
    index = (site / "index.html").read_text("utf-8")
    [menu] = re.findall(r"<nav[^>]*bd-links.*?</nav>", index, re.S)
    pages = {page.stem for end in ("md", "ipynb") for page in (ROOT / "docs").glob(f"*.{end}")}
    parts = {part.removesuffix(".md") for part in docs_module("parts").PARTS}
    assert {*re.findall(r'href="(\w+)\.html"', menu), "index"} == pages - parts
    assert menu.count("caption-text") == 3


@pytest.mark.full
def test_formulas_are_typeset_without_a_script(site):
    for name in ("tutorial", "certify", "design"):
        page = (site / f"{name}.html").read_text("utf-8")
        assert "<math" in page
        assert not re.search(r"\\[dc]?(?:frac|dot)|<script[^>]*mathjax", page, re.I)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_paths_of_a_machine(page):
    text = page.read_text("utf-8")
    assert not FORBIDDEN.findall(text)
    assert "@@" not in text


def test_figures_are_small_and_shown():
    figures = list((ROOT / "docs/figures").iterdir())
    text = "".join(page.read_text("utf-8") for page in PAGES)
    assert not [figure.name for figure in figures if f"figures/{figure.name})" not in text]
    assert sum(figure.stat().st_size for figure in figures) < 3_000_000


@pytest.mark.full
def test_every_family_has_its_figure(site):
    figure_name = docs_module("parts").figure_name
    assert not [f for f in FAMILIES if not (site / "figures" / figure_name(f)).is_file()]


def test_every_figure_has_its_command():
    made = docs_module("make_figures")
    compared = {f"{name}-{each}.svg" for name, shown in made.SHOWN.items() for each in shown}
    there = {figure.name for figure in (ROOT / "docs/figures").iterdir()}
    assert there == {*made.FIGURES} | compared
    assert made.SHOWN.keys() == made.COMPARISONS.keys()


def test_every_record_is_in_the_catalogue_of_the_site():
    text = docs_module("parts").catalogue()
    for record in (*CATALOGUE.values(), *PAIRS.values(), *VECTORS.values()):
        assert text.count(f'<span id="{record.name}">') == 1
        assert f"`{getattr(record, 'formula', None) or record.definition}`" in text
    assert "NOT HELD" not in text
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 7 for row in re.findall(r"^\|.*$", text, re.M))


def test_the_table_of_torch_has_every_function_that_torch_has():
    table = (ROOT / "docs/torch-table.md").read_text("utf-8")
    theirs = {found[0] for record in CATALOGUE.values() if (found := peer(record))}
    assert set(re.findall(r"^\| `([^`]+)` \|", table, re.M)) == theirs
    page = docs_module("parts").expanded((ROOT / "docs/torch.md").read_text("utf-8"))
    assert all(f"`{name.replace('torch.nn.functional.', 'F.')}`" in page for name in theirs)


def test_links_of_the_readme_lead_somewhere():
    text = (ROOT / "README.md").read_text("utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (ROOT / target).exists(), target


def test_what_a_certificate_counts_is_what_its_page_says():
    dtypes = torch.float64, torch.float32, torch.bfloat16
    fine, single, half = (certify(actfunc.get("silu"), dtypes=(dtype,)) for dtype in dtypes)

    def others(found):
        return sum(not one.by and one.order != "third" for one in found.parameters)

    def by_each(found):
        return sum(bool(one.by) for one in found.parameters)

    several = f"{others(fine)}, in float32 with decimals {others(single)}, in 16 bits"
    page = (ROOT / "docs" / "certify.md").read_text("utf-8")
    for row in (
        f"to a derivative | {len(half.routes)}, compiled",
        f"inputs and results | {len(single.calls)} |",
        f"four times lifted | {several} {others(half)} |",
        f"by each of them | {by_each(fine)}, in 16 bits {by_each(half)} |",
    ):
        assert row in page
