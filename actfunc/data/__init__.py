"""Data sets, held in memory as uint8 and normalised on the device that computes."""

from __future__ import annotations
