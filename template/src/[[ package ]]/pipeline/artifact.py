"""The model on disk: skops with reproducible bytes, opened only when nothing in it can run code."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from .outcome import Refused

_EPOCH = (1980, 1, 1, 0, 0, 0)
_NUMPY = b"\x93NUMPY"
_PICKLE_NAMES = (".pkl", ".pickle", ".joblib", ".dill", ".pt", ".bin")


def dumps(model: Any) -> bytes:
    """A fitted model as skops bytes that depend on the model alone: no clock, no memory address."""
    import skops.io

    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(model))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(members.pop("schema.json"))
    names = _renumber(schema)
    renamed = {names[name]: data for name, data in members.items()}
    return _zip({**renamed, "schema.json": json.dumps(schema, indent=1).encode()})


def load(file: Path, trusted: Sequence[str]) -> Any:
    """Open a model; unknown types are refused unless the policy (never the model) trusts them."""
    import skops.io

    refuse_pickle(file)
    unknown = [name for name in skops.io.get_untrusted_types(file=file) if name not in trusted]
    if unknown:
        raise Refused(
            f"the model holds types that the policy does not trust: {', '.join(unknown)}",
            str(file),
            "review the types, then list them under `trusted_types` in policy/serving.yaml",
        )
    return skops.io.load(file, trusted=list(trusted))


def refuse_pickle(file: Path) -> None:
    """A model file may hold a schema and plain arrays; anything that pickle would open is refused."""
    try:
        with zipfile.ZipFile(file) as archive:
            bad = next((name for name in archive.namelist() if not _plain(archive, name)), None)
    except (OSError, zipfile.BadZipFile) as error:
        raise Refused("not a skops model", str(file), "run `train` again") from error
    if bad is not None:
        raise Refused(f"a pickle or unknown content in the artifact: {bad}", str(file), "run `train` again")


def refuse_pickles_in(folder: Path) -> None:
    """No file of a run or release may be a pickle, whatever its name."""
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        if file.name.endswith(_PICKLE_NAMES) or _starts_as_pickle(file.read_bytes()):
            raise Refused(
                f"a pickle in the artifact: {file.name}", str(file), "remove it and run `train` again"
            )


def _plain(archive: zipfile.ZipFile, name: str) -> bool:
    if name == "schema.json":
        return True
    with archive.open(name) as member:
        head = member.read(256)
    return name.endswith(".npy") and head.startswith(_NUMPY) and b"|O" not in head


def _starts_as_pickle(data: bytes) -> bool:
    """Protocol 2 and newer open with a mark; older ones are a stack of text lines that ends with a dot."""
    marked = len(data) > 2 and data[0] == 0x80 and 2 <= data[1] <= 5
    return marked or (data[:1] in (b"c", b"(") and data.endswith(b"."))


def _renumber(schema: dict[str, Any]) -> dict[str, str]:
    """Replace memory addresses by the order of appearance; answers old file names to new ones."""
    numbers: dict[int, int] = {}
    files: dict[str, str] = {}
    for node in _nodes(schema):
        if "__id__" in node:
            node["__id__"] = numbers.setdefault(node["__id__"], len(numbers))
        if isinstance(node.get("file"), str):
            node["file"] = files.setdefault(node["file"], f"{len(files)}{Path(node['file']).suffix}")
    return files


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    children: Iterable[Any] = (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    )
    for child in children:
        yield from _nodes(child)


def _zip(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), members[name])
    return buffer.getvalue()
