"""What was made, or would be: a project by `roadworthy new`, a platform by `roadworthy platform init`."""

from __future__ import annotations

from roadworthy.core.values import frozen


@frozen
class MadeFile:
    """One file of the project: whose it is, and what it is for. Both empty if the source does not say."""

    path: str
    ownership: str = ""
    purpose: str = ""


@frozen
class Project:
    """What was made, or with `dry_run` would be. `next` are the commands to go on with."""

    destination: str
    source: str
    release: str
    tier: str
    files: tuple[MadeFile, ...]
    dry_run: bool
    commit: str = ""
    notes: tuple[str, ...] = ()
    next: tuple[str, ...] = ()


@frozen
class Platform:
    """A platform team's repository that was made, and the upstream release it holds."""

    destination: str
    name: str
    source: str
    release: str
    files: int
    commit: str = ""
    notes: tuple[str, ...] = ()
