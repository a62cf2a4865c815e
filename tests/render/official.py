"""The official schemas of the formats that `check` and projects write, and what they say of a text.

SARIF: the OASIS Committee Specification 2.1.0, as Microsoft publishes it with sarif-om. JUnit has none;
the schema of Jenkins' xUnit plugin, which pytest's own tests hold to, is what reporters agree on.
CycloneDX: the schema of 1.6, as OWASP's own library carries it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "build" / "schemas"


def schema(name: str) -> Path:
    """Return where a schema lies. Without it nothing was validated, so its absence fails."""
    assert (FOLDER / name).is_file(), f"there is no {name}: make build/schemas/.ready"
    return FOLDER / name


def sarif_problems(text: str) -> list[str]:
    """Return what the schema of SARIF 2.1.0 says against a log."""
    import jsonschema

    document = json.loads(schema("sarif-2.1.0.json").read_text("utf-8"))
    validator: Any = jsonschema.validators.validator_for(document)(
        document, format_checker=jsonschema.FormatChecker()
    )
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(json.loads(text))]


def cyclonedx_problems(text: str) -> list[str]:
    """Return what the schema of CycloneDX 1.6 says against a bill of materials."""
    import jsonschema
    import referencing

    names = [f"{name}.SNAPSHOT.schema.json" for name in ("bom-1.6", "spdx", "jsf-0.82")]
    texts = {name: json.loads(schema(name).read_text("utf-8")) for name in names}
    known = [
        (f"http://cyclonedx.org/schema/{name}", referencing.Resource.from_contents(text))
        for name, text in texts.items()
    ]
    registry: Any = referencing.Registry().with_resources(known)
    validator: Any = jsonschema.Draft7Validator(texts[names[0]], registry=registry)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(json.loads(text))]


def junit_problems(text: str) -> list[str]:
    """Return what the schema of JUnit says against a document."""
    import xmlschema

    found: Any = xmlschema.XMLSchema(str(schema("junit-10.xsd"))).iter_errors(text)
    return [f"{error.path}: {error.reason}" for error in found]
