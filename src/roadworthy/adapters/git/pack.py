"""Git objects written without git: one pack and its index, in git's documented formats (version 2 of both).

A merge needs a few dozen new objects; as one pack they cost two files and no process.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from contextlib import suppress
from itertools import accumulate
from typing import TYPE_CHECKING

from roadworthy.adapters.git.process import write_file
from roadworthy.core.merging.entries import Entries, Entry

if TYPE_CHECKING:
    from _typeshed import StrPath

KINDS = {"commit": 1, "tree": 2, "blob": 3}


class Pack:
    """Objects on their way into a repository; `add` returns an object's name at once."""

    def __init__(self, algorithm: str, level: int = 1) -> None:
        self._algorithm, self._level = algorithm, level
        self._objects: dict[bytes, tuple[int, bytes]] = {}

    def add(self, kind: str, body: bytes) -> str:
        """Add an object."""
        name = self._digest(f"{kind} {len(body)}\0".encode() + body)
        self._objects[name] = (KINDS[kind], body)
        return name.hex()

    def add_tree(self, below: Entries) -> str:
        """Add a folder and those in it, as git orders and encodes them; what they name must exist."""
        rows: list[tuple[bytes, str, str]] = []
        folders: dict[str, dict[str, Entry]] = {}
        for path, item in below.items():
            folder, slash, rest = path.partition("/")
            if slash:
                folders.setdefault(folder, {})[rest] = item
            else:
                rows.append((_bytes(path), item.mode, item.oid))
        rows += [(_bytes(name) + b"/", "40000", self.add_tree(inner)) for name, inner in folders.items()]
        lines = (
            mode.encode() + b" " + name.rstrip(b"/") + b"\0" + bytes.fromhex(oid)
            for name, mode, oid in sorted(rows)
        )
        return self.add("tree", b"".join(lines))

    def files(self) -> dict[str, bytes]:
        """Return what was added as files of an object folder; the index, which makes git see it, is last."""
        if not self._objects:
            return {}
        parts, places, checks = [b"PACK" + struct.pack(">II", 2, len(self._objects))], {}, {}
        offset = len(parts[0])
        for name, (kind, body) in self._objects.items():
            part = _header(kind, len(body)) + zlib.compress(body, self._level)
            parts.append(part)
            places[name], checks[name] = offset, zlib.crc32(part)
            offset += len(part)
        data = b"".join(parts)
        trailer = self._digest(data)
        stem = f"pack/pack-{trailer.hex()}"
        return {f"{stem}.pack": data + trailer, f"{stem}.idx": self._index(places, checks, trailer)}

    def save(self, objects: StrPath) -> None:
        """Write everything added into the object folder of a repository that others use: whole, or unseen."""
        files, folder = self.files(), os.path.join(objects, "pack")
        aside = {name: os.path.join(folder, f"tmp_{os.urandom(8).hex()}") for name in files}
        try:
            for name, data in files.items():
                os.makedirs(folder, exist_ok=True)
                write_file(aside[name], data)  # git prunes tmp_*
                os.chmod(aside[name], os.stat(folder).st_mode & 0o444)  # read by whom the folder lets in
            for name, place in aside.items():
                os.replace(place, os.path.join(objects, name))
        except OSError:
            for place in aside.values():
                with suppress(FileNotFoundError):
                    os.unlink(place)
            raise

    def _index(self, places: dict[bytes, int], checks: dict[bytes, int], trailer: bytes) -> bytes:
        names = sorted(places)
        counts = [0] * 256
        for name in names:
            counts[name[0]] += 1
        data = b"\377tOc" + struct.pack(">I256I", 2, *accumulate(counts)) + b"".join(names)
        data += struct.pack(f">{len(names)}I", *(checks[name] for name in names))
        data += struct.pack(f">{len(names)}I", *(places[name] for name in names)) + trailer
        return data + self._digest(data)

    def _digest(self, data: bytes) -> bytes:
        return hashlib.new(self._algorithm, data).digest()


def _header(kind: int, size: int) -> bytes:
    """Encode an object's kind and size: four bits, then seven at a time."""
    first, size = kind << 4 | size & 15, size >> 4
    found = bytearray()
    while size:
        found.append(first | 0x80)
        first, size = size & 127, size >> 7
    found.append(first)
    return bytes(found)


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
