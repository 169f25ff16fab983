"""How the site is built: `sphinx-build -W docs site`."""

from __future__ import annotations

import sys
from pathlib import Path

# the extensions that lie beside this file
sys.path.insert(0, str(Path(__file__).parent))

from parts import PARTS

import actfunc

project = "actfunc"
release = version = actfunc.__version__
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
    "docstrings",
    "mathml",
    "parts",
]
exclude_patterns = ["__pycache__", *PARTS]
highlight_language = "none"

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # its outputs are kept: see make_notebook.py
nb_render_markdown_format = "myst"

autodoc_default_options = {"members": True, "member-order": "bysource", "no-value": True}
autodoc_preserve_defaults = True
maximum_signature_line_length = 88
toc_object_entries_show_parents = "hide"

html_theme = "sphinx_book_theme"
html_title = "actfunc"
html_math_renderer = "mathml"
html_static_path = ["style.css"]
html_css_files = ["style.css"]
html_copy_source = False
html_theme_options = {
    "navbar_persistent": [],
    "use_download_button": False,
    "use_fullscreen_button": False,
    "home_page_in_toc": True,
    "show_toc_level": 2,
}

copybutton_prompt_text = "$ "
