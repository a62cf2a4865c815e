"""Python that releases carry, and in which nothing is to be found: looked at when it was released."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

from roadworthy.facts.cleaned import CLEAN


@lru_cache(maxsize=4096)
def is_clean(data: bytes) -> bool:
    """Return whether every finder that asks for nothing but a file is known to find nothing in this one."""
    return sha256(data).hexdigest() in CLEAN
