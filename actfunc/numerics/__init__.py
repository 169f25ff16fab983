"""Floating-point numbers: their ends and units, and what a compiled step computes of functions."""
