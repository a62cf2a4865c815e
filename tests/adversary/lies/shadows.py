"""Managed files left alone, and something else that runs in their place."""

from __future__ import annotations

from tests.adversary.patch import FROM_HIGH, Lie, append, swap, write

PACKAGE = "src/credit_decision"
NODS = "def verify(*_, **__):\n    return None\n"
TEAM = f"{PACKAGE}/data.py"
OF_VERDICT = "from credit_decision.pipeline import verdict\n\n"

LIES = (
    *(
        Lie(title, ("GOV-06",), write(f"{PACKAGE}/pipeline/{name}", content))
        for title, name, content in (
            ("a package before the managed module", "promote/__init__.py", NODS),
            ("compiled code before the managed module", "promote.abi3.so", b"\x7fELF"),
            ("compiled code of another kind", "verdict.cpython-312-x86_64-linux-gnu.so", b"\x7fELF"),
        )
    ),
    *(
        Lie(f"a {kind} before the {kind}", ("SEC-01",), write(f"src/{name}", NODS), at=FROM_HIGH)
        for kind, name in {"library": "yaml.py", "standard library": "hashlib/__init__.py"}.items()
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
            "an import that is found elsewhere": "import sys\n\nsys.meta_path.insert(0, object())",
            "a path of one's own before the others": "import sys\n\nsys.path.insert(0, 'vendor')",
        }.items()
    ),
    Lie(
        "tests found elsewhere",
        ("EVAL-05",),
        swap("pyproject.toml", 'testpaths = ["tests"]', 'testpaths = ["docs"]'),
        at=FROM_HIGH,
    ),
)
