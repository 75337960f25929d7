"""How many random worlds the tests try: a sample in `make test`, all in `make test-long`."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import settings

TIMES = 20 if os.environ.get("ZMD_TESTS") == "long" else 1


def examples(sample: int, **more: Any) -> settings:
    """Return the settings for a test that tries so many examples in a sample, always the same."""
    return settings(max_examples=sample * TIMES, deadline=None, derandomize=True, **more)
