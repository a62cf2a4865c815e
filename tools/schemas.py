"""schemas.py SOURCES FOLDER: take the official schemas out of the locked sources that carry them."""

from __future__ import annotations

import re
import sys
import tarfile
from pathlib import Path

LOCK = Path(__file__).resolve().parents[1] / "requirements" / "schemas.txt"
# Which file of which distribution, and what it is called here.
WANTED = {
    "sarif-om": ("sarif-2.1.0-rtm.4.json", "sarif-2.1.0.json"),
    "pytest": ("testing/example_scripts/junit-10.xsd", "junit-10.xsd"),
}


def main(sources: Path, folder: Path) -> None:
    """Write each wanted schema; an archive or a file that is missing ends it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, version in re.findall(r"^([\w-]+)==(\S+)", LOCK.read_text(), re.MULTILINE):
        inside, outside = WANTED[name]
        root = f"{name.replace('-', '_')}-{version}"
        with tarfile.open(sources / f"{root}.tar.gz") as archive:
            data = archive.extractfile(f"{root}/{inside}")
            if data is None:
                sys.exit(f"{root} has no file {inside}")
            (folder / outside).write_bytes(data.read())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
