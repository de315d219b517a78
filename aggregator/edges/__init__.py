"""Edges do I/O and decide nothing."""
