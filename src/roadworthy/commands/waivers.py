"""The waivers of the reviewer's side, with what vouches for them: a role map and signers beside them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from roadworthy.adapters.files import open_folder
from roadworthy.adapters.shapes import misshapen
from roadworthy.commands.packs import Bench
from roadworthy.core.approval.people import Person, people
from roadworthy.core.approval.signatures import Signature
from roadworthy.core.documents.parse import ParseError, parse
from roadworthy.core.documents.snapshot import Snapshot, Unreadable
from roadworthy.core.judging.granting import WAIVER_NAMESPACE, Waiver, waiver_from
from roadworthy.core.values import frozen
from roadworthy.errors import UsageError

ROLES, SIGNERS = "roles.yaml", "allowed_signers"
CLOSE = 0.7  # of spelling: `check` to check_id, but not `notes` to any
HINT = "repair or remove it; `roadworthy explain GOV-05` shows its fields"


@frozen
class Granted:
    """What the reviewer granted; `people` is None where the reviewer keeps no role map."""

    waivers: tuple[Waiver, ...] = ()
    people: tuple[Person, ...] | None = None


NO_WAIVERS = Granted()


def read_waivers(folder: str, judged: str, bench: Bench, as_of: datetime) -> Granted:
    """Return the waivers in a reviewer's folder; one that cannot be read is the reviewer's to repair."""
    if Path(folder).resolve().is_relative_to(Path(judged).resolve()):
        raise UsageError(
            f"the waivers in {folder} lie in the project that they would excuse",
            "keep them on the reviewer's side, such as in the policy's own repository",
        )
    files = _Folder(name=folder, snapshot=open_folder(folder), bench=bench, as_of=as_of)
    names = [path for path in files.snapshot.paths if path.endswith((".yaml", ".yml")) and path != ROLES]
    known = people(files.read(ROLES, "roles.v1.json")) if files.has(ROLES) else None
    return Granted(waivers=tuple(files.waiver(name) for name in names), people=known)


@frozen
class _Folder:
    name: str
    snapshot: Snapshot
    bench: Bench
    as_of: datetime

    def has(self, path: str) -> bool:
        """Whether a file is there; one that may not be read is there too, and vouches for nobody."""
        return path in self.snapshot.paths or path in self.snapshot.refused

    def read(self, path: str, schema: str) -> Any:
        """Return a file that has its shape."""
        data = self.snapshot.read(path)
        try:
            if isinstance(data, Unreadable):
                raise ParseError(data.reason)
            value = parse(path, data)
            problems = misshapen(self.bench.pack.schemas[schema], value)
        except ParseError as error:
            problems = [str(error)]
        if problems:
            raise UsageError(f"waiver {self.name}/{path}: {problems[0]}", HINT)
        return value

    def waiver(self, path: str) -> Waiver:
        """Return one waiver, its signature verified where signers are listed."""
        value = self.read(path, "waiver.v1.json")
        try:
            return waiver_from(f"{self.name}/{path}", value, self._seal(path), self._unread(path, value))
        except ValueError as error:
            raise UsageError(f"waiver {self.name}/{path}: {error}", HINT) from None

    def _unread(self, path: str, value: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the keys that change nothing; a misspelt one would have meant something."""
        known = self.bench.pack.schemas["waiver.v1.json"]["properties"]
        return (
            *self._strange(path, value, known),
            *(f"scope.{key}" for key in self._strange(path, value["scope"], known["scope"]["properties"])),
        )

    def _strange(self, path: str, value: Mapping[str, Any], known: Mapping[str, Any]) -> list[str]:
        strange = [str(key) for key in value if key not in known]
        for key in strange:
            if near := get_close_matches(key, known, 1, CLOSE):
                raise UsageError(
                    f"waiver {self.name}/{path}: there is no key {key}", f"did you mean {near[0]}?"
                )
        return strange

    def _seal(self, path: str) -> Signature | None:
        if not self.has(SIGNERS):
            return None
        from roadworthy.adapters.signing import verify

        names = (path, f"{path}.sig", SIGNERS)
        data, signature, signers = (self.snapshot.data(name) or b"" for name in names)
        return verify(data, signature, signers, WAIVER_NAMESPACE, self.as_of)
