"""Python that releases carry, and in which nothing is to be found: looked at when it was released."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

from roadworthy.facts.vetted_digests import VETTED


@lru_cache(maxsize=4096)
def is_vetted(data: bytes) -> bool:
    """Return whether every finder that asks for nothing but a file is known to find nothing in this one."""
    return digest_of(data) in VETTED


def digest_of(data: bytes) -> str:
    """Return what names a file here: half a sha256, which nobody can make another file have."""
    return sha256(data).hexdigest()[:32]
