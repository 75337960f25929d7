"""Findings → maps, tables, files."""
