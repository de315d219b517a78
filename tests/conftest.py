"""What holds for all tests."""

from __future__ import annotations

import os

from hypothesis import settings

# A change is judged by the examples of the change before it; developers try new ones at each run.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
