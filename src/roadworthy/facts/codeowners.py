"""Who must agree before a path changes: CODEOWNERS, and the branch rules that a project ships."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from roadworthy.core.documents.parts import mapping, part, rows
from roadworthy.core.documents.snapshot import Snapshot
from roadworthy.facts.forge_github import demanded

PLACES = {
    "github": (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"),
    "gitlab": ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"),
}
GOVERNED = (
    "governance/roles.yaml",
    "governance/allowed_signers",
    "governance/approvals/1.yaml",
    "governance/waivers/1.yaml",
    "policy/gates.yaml",
    ".roadworthy/lock.yaml",
)
_OWNER = re.compile(r"@[\w.-]+(/[\w.-]+)*|[^\s@]+@[^\s@]+\.[^\s@]+")
_WHO = "~DEFAULT_BRANCH"


def codeowners(snapshot: Snapshot, provider: str, ci: tuple[str, ...]) -> dict[str, Any]:
    """Return whether there is a code owners file, and which governed paths it leaves to anybody."""
    path = next((place for place in PLACES.get(provider, PLACES["github"]) if place in snapshot.sizes), "")
    rules = list(_rules(snapshot.text(path))) if path else []
    governed = (*GOVERNED, *ci, *([path] if path else []))
    return {"present": bool(path), "unowned": [each for each in governed if not _owned(each, rules)]}


def ruleset(snapshot: Snapshot) -> dict[str, Any]:
    """Return what the shipped branch rules demand of the default branch, taken together."""
    shipped = [
        _active(path, snapshot) for path in snapshot.under(".github/rulesets") if path.endswith(".json")
    ]
    sets = [value for value in shipped if value]
    return {
        "present": bool(sets),
        **demanded([rule for value in sets for rule in rows(value["rules"])]),
        "bypass": sum(len(value.get("bypass_actors") or []) for value in sets),
    }


def _rules(text: str) -> Iterator[tuple[re.Pattern[str], bool]]:
    for line in text.splitlines()[:5000]:
        words = re.sub(r"(^|\s)#.*", "", line).split()
        if words and not re.match(r"\^?\[", words[0]):
            yield _pattern(words[0]), any(_OWNER.fullmatch(word) for word in words[1:])


def _owned(path: str, rules: list[tuple[re.Pattern[str], bool]]) -> bool:
    """The last rule that matches decides."""
    return next((owned for pattern, owned in reversed(rules) if pattern.match(path)), False)


def _pattern(glob: str) -> re.Pattern[str]:
    """A path pattern as git and the forges read it. Bounded: no pattern of a project may cost time."""
    glob = re.sub(r"\*{3,}", "**", glob[:200])
    anchored = "/" in glob.rstrip("/")
    body = "".join(_piece(part) for part in re.findall(r"\*\*/?|\*|\?|[^*?]+", glob.strip("/"))[:20])
    tail = "/.*" if glob.endswith("/") else "(/.*)?"
    return re.compile(("" if anchored else "(.*/)?") + body + tail + r"\Z")


def _piece(part: str) -> str:
    return {"**/": "(.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part) or re.escape(part)


def _active(path: str, snapshot: Snapshot) -> Mapping[str, Any]:
    value = mapping(snapshot.document(path))
    names = part(part(value, "conditions"), "ref_name")
    covers = {_WHO, "~ALL", "refs/heads/main", "refs/heads/master"} & set(
        map(str, names.get("include") or [])
    )
    bound = value.get("enforcement") == "active" and value.get("target", "branch") == "branch"
    return (
        value
        if bound and covers and not names.get("exclude") and isinstance(value.get("rules"), list)
        else {}
    )
