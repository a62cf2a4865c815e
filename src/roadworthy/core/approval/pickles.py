"""Find pickles by their bytes, whatever a file is called. Nothing is ever loaded."""

from __future__ import annotations

import bz2
import io
import lzma
import pickletools
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

PEEK_BYTES = 1 << 16
PLAIN_BYTES = 1 << 22  # text pickles longer than this begin with binary opcodes in practice
MEMBER_BYTES = 1 << 30
DEPTH = 3
_DECOMPRESSORS: dict[bytes, Callable[[], Any]] = {
    b"\x1f\x8b": lambda: zlib.decompressobj(wbits=31),
    **dict.fromkeys((b"x\x01", b"x^", b"x\x9c", b"x\xda"), zlib.decompressobj),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ": lzma.LZMADecompressor,
}


def pickle_in(data: bytes, depth: int = DEPTH) -> str:
    """Return what makes these bytes a pickle, or a container of one; empty when nothing does."""
    if _binary(data) or _text(data):
        return "a pickle"
    if data.startswith(b"\x93NUMPY") and b"|O" in data[:PEEK_BYTES].split(b"\n", 1)[0]:
        return "a numpy array of pickled objects"
    return next(_inside(data, depth), "")


def _binary(data: bytes) -> bool:
    """Protocol 2 and newer: the PROTO opcode, a protocol number that exists, then an opcode."""
    return len(data) > 2 and data[0] == 0x80 and 2 <= data[1] <= 5


def _text(data: bytes) -> bool:
    """Protocols 0 and 1 have no magic: it is a pickle when every byte up to the last parses as one."""
    body = data.rstrip(b"\r\n ")
    if not body.endswith(b".") or len(body) > PLAIN_BYTES:
        return False
    try:
        names = [(opcode.name, place) for opcode, _, place in pickletools.genops(body)]
    except Exception:  # genops raises whatever its argument readers raise
        return False
    return len(names) > 1 and names[-1] == ("STOP", len(body) - 1)


def _inside(data: bytes, depth: int) -> Iterator[str]:
    for magic, decompressor in _DECOMPRESSORS.items():
        if data.startswith(magic):
            yield from _found("a compressed file", _start(decompressor(), data), depth)
    if data.startswith(b"PK\x03\x04"):
        yield from _zipped(data, depth)


def _zipped(data: bytes, depth: int) -> Iterator[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                if member.file_size > MEMBER_BYTES:
                    yield f"{member.filename}, too large to look into"
                else:
                    yield from _found(f"{member.filename}", archive.read(member), depth)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, zlib.error):
        yield "an archive that cannot be read"


def _found(where: str, data: bytes, depth: int) -> Iterator[str]:
    inner = pickle_in(data, depth - 1) if depth else "containers nested too deep to look into"
    if data and inner:
        yield f"{inner} in {where}"


def _start(decompressor: Any, data: bytes) -> bytes:
    """The first bytes of what is inside; none when it is not compressed after all."""
    try:
        return bytes(decompressor.decompress(data, PEEK_BYTES))
    except (OSError, EOFError, zlib.error, lzma.LZMAError):
        return b""
