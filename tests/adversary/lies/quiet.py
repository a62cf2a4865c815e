"""Tests that are there, and are never asked: by a plugin, an option, a mark, a pattern."""

from __future__ import annotations

from tests.adversary.patch import FROM_HIGH, FROM_MARCH, Hand, Lie, append, each, swap, write

TESTS = "tests/conftest.py"
SKIPS = "import pytest\n\n\ndef pytest_collection_modifyitems(items):\n    for item in items:\n"


def _set(line: str) -> Hand:
    return swap("pyproject.toml", 'testpaths = ["tests"]\n', f'testpaths = ["tests"]\n{line}\n')


def _options(words: str) -> Hand:
    return swap("pyproject.toml", 'addopts = "-q ', f'addopts = "{words} -q ')


def _root(text: str) -> Hand:
    return write("conftest.py", text)


LIES = (
    *(
        Lie(title, ("EVAL-05",), hand, at=FROM_HIGH, says="tests that are kept quiet")
        for title, hand in {
            "tests that a plugin of the project runs": each(
                write("tests/helping.py", "def pytest_pyfunc_call(pyfuncitem):\n    return True\n"),
                _options("-p helping"),
            ),
            "tests that a plugin named in a file runs": each(
                write("tests/helping.py", "def pytest_runtest_protocol(item, nextitem):\n    return True\n"),
                _root("pytest_plugins = ['helping']\n"),
            ),
            "tests that a plugin of the package runs": each(
                write(
                    "src/credit_decision/helping.py", "def pytest_runtestloop(session):\n    return True\n"
                ),
                append(
                    "pyproject.toml", '\n[project.entry-points.pytest11]\nh = "credit_decision.helping"\n'
                ),
            ),
            "tests that expect no error": _root(
                "import contextlib\n\nimport pytest\n\n"
                "pytest.raises = lambda *a, **k: contextlib.suppress(*a)\n"
            ),
            "tests that expect no error, by a setter": _root(
                "import contextlib\n\nimport pytest\n\nsetattr(pytest, 'raises', contextlib.suppress)\n"
            ),
            "tests whose outcome a setter decides": _root(
                "def pytest_runtest_logreport(report):\n    setattr(report, 'outcome', 'passed')\n"
            ),
            "tests of no file": _set('python_files = ["check_*.py"]'),
            "tests of no function": _set('python_functions = ["verify_*"]'),
            "tests in folders that are passed by": _set('norecursedirs = ["tests"]'),
            "tests by another configuration": each(
                write("docs/quiet.ini", "[pytest]\naddopts = --co\n"), _options("-c docs/quiet.ini")
            ),
            "tests with an option overridden": _options("-o python_files=check_*.py"),
        }.items()
    ),
    *(
        Lie(title, ("EVAL-05",), hand, at=FROM_MARCH, says="tests that are left out")
        for title, hand in {
            "tests left out by name": _options("-k 'not refus'"),
            "tests left out one by one": _options("--deselect tests/test_promote.py"),
            "tests left out by file": _options("--ignore=tests/test_verdict.py"),
            "tests left out by a pattern": _options("--ignore-glob='*verdict*'"),
            "tests chosen by a mark": _options("-m smoke"),
            "tests left out by a list": _root("collect_ignore = ['tests/test_promote.py']\n"),
            "tests left out by a list of patterns": _root("collect_ignore_glob = ['*verdict*']\n"),
            "tests left out by a hook": _root(
                "def pytest_ignore_collect(collection_path):\n    return 'gate' in str(collection_path)\n"
            ),
            "tests skipped by a hook": _root(SKIPS + "        item.add_marker(pytest.mark.skip)\n"),
            "tests that may fail, by a hook": _root(
                SKIPS + "        item.add_marker(pytest.mark.xfail(strict=False))\n"
            ),
            "tests filtered by a hook": _root(
                "def pytest_collection_modifyitems(items):\n"
                "    items[:] = [i for i in items if 'gate' not in i.name]\n"
            ),
            "tests skipped before they run": _root(
                "import pytest\n\n\ndef pytest_runtest_setup(item):\n    pytest.skip('later')\n"
            ),
            "tests skipped by a fixture for all": _root(
                "import pytest\n\n\n@pytest.fixture(autouse=True)\ndef calm(request):\n"
                "    if 'refus' in request.node.name:\n        pytest.skip('later')\n"
            ),
            "tests marked by a hook, and left out by that mark": each(
                _root(SKIPS + "        if 'refus' in item.name:\n            item.add_marker('slow')\n"),
                _options("-m 'not slow'"),
            ),
        }.items()
    ),
)
