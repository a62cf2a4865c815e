"""A bounded look into an archive: never unpacked to disk, names that leave it refused, bombs cut off."""

from __future__ import annotations

import bz2
import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, NoReturn, TypeVar

from roadworthy.core.documents.snapshot import MAX_DEPTH, MAX_FILE, MAX_FILES, MAX_TOTAL, Snapshot, Unreadable
from roadworthy.errors import UsageError

T = TypeVar("T")
# Everything that comes out of a decompressor, the parts that are skipped included.
MAX_UNPACKED = 256 << 20
# What only says something of the members: their reader takes it whole, long before anybody looks at one.
MAX_ABOUT = 8 << 20
ABOUT_OTHERS = (
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
)
BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    OSError,
    EOFError,
    ValueError,
    zlib.error,
    NotImplementedError,
    RuntimeError,
)


class TooMuchError(Exception):
    """The archive holds more than is looked at."""


class _Unpacked:
    """What an archive held, as far as it was looked at."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.refused: dict[str, str] = {}
        self.total = 0

    def count(self, members: Iterable[T]) -> Iterator[T]:
        """Yield the members, folders among them, as long as they are not too many."""
        for number, member in enumerate(members):
            if number >= MAX_FILES:
                raise TooMuchError(f"more than {MAX_FILES:,} members")
            yield member

    def offer(self, name: str, odd: str, size: int, stream: IO[bytes] | None) -> None:
        """Take in one member, or note why not."""
        reason = odd or _odd_name(name) or ("twice in the archive" if name in self.files else "")
        if not reason and size > MAX_FILE:
            reason = f"larger than {MAX_FILE:,} bytes"
        if reason or stream is None:
            self.refused[ascii(name)[1:-1][:200]] = reason or "not a regular file"
            return
        data = stream.read(MAX_FILE + 1)
        self.total += len(data)
        if len(data) != size or self.total > MAX_TOTAL:
            raise TooMuchError("other bytes than it says, or more than are looked at")
        self.files[name] = data


def open_packed(place: Path) -> Snapshot:
    """Return a snapshot of a zip, tar, tar.gz or tar.bz2 archive."""
    unpacked, incomplete = _Unpacked(), ""
    try:
        with place.open("rb") as file:
            (_zip if file.read(2) == b"PK" else _tar)(file, unpacked)
    except TooMuchError as error:
        incomplete = str(error)
    except BROKEN as error:
        if not unpacked.files:
            raise UsageError(
                f"{place} is not a zip or tar archive that can be read: {error}", "name one"
            ) from None
        incomplete = f"the archive breaks off: {error}"
    files = _without_common_folder(
        {n: data for n, data in unpacked.files.items() if n not in unpacked.refused}
    )
    return Snapshot(
        sizes={name: len(data) for name, data in files.items()},
        refused=unpacked.refused,
        reader=lambda name: files.get(name, Unreadable(reason="there is no such file")),
        source={"kind": "archive", "path": str(place)},
        incomplete=incomplete,
    )


def _zip(file: IO[bytes], unpacked: _Unpacked) -> None:
    end = zipfile._EndRecData(file)  # type: ignore[attr-defined]  # its own reader, which reads on unbounded
    if end and end[zipfile._ECD_SIZE] > MAX_ABOUT:  # type: ignore[attr-defined]
        raise TooMuchError(f"a table of contents of more than {MAX_ABOUT:,} bytes")
    with zipfile.ZipFile(file) as archive:
        for member in unpacked.count(archive.infolist()):
            if member.is_dir():
                continue
            link = (member.external_attr >> 16) & 0o170000 == 0o120000
            sealed = "encrypted" if member.flag_bits & 1 else ""
            odd = "a symbolic link, which is not followed" if link else sealed
            if odd or member.file_size > MAX_FILE:
                unpacked.offer(member.filename, odd, member.file_size, None)
                continue
            with archive.open(member) as stream:
                unpacked.offer(member.filename, odd, member.file_size, stream)


def _tar(file: IO[bytes], unpacked: _Unpacked) -> None:
    with _Tar.open(fileobj=_Counted(_decompressed(file)), mode="r|", errorlevel=1) as archive:
        for member in unpacked.count(archive):
            # The reader would look for as many bytes as a header claims, long after the last one.
            if member.size > MAX_UNPACKED:
                raise TooMuchError(f"a member of more than {MAX_UNPACKED:,} bytes")
            if member.isdir():
                continue
            odd = "a link, which is not followed" if member.islnk() or member.issym() else ""
            stream = archive.extractfile(member) if member.isreg() and member.size <= MAX_FILE else None
            unpacked.offer(member.name.removeprefix("./"), odd, member.size, stream)


class _Member(tarfile.TarInfo):
    """A member of a tar archive, whose reader is stopped before it takes in headers without end."""

    def _proc_member(self, archive: _Tar) -> tarfile.TarInfo:
        if self.type in ABOUT_OTHERS:
            archive.about += self.size
        if archive.about > MAX_ABOUT:
            raise TooMuchError(f"headers of more than {MAX_ABOUT:,} bytes")
        found: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]
        return found

    def _sparse(self, *_: object) -> NoReturn:
        raise TooMuchError("a sparse file")

    _proc_sparse = _proc_gnusparse_00 = _proc_gnusparse_01 = _proc_gnusparse_10 = _sparse


class _Tar(tarfile.TarFile):
    """A tar archive that counts the bytes of its headers' headers."""

    tarinfo = _Member
    about = 0


def _decompressed(file: IO[bytes]) -> IO[bytes]:
    file.seek(0)
    magic = file.read(6)
    file.seek(0)
    if magic.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=file)  # type: ignore[return-value]
    if magic.startswith(b"BZh"):
        return bz2.BZ2File(file)
    if magic.startswith((b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")):
        raise ValueError("compressed by xz or zstd; use zip, tar or tar.gz")
    return file


class _Counted(io.RawIOBase):
    """A stream that ends the reading when too much has come out of it."""

    def __init__(self, inner: IO[bytes]) -> None:
        self.inner, self.left = inner, MAX_UNPACKED

    def readable(self) -> bool:
        """Say yes, as the tar reader asks."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes."""
        data = self.inner.read(size)
        self.left -= len(data)
        if self.left < 0:
            raise TooMuchError(f"more than {MAX_UNPACKED:,} bytes when unpacked")
        return data


def _odd_name(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or (len(name) > 1 and name[1] == ":"):
        return "a name that leaves the archive"
    if len(path.parts) > MAX_DEPTH:
        return "too deep a path"
    return "a name that is not UTF-8" if any("\ud800" <= each <= "\udfff" for each in name) else ""


def _without_common_folder(files: dict[str, bytes]) -> dict[str, bytes]:
    """Forges put a project's archive into one folder of its own name; look at what is in it."""
    tops = {name.partition("/")[0] for name in files}
    if len(tops) != 1 or not _all_below(files):
        return files
    return {name.partition("/")[2]: data for name, data in files.items()}


def _all_below(names: Iterable[str]) -> bool:
    return all("/" in name for name in names)
