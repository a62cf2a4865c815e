"""schemas.py SOURCES FOLDER: take the official schemas out of the locked packages that carry them."""

from __future__ import annotations

import re
import sys
import tarfile
import zipfile
from pathlib import Path

LOCK = Path(__file__).resolve().parents[1] / "requirements" / "schemas.txt"
CYCLONEDX = ("bom-1.6", "spdx", "jsf-0.82")
# Which files of which distribution, and what each is called here.
WANTED = {
    "sarif-om": {"sarif-2.1.0-rtm.4.json": "sarif-2.1.0.json"},
    "pytest": {"testing/example_scripts/junit-10.xsd": "junit-10.xsd"},
    "cyclonedx-python-lib": {
        f"cyclonedx/schema/_res/{name}.SNAPSHOT.schema.json": f"{name}.SNAPSHOT.schema.json"
        for name in CYCLONEDX
    },
}


def main(sources: Path, folder: Path) -> None:
    """Write each wanted schema; an archive or a file that is missing ends it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, version in re.findall(r"^([\w-]+)==(\S+)", LOCK.read_text(), re.MULTILINE):
        root = f"{name.replace('-', '_')}-{version}"
        for inside, outside in WANTED[name].items():
            (folder / outside).write_bytes(_read(sources, root, inside))


def _read(sources: Path, root: str, inside: str) -> bytes:
    wheel = sources / f"{root}-py3-none-any.whl"
    if wheel.is_file():
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(inside)
    with tarfile.open(sources / f"{root}.tar.gz") as archive:
        data = archive.extractfile(f"{root}/{inside}")
        return data.read() if data else sys.exit(f"{root} has no file {inside}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
