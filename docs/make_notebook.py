"""Make the notebook of the tutorial out of its text, with its outputs: `docs/tutorial.ipynb`.

    python docs/make_notebook.py

ACTFUNC_DATA has to lead to FashionMNIST and the author's networks, or the network has to be up.
"""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

from actfunc.tutorial import chapter

NOTEBOOK = Path(__file__).with_name("tutorial.ipynb")


def notebook() -> nbformat.NotebookNode:
    """The notebook without outputs."""
    made = nbformat.v4.new_notebook()
    for number, cell in enumerate(one for one in chapter.cells() if one.source):
        new = nbformat.v4.new_code_cell if cell.code else nbformat.v4.new_markdown_cell
        # the same text is the same file
        made.cells.append(new(cell.source, id=f"cell-{number}"))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made.metadata = nbformat.from_dict({"kernelspec": kernel, "language_info": {"name": "python"}})
    return made


if __name__ == "__main__":
    made = notebook()
    NotebookClient(made, timeout=900, record_timing=False).execute()
    nbformat.write(made, NOTEBOOK)
