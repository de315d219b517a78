"""Hosts decide when and where jobs run. They hold no news logic."""
