"""Formulas as text: the tree of one, its truth in ball arithmetic, its print, its record."""
