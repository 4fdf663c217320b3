"""How large the largest files are that edgelint makes its promise about."""

from __future__ import annotations

FULL = 64 * 2**20
"""Bytes."""
