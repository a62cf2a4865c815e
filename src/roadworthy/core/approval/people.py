"""Who is who: `governance/roles.yaml` read, and every address resolved to the person it belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from roadworthy.core.approval.refusal import Refusal
from roadworthy.core.values import frozen

GATE_ROLE = "gate"
# Both big forges hide addresses behind `number+login` at a host of their own: the login is the handle.
_TAG = r"(?<=[^@\s])\+[^@\s]*@"
_FORGE_ADDRESS = r"(?:\d+[+-])?(?P<login>[^@+]+)@users\.noreply\.(?:github|gitlab)\.com"


@frozen
class Person:
    """One human (or the gate): the identity keys are listed under, and everything else they go by."""

    identity: str
    name: str
    aliases: frozenset[str]
    team: str
    roles: frozenset[str]


@frozen
class Signer:
    """A name and an address, as a commit or a run record writes them."""

    name: str
    email: str

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>".strip()


def people(document: Any) -> tuple[Person, ...]:
    """Return the people a roles document names; entries that name nobody are left out."""
    rows = document.get("people") if isinstance(document, Mapping) else None
    return tuple(_person(row) for row in rows or () if isinstance(row, Mapping) and row.get("identity"))


def find(identity: str, known: Iterable[Person]) -> Person | None:
    """Return the person with exactly this identity."""
    return next((person for person in known if person.identity == identity), None)


def may_gate(identity: str | None, known: Iterable[Person]) -> bool:
    """Return whether a key's name may speak as the gate: nobody's who is a person in the list."""
    person = find(str(identity), known)
    return person is None or person.roles == {GATE_ROLE}


def resolve(who: Signer, known: Iterable[Person]) -> Person | None:
    """Return the person behind a name and address: by address, by forge handle, at last by full name."""
    known = tuple(known)
    address = folded(who.email)
    hidden = re.fullmatch(_FORGE_ADDRESS, who.email.strip().casefold())
    for alias in (address, f"@{hidden['login']}" if hidden else "", folded(who.name)):
        person = next((each for each in known if alias and alias in each.aliases), None)
        if person:
            return person
    return None


def judge_people(known: Iterable[Person]) -> Iterator[Refusal]:
    """Yield addresses that two entries claim, or that only look like one: one human could approve twice."""
    owners: dict[str, Person] = {}
    for person in known:
        if len(alphabets := alphabets_of(person.identity)) > 1:
            yield Refusal(
                code="roles-ambiguous",
                message=f"{person.identity!a} mixes letters of {' and '.join(sorted(alphabets))}",
                fix="write the identity in one alphabet, as the person's key and address have it",
            )
        for alias in sorted(person.aliases):
            other = owners.setdefault(alias, person)
            if other is not person:
                yield Refusal(
                    code="roles-ambiguous",
                    message=f"{alias} belongs to both {other.identity} and {person.identity}, "
                    "in governance/roles.yaml",
                    fix="make them one entry, or give each their own addresses and names",
                )


def _person(row: Mapping[str, Any]) -> Person:
    identity, name = str(row["identity"]), str(row.get("name") or "")
    written = (identity, *_texts(row.get("emails")), *_texts(row.get("handles")))
    aliases = {folded(text) for text in (*written, name) if text.strip()}
    return Person(
        identity=identity,
        name=name,
        aliases=frozenset(aliases),
        team=str(row.get("team") or ""),
        roles=frozenset(_texts(row.get("roles"))),
    )


def folded(text: str) -> str:
    """Return a name or address as it is compared: case, width, unseen letters and a `+tag` do not count."""
    seen = text if text.isascii() else _seen(text)
    return re.sub(_TAG, "@", " ".join(seen.split()).casefold())


def _seen(text: str) -> str:
    from unicodedata import category, normalize  # most addresses are plain ASCII

    return "".join(each for each in normalize("NFKC", text) if category(each) != "Cf")


def alphabets_of(text: str) -> set[str]:
    """Return the alphabets of a text's letters: LATIN, CYRILLIC, ..."""
    if text.isascii():
        return {"LATIN"}
    from unicodedata import name

    return {name(each, "?").partition(" ")[0] for each in text if each.isalpha()}


def _texts(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
