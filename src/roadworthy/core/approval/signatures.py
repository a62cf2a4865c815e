"""SSH signatures as values: what verifying found, and the key inside a signature."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

from roadworthy.core.values import frozen

APPROVAL_NAMESPACE = "roadworthy-approval"
GATE_NAMESPACE = "roadworthy-gate"
_QUOTED = re.compile(r'"[^"]*"')
_KEY_OFFSET = len(b"SSHSIG") + 4  # the magic, then a four-byte version


class Status(StrEnum):
    """How a signature fared."""

    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN_KEY = "unknown_key"
    MISSING = "missing"
    UNAVAILABLE = "unavailable"


@frozen
class Signature:
    """The outcome of verifying: a principal only when valid; the key whenever it could be read."""

    status: Status
    principal: str | None = None
    key: str = ""


def public_key(armoured: bytes) -> str:
    """Return the public key inside an SSH signature as `type base64`; empty when there is none."""
    import base64

    lines = armoured.decode("ascii", "replace").splitlines()
    try:
        blob = base64.b64decode("".join(line for line in lines if not line.startswith("-")), validate=True)
    except ValueError:
        return ""
    key = _string(blob, _KEY_OFFSET) if blob.startswith(b"SSHSIG") else b""
    kind = _string(key, 0).decode("ascii", "replace")
    return f"{kind} {base64.b64encode(key).decode()}" if kind else ""


def signer_line(identity: str, namespaces: str, key: str) -> str:
    """Return the line of `governance/allowed_signers` that would let a key speak for an identity."""
    return f'{identity} namespaces="{namespaces}" {key}'


def shared_keys(allowed_signers: str) -> dict[str, tuple[str, ...]]:
    """Return the keys listed for more than one principal: whoever holds one could sign as several people."""
    holders: dict[str, set[str]] = {}
    for name, key in listed(allowed_signers):
        holders.setdefault(key, set()).add(name)
    return {key: tuple(sorted(names)) for key, names in holders.items() if len(names) > 1}


def listed(allowed_signers: str) -> Iterator[tuple[str, str]]:
    """Yield every name with every key that is listed for it."""
    for line in personal(allowed_signers).split("\n"):
        principals, _, rest = line.strip().replace("\t", " ").partition(" ")
        # What stands in quotes is an option's; key data is base64 of a length and a name, and begins alike.
        words = _QUOTED.sub("", rest).split()
        kind = next((n for n, word in enumerate(words) if word.startswith("AAAA")), 0)
        if kind:
            key = f"{words[kind - 1]} {words[kind]}"
            yield from ((name, key) for name in principals.strip('"').split(","))


def personal(allowed_signers: str) -> str:
    """Return the lines that give one key to somebody by name: an authority could make up anybody.

    A line ends where it does for OpenSSH: other ends would make keys of what people read as a comment.
    """
    lines = (line for line in allowed_signers.split("\n") if not line.lstrip().startswith("#"))
    return "".join(f"{line}\n" for line in lines if "cert-authority" not in _QUOTED.sub("", line).casefold())


def _string(blob: bytes, at: int) -> bytes:
    """Read one length-prefixed string of the SSH wire format; empty when the bytes end early."""
    size = int.from_bytes(blob[at : at + 4], "big")
    found = blob[at + 4 : at + 4 + size]
    return found if len(found) == size else b""
