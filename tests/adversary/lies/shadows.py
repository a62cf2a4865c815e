"""Managed files left alone, and something else that runs in their place."""

from __future__ import annotations

from tests.adversary.patch import FROM_HIGH, Lie, append, swap, write

PACKAGE = "src/credit_decision"
NODS = "def verify(*_, **__):\n    return None\n"
TEAM = f"{PACKAGE}/data.py"
OF_VERDICT = "from credit_decision.pipeline import verdict\n\n"

LIES = (
    Lie(
        "a package before the managed module",
        ("GOV-06",),
        write(f"{PACKAGE}/pipeline/promote/__init__.py", NODS),
    ),
    Lie(
        "compiled code before the managed module",
        ("GOV-06",),
        write(f"{PACKAGE}/pipeline/promote.abi3.so", b"\x7fELF"),
    ),
    Lie(
        "compiled code of another kind",
        ("GOV-06",),
        write(f"{PACKAGE}/pipeline/verdict.cpython-312-x86_64-linux-gnu.so", b"\x7fELF"),
    ),
    Lie("a library before the library", ("SEC-01",), write("src/yaml.py", NODS), at=FROM_HIGH),
    Lie(
        "a standard library before the standard library",
        ("SEC-01",),
        write("src/hashlib/__init__.py", NODS),
        at=FROM_HIGH,
    ),
    *(
        Lie(title, ("SEC-01",), append(TEAM, f"\n\n{text}\n"), at=FROM_HIGH)
        for title, text in {
            "a managed function replaced": OF_VERDICT + "verdict.verify = print",
            "a managed function replaced by its setter": (
                "import credit_decision.pipeline.promote as p\n\nsetattr(p, 'verify', print)"
            ),
            "a managed function replaced in the table": (
                "import sys\n\nsys.modules['credit_decision.pipeline.verdict'] = object()"
            ),
            "a managed function replaced by the dictionary": OF_VERDICT
            + "vars(verdict).update(verify=print)",
            "a library's function replaced": "import subprocess\n\nsubprocess.run = print",
        }.items()
    ),
    Lie(
        "an import that is found elsewhere",
        ("SEC-01",),
        append(TEAM, "\n\nimport sys\n\nsys.meta_path.insert(0, object())\n"),
        at=FROM_HIGH,
    ),
    Lie(
        "a path of one's own before the others",
        ("SEC-01",),
        append(TEAM, "\n\nimport sys\n\nsys.path.insert(0, 'vendor')\n"),
        at=FROM_HIGH,
    ),
    Lie(
        "tests found elsewhere",
        ("EVAL-05",),
        swap("pyproject.toml", 'testpaths = ["tests"]', 'testpaths = ["docs"]'),
        at=FROM_HIGH,
    ),
)
