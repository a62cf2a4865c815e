"""A platform team's own repository, as far as it comes from upstream: a release's template and pack. Pure."""

from __future__ import annotations

import json
import re
from typing import Final

from roadworthy.core.templates.source import PLATFORM, POLICY, Source, in_platform
from roadworthy.core.templates.tree import File
from roadworthy.errors import UsageError

NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
PACK: Final = f"{POLICY}/pack.yaml"
HEAD: Final = (
    "# Which upstream release this platform has taken in. Machine-written: change it through an update.\n"
)


def platform_tree(source: Source, name: str) -> dict[str, File]:
    """Return a release's template and pack as a platform's repository holds them, and whence they are.

    The pack bears the platform's name, because a verdict names the pack that it was reached under.
    """
    if not source.governed:
        raise UsageError(f"{source.spec} {source.release} has no policy pack", "name a source that has one")
    if not NAME.fullmatch(name):
        hint = "lower-case letters, digits and single hyphens, such as --name acme-platform"
        raise UsageError(f"{name!r} cannot name a platform", hint)
    files = {in_platform(path): file for path, file in source.tree.items() if path != f"{POLICY}/__init__.py"}
    files[in_platform(PACK)] = _named(source.tree[PACK], name)
    return {**files, PLATFORM: _record(source, name)}


def _named(pack: File, name: str) -> File:
    text = re.sub(r"(?m)^id:.*$", f"id: {name}", pack.data.decode())
    return File(re.sub(r"(?m)^title:.*$", f"title: Policy of {name}", text).encode())


def _record(source: Source, name: str) -> File:
    """Return the record that an update starts from, in the words of Copier's answers file and of the lock."""
    recorded = {
        "schema": "platform/v1",
        "name": name,
        "_src_path": source.src_path,
        **({"_commit": source.commit} if source.commit else {}),
        "release": source.release,
        "template_digest": source.template_digest,
        "policy_pack": source.pack_digest,
    }
    lines = "".join(f"{key}: {json.dumps(value)}\n" for key, value in recorded.items())
    return File((HEAD + lines).encode())
