"""Who is who: `governance/roles.yaml` read, and every address resolved to the person it belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from roadworthy.core.approval.refusal import Refusal
from roadworthy.core.values import frozen

GATE_ROLE = "gate"
# What policy asks people to be; other roles a team may name as it likes.
KNOWN_ROLES = frozenset(
    f"developer reviewer {GATE_ROLE} model-approver model-risk independent-validator accountable-executive"
    " business-owner data-owner model-owner platform-owner support-owner".split()
)
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
        yield from map(_doubt, dict.fromkeys(_misspelt(person)))
        for alias in sorted(person.aliases):
            other = owners.setdefault(alias, person)
            if other is not person:
                yield Refusal(
                    code="roles-ambiguous",
                    message=f"{alias} belongs to both {other.identity} and {person.identity}, "
                    "in governance/roles.yaml",
                    fix="make them one entry, or give each their own addresses and names",
                )


def _misspelt(person: Person) -> Iterator[str]:
    """What of a person only looks like another name, address or role: a word in letters of two alphabets."""
    if not person.identity.isascii() and (odd := _odd(person.identity)):
        yield f"{person.identity!a} has {odd}, which is no letter"
    for word in (person.identity, *(word for alias in sorted(person.aliases) for word in words_of(alias))):
        if len(found := alphabets_of(word)) > 1:
            yield f"{word!a} mixes letters of {' and '.join(sorted(found))}"
    for role in sorted(person.roles - KNOWN_ROLES):
        if folded(role) in KNOWN_ROLES or len(alphabets_of(role)) > 1:
            yield f"{person.identity} holds {role!a}, which only looks like a role"


def _doubt(said: str) -> Refusal:
    fix = (
        "write it in one alphabet: an identity as the person's key and address have it, a role as policy does"
    )
    return Refusal(code="roles-ambiguous", message=said, fix=fix)


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


def words_of(text: str) -> list[str]:
    """Return the parts of a name or address; each is written in one alphabet, whatever its neighbours are."""
    return re.split(r"[@\s.,-]", text)


def _odd(identity: str) -> str:
    """A sign of an identity that is neither ASCII nor a letter, by its name."""
    from unicodedata import name, normalize

    signs = (each for each in normalize("NFC", identity) if not each.isascii() and not each.isalpha())
    return next((name(each, "?") for each in signs), "")


def _texts(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
