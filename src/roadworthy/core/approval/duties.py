"""Separation of duties: who built what is about to ship."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from roadworthy.core.approval.people import Person, Signer, folded, resolve
from roadworthy.core.approval.refusal import Refusal
from roadworthy.core.documents.parts import part
from roadworthy.core.values import frozen

# The forge commits web merges and squashes in its own name; the author of such a commit is a human.
FORGE_COMMITTERS = frozenset({"noreply@github.com"})
# Patterns that few projects need are compiled by those: all of them would be a fiftieth of a check.
_TRAILER = (
    r"(?im)^[ \t]*(?:co.?(?:authored|developed).?by|on.behalf.of|(?:triggered|requested).by)"
    r"\s*[:\uff1a](?P<who>.*)$"
)
_ADDRESS = r"(?P<name>[^<>(),;@]*?)[\s<(]*(?P<email>[^\s<>(),;]+@[^\s<>(),;]+)[>)\s,;]*"


@frozen
class Commit:
    """A commit that touched what the subject is made from."""

    sha: str
    author: Signer
    committer: Signer
    message: str


@frozen
class Builders:
    """The people who built a release, why each counts, and the addresses nobody could resolve."""

    people: dict[str, str]
    teams: frozenset[str]
    unknown: tuple[str, ...]


def submitter(run: Mapping[str, Any]) -> Signer | None:
    """Return who submitted a run, as its record says; None when it does not."""
    by = part(run, "submitter")
    return Signer(name=str(by.get("name", "")), email=str(by.get("email", ""))) if by else None


def builders(commits: Iterable[Commit], submitter: Signer | None, known: Iterable[Person]) -> Builders:
    """Return authors, committers and co-authors of `commits`, and the submitter of the run."""
    known, found = tuple(known), dict[str, str]()
    teams, unknown = set[str](), dict[str, str]()
    for who, why in _hands(commits, submitter, known):
        person = resolve(who, known)
        if person is None:
            unknown.setdefault(str(who), why)
        else:
            found.setdefault(person.identity, why)
            teams.add(folded(person.team))
    return Builders(
        people=found,
        teams=frozenset(teams - {""}),
        unknown=tuple(f"{who} ({why})" for who, why in unknown.items()),
    )


def _hands(
    commits: Iterable[Commit], submitter: Signer | None, known: tuple[Person, ...]
) -> Iterator[tuple[Signer, str]]:
    if submitter:
        yield submitter, "submitted the run"
    for commit in commits:
        helpers = tuple(_trailers(commit.message))
        at = commit.sha[:12]
        if not _bot_for_human(commit.author, helpers, known):
            yield commit.author, f"author of {at}"
        yield from ((helper, f"co-author of {at}") for helper in helpers)
        if not _stands_in(commit):
            yield commit.committer, f"committer of {at}"


def _stands_in(commit: Commit) -> bool:
    """The committer adds nobody: the forge's own name, or a bot that committed what it authored."""
    return commit.committer.email.casefold() in FORGE_COMMITTERS or (
        commit.committer == commit.author and is_bot(commit.author)
    )


def _bot_for_human(author: Signer, helpers: tuple[Signer, ...], known: tuple[Person, ...]) -> bool:
    """A machine that nobody answers for; who is on the list is no machine, whatever the commit calls them."""
    nobody = is_bot(author) and resolve(author, known) is None
    return nobody and any(resolve(helper, known) for helper in helpers)


def is_bot(who: Signer) -> bool:
    """Return whether a name or address is marked as a machine's, the way the forges mark theirs."""
    return "[bot]" in f"{who.name} {who.email}".casefold()


def _trailers(message: str) -> Iterator[Signer]:
    for line in re.finditer(_TRAILER, message):
        found = [
            Signer(name=each["name"].strip(), email=each["email"])
            for each in re.finditer(_ADDRESS, line["who"])
        ]
        yield from found or [Signer(name=line["who"].strip(), email="?")]


def judge_builders(built: Builders, *, unknown_blocks: str) -> Iterator[Refusal]:
    """Yield the builders nobody can name, where the tier refuses what it does not know."""
    if unknown_blocks != "none":
        for who in built.unknown:
            yield Refusal(
                code="builder-unknown",
                message=f"{who} built it, and is nobody in governance/roles.yaml",
                fix="list the address under the person there; a bot's under the person who runs it",
            )
