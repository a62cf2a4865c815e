"""Git objects written without git: one pack and its index, in git's documented formats (version 2 of both).

A merge needs a few dozen new objects; as one pack they cost two files and no process.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from itertools import accumulate
from pathlib import Path

from roadworthy.core.merging.entries import Entries, Entry

KINDS = {"commit": 1, "tree": 2, "blob": 3}


class Pack:
    """Objects on their way into a repository; `add` returns an object's name at once."""

    def __init__(self, algorithm: str) -> None:
        self._algorithm = algorithm
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

    def save(self, objects: Path) -> None:
        """Write everything added into a repository's object folder."""
        parts, places, checks = [b"PACK" + struct.pack(">II", 2, len(self._objects))], {}, {}
        offset = len(parts[0])
        for name, (kind, body) in self._objects.items():
            part = _header(kind, len(body)) + zlib.compress(body, 1)
            parts.append(part)
            places[name], checks[name] = offset, zlib.crc32(part)
            offset += len(part)
        data = b"".join(parts)
        trailer = self._digest(data)
        place = objects / "pack" / f"pack-{trailer.hex()}"
        place.parent.mkdir(exist_ok=True)
        place.with_suffix(".pack").write_bytes(data + trailer)
        place.with_suffix(".idx").write_bytes(self._index(places, checks, trailer))

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
