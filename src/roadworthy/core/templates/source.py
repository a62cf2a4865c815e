"""Where projects come from: a release of template and pack, and what it leaves in a project's lock."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Final

from roadworthy.core.templates.tree import File, Tree, digest, under
from roadworthy.core.values import frozen

if TYPE_CHECKING:
    from roadworthy.core.templates.template import Template

BUILTIN: Final = "builtin"
POLICY: Final = "src/roadworthy/policy"
# A platform team's own repository says here what it came from, and keeps its pack under a plainer name.
PLATFORM: Final = ".roadworthy/platform.yaml"
PLATFORM_POLICY: Final = "policy"
ROOTS: Final = ("copier.yml", "template", POLICY, PLATFORM)
LOCK: Final = ".roadworthy/lock.yaml"
OWNERSHIP: Final = f"{POLICY}/ownership.yaml"
TIERS: Final = f"{POLICY}/tiers.yaml"


@frozen
class Source:
    """One release of one source. `src_path` and `commit` are what Copier's answers file records of it.

    `identity` names the content before it is read; empty if what is read can still change.
    """

    spec: str
    release: str
    tree: Tree
    src_path: str
    commit: str | None
    identity: str = ""

    @cached_property
    def timeless(self) -> bool:
        """Say whether a render depends on nothing but the answers: nothing here asks for the time."""
        return not any(b"strftime" in file.data for file in self.tree.values())

    @cached_property
    def digest(self) -> str:
        """Return the digest of the whole release."""
        return digest(self.tree)

    @cached_property
    def template_digest(self) -> str:
        """Return the digest of what makes projects."""
        return digest({path: file for path, file in self.tree.items() if not path.startswith(POLICY + "/")})

    @cached_property
    def pack_digest(self) -> str:
        """Return the digest of what projects are held to."""
        return digest(under(self.tree, POLICY))

    @cached_property
    def template(self) -> Template:
        """Return the compiled template; Unsupported if only Copier can render it."""
        # Judging opens sources and hardly ever renders one: it must not pay for a template engine.
        from roadworthy.core.templates.template import load_template

        return load_template(self.tree)

    @cached_property
    def pack(self) -> dict[str, bytes]:
        """Return the files of the policy pack, by their names in it."""
        prefix = POLICY + "/"
        return {path.removeprefix(prefix): file.data for path, file in under(self.tree, POLICY).items()}

    @property
    def governed(self) -> bool:
        """Say whether the source carries a policy pack."""
        return TIERS in self.tree


def release_paths(paths: Iterable[str]) -> dict[str, str]:
    """Return the files of a release and where each lies: template and pack, or all where there is no pack.

    A release calls its files by the same names wherever it comes from.
    """
    found = list(paths)
    if PLATFORM in found:
        found_as = {in_release(path): path for path in found if not path.startswith(POLICY + "/")}
    else:
        found_as = {path: path for path in found}
    if TIERS not in found_as:
        return found_as
    roots = tuple(root + "/" for root in ROOTS)
    return {name: path for name, path in found_as.items() if name in ROOTS or name.startswith(roots)}


def in_release(path: str) -> str:
    """Return the name that a path of a platform team's repository has in a release."""
    own = path.startswith(PLATFORM_POLICY + "/")
    return POLICY + path.removeprefix(PLATFORM_POLICY) if own else path


def in_platform(path: str) -> str:
    """Return the name that a path of a release has in a platform team's repository."""
    pack = path.startswith(POLICY + "/")
    return PLATFORM_POLICY + path.removeprefix(POLICY) if pack else path


def stamp_lock(rendered: Tree, source: Source) -> dict[str, File]:
    """Return a rendered project whose lock names its release and digests.

    The template renders them as "unreleased", because it cannot know its own digest. Creating, judging and
    updating all stamp with this one function, so a stamped render can always be made again.
    """
    lock = rendered.get(LOCK)
    if lock is None or lock.link is not None:
        return dict(rendered)
    stamps = {
        "release": source.release,
        "template_digest": source.template_digest,
        "policy_pack": source.pack_digest,
    }
    text = lock.data.decode()
    for key, value in stamps.items():
        line = f"{key}: {json.dumps(value)}"
        text = re.sub(rf"(?m)^{key}:.*$", lambda _, line=line: line, text)  # type: ignore[misc]
    return {**rendered, LOCK: File(data=text.encode(), executable=lock.executable)}


def is_trusted(spec: str, trusted: Iterable[str]) -> bool:
    """Say whether a source is `builtin`, a trusted one, or lies under a trusted folder or address."""
    if spec == BUILTIN:
        return True
    plain = not re.search(r"(^|/)\.\.?(/|$)|[%\\\s]", spec)
    bases = [each.rstrip("/") for each in trusted]
    return any(spec.rstrip("/") == base or (plain and spec.startswith(base + "/")) for base in bases)
