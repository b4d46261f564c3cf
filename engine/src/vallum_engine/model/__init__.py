"""Immutable values; no I/O."""
