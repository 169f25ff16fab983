"""How the silhouettes are drawn: a brush, and one file a kind of garment."""

from __future__ import annotations
