"""Whose key and whose name: what the caller says, else the environment, else git's configuration."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from roadworthy.adapters.git import git
from roadworthy.core.approval.people import Person, Signer, resolve
from roadworthy.errors import Refused, UsageError


def signing_key(project: Path, key: str | None) -> str:
    """Return the key to sign with."""
    found = key or os.environ.get("ROADWORTHY_KEY") or _config(project, "user.signingkey")
    if not found:
        ways = "pass --key KEY, set ROADWORTHY_KEY, or git config user.signingkey KEY"
        raise UsageError("no key to sign with", ways)
    return found


def person(project: Path, identity: str | None, known: Iterable[Person]) -> Person:
    """Return the person who acts, as governance/roles.yaml knows them."""
    address = identity or _config(project, "user.email")
    found = resolve(Signer(name="", email=address), known) if address else None
    if found is None:
        raise Refused(
            f"{address or 'you'} is nobody in governance/roles.yaml of HEAD",
            "pass --identity, or add the person to governance/roles.yaml and commit it",
        )
    return found


def _config(project: Path, name: str) -> str:
    return git(project, "config", "--get", name, check=False).decode().strip()
