"""Readers of the sources that layers come from."""
