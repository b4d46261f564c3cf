"""Licences: SPDX expressions, texts recognised, and rules about what may be used. Nothing here is loaded before somebody asks."""
