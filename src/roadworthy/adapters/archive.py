"""A tree as one file. Plain tar, so that no compressor can change a byte; git and the wheel compress it."""

from __future__ import annotations

import io
import tarfile

from roadworthy.core.templates.tree import File, Tree, tidy
from roadworthy.errors import UsageError


def pack(tree: Tree) -> bytes:
    """Return the archive of a tree: the same bytes for the same tree, on every machine."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(tree):
            archive.addfile(_member(path, tree[path]), io.BytesIO(tree[path].data))
    return buffer.getvalue()


def unpack(data: bytes) -> dict[str, File]:
    """Return the tree in an archive; UsageError if it holds anything but files and links inside it."""
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            return {tidy(member.name): _file(archive, member) for member in archive}
    except (tarfile.TarError, ValueError) as error:
        raise UsageError(f"the archive cannot be read: {error}", "install roadworthy again") from error


def _member(path: str, file: File) -> tarfile.TarInfo:
    member = tarfile.TarInfo(path)
    member.mode = 0o755 if file.executable else 0o644
    member.size = len(file.data)
    if file.link is not None:
        member.type, member.linkname, member.size = tarfile.SYMTYPE, file.link, 0
    return member


def _file(archive: tarfile.TarFile, member: tarfile.TarInfo) -> File:
    if member.issym():
        return File(link=member.linkname)
    content = archive.extractfile(member) if member.isreg() else None
    if content is None:
        raise ValueError(f"{member.name} is neither a file nor a link")
    return File(data=content.read(), executable=bool(member.mode & 0o100))
