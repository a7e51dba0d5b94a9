"""How large a test is: small enough for every run, or at full size in `make soak`.

Tests that ask for a size carry the mark `soak`; `make soak` runs just these, with SOAK=1.
"""

import os
from typing import TypeVar

T = TypeVar("T")

SOAK = os.environ.get("SOAK") == "1"


def scaled(usual: T, *, soak: T) -> T:
    """The size for this run."""
    return soak if SOAK else usual
