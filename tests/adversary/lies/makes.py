"""A `make test` that CI calls and that tests nothing, in the many languages of make."""

from __future__ import annotations

from tests.adversary.patch import Hand, Lie, append, each, swap, write
from tests.adversary.scene import Scene

TESTS, PHONY = "$(PYTHON) -m pytest\n", "drill rebuild trace image"
FOUND = "PYTHON := $(VENV)/bin/python\n"


def _python(instead: str) -> Hand:
    """Another way to say which Python it is."""
    return swap("Makefile", FOUND, instead)


def _recipe(instead: str) -> Hand:
    return swap("Makefile", f"\t{TESTS}", instead)


def _gnu(text: str) -> Hand:
    return write("GNUmakefile", text)


def _up_to_date(scene: Scene) -> None:
    """A target that is a file: there is nothing to be done for it."""
    scene.swap("Makefile", "life test lint", "life lint")
    scene.swap("Makefile", "test: $(READY)", "test:")
    scene.write("test", "done\n")


LIES = (
    *(
        Lie(title, ("EVAL-05", "REL-01"), hand, says="tests")
        for title, hand in {
            "tests by a make that is found first": _gnu("include Makefile\n\ntest:\n\t@true\n"),
            "tests by a make that is found first, in one line": _gnu("include Makefile\ntest: ; @true\n"),
            "tests by a recipe in the line of its target": append("Makefile", "\ntest: ; @true\n"),
            "tests in a shell for one target": append("Makefile", "\ntest: SHELL = /bin/true\n"),
            "tests with a flag for one target": append("Makefile", "\ntest: .SHELLFLAGS = -nc\n"),
            "tests in a shell for all targets of a pattern": append("Makefile", "\n%: SHELL := /bin/true\n"),
            "tests by a Python that a shell names": append("Makefile", "\nPYTHON != echo true\n"),
            "tests by a Python that is defined": append("Makefile", "\ndefine PYTHON\ntrue\nendef\n"),
            "tests by a Python that is evaluated": append("Makefile", "\n$(eval PYTHON := true)\n"),
            "tests by another Python, indented": append("Makefile", "\n  PYTHON := true\n"),
            "tests by another Python where CI looks": _python(
                f"ifdef CI\nPYTHON := true\nelse\n{FOUND}endif\n"
            ),
            "tests by another recipe where CI looks": swap(
                "Makefile",
                f"test: $(READY) ## the project's own tests\n\t{TESTS}",
                "ifdef CI\ntest:\n\t@true\nelse\n"
                f"test: $(READY) ## the project's own tests\n\t{TESTS}endif\n",
            ),
            "tests by a recipe that a wildcard includes": each(
                append("Makefile", "\ninclude $(wildcard *.mk)\n"), write("more.mk", "test:\n\t@true\n")
            ),
            "tests by a recipe that a pattern includes": each(
                append("Makefile", "\n-include ci/*.mk\n"), write("ci/more.mk", "test:\n\t@true\n")
            ),
            "tests by a recipe that is made on the way": append(
                "Makefile", "\n-include more.mk\nmore.mk:\n\t@printf 'test: ; @true' > $@\n"
            ),
            "tests that end well": _recipe("\t$(PYTHON) -m pytest; true\n"),
            "tests that end well, over two lines": _recipe("\t$(PYTHON) -m pytest; \\\n\ttrue\n"),
            "tests that end well, said with a number": _recipe("\t$(PYTHON) -m pytest ; exit 0\n"),
            "tests whose target is a file": _up_to_date,
            "tests with words from the environment": append("Makefile", "\nexport PYTEST_ADDOPTS := --co\n"),
            "tests with words from the environment, of one target": append(
                "Makefile", "\ntest: export PYTEST_ADDOPTS = --collect-only\n"
            ),
        }.items()
    ),
)
