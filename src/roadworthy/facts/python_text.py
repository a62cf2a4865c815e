"""Python source read without parsing it: strings and comments taken out, so that words in them prove nothing.

A syntax tree costs ten times as much; `facts/python_tree.py` makes it for files that look like they need it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from roadworthy.core.values import frozen

MAX_SOURCE = 524_288
_WORD = re.compile(r"\w+")
_SELF = re.compile(r"[\"'.]\s*self\b")
# In either of the first two lines a comment may name the encoding that Python reads the file in.
_CODING = re.compile(rb"(?:[ \t\f]*(?:#[^\n\r]*)?\r?\n)?[ \t\f]*#[^\n\r]*?coding[:=][ \t]*([-\w.]+)")
_UTF8 = (b"utf-8", b"utf8", b"utf_8", b"utf-8-sig", b"ascii", b"us-ascii")
_STRING_OR_COMMENT = re.compile(
    r"#[^\n]*|[rbfuRBFU]{0,2}(?:\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''"
    r"|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')",
    re.DOTALL,
)
_FROM = re.compile(r"(?:^|;)[ \t]*from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]*(\([^)]*\)|[^\n;]+)", re.MULTILINE)
_IMPORT = re.compile(r"(?:^|;)[ \t]*import[ \t]+([^\n;(]+)", re.MULTILINE)
_FUNCTION = re.compile(r"^([ \t]*)(?:async[ \t]+)?def[ \t]+(\w+)[ \t]*\(", re.MULTILINE)
_CALL = re.compile(r"\b(\w+)[ \t]*\(")
_ASSERTION = re.compile(
    r"\bassert[ \t]*(?!True\b|1\b|not False\b|\"\"[ \t]*$)\S|\b(?:raises|warns|\w*assert\w*)[ \t]*\(",
    re.MULTILINE,
)
_SKIPPED = re.compile(r"@[\w.]*\b(?:skip|xfail)\b")


@frozen
class Source:
    """One file: its code without strings and comments, its short strings, and the modules it names."""

    code: str
    strings: frozenset[str]
    imports: tuple[tuple[str, int], ...]


@frozen
class Test:
    """One test function, and whether it asserts anything."""

    name: str
    asserts: bool
    skipped: bool


@lru_cache(maxsize=4096)
def words(data: bytes) -> frozenset[str] | None:
    """Return every word of a file, strings and comments included; None when it cannot be read.

    A method's `self` is none, because every class has it; a column of that name has a quote or a dot.
    """
    text = _decoded(data)
    if text is None:
        return None
    text = same_letters(text)
    found = frozenset(_WORD.findall(text))
    return found if "self" not in found or _SELF.search(text) else found - {"self"}


def _decoded(data: bytes) -> str | None:
    """The text, unless it is too large, holds a NUL, or is or calls itself anything but UTF-8."""
    coding = _CODING.match(data)
    if len(data) > MAX_SOURCE or b"\x00" in data or (coding and coding[1].lower() not in _UTF8):
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def same_letters(text: str) -> str:
    """Return a text in the letters by which Python knows a name."""
    if text.isascii():
        return text
    from unicodedata import normalize

    return normalize("NFKC", text)


@lru_cache(maxsize=4096)
def read_source(data: bytes) -> Source | None:
    """Return a file's text as data; None when it cannot be read."""
    text = _decoded(data)
    if text is None:
        return None
    strings: set[str] = set()
    code = _STRING_OR_COMMENT.sub(lambda match: _blank(match[0], strings), text)
    return Source(code=code, strings=frozenset(strings), imports=tuple(_imports(code.replace("\\\n", " "))))


def _blank(token: str, strings: set[str]) -> str:
    """Replace a string by an empty one, keeping its line breaks; remember it when it is short."""
    if token.startswith("#"):
        return ""
    if len(token) < 100:
        strings.add(token.lstrip("rbfuRBFU").strip("\"'"))
    return '""' + "\n" * token.count("\n")


def _imports(code: str) -> list[tuple[str, int]]:
    """Every module named by an import, with its line; `from x import y` names x and x.y."""
    found = []
    for match in _FROM.finditer(code):
        line = code.count("\n", 0, match.start(1)) + 1
        names = [part.split()[0] for part in match[2].strip("() \n").split(",") if part.split()]
        dot = "" if match[1].endswith(".") else "."
        found += [(match[1], line), *((f"{match[1]}{dot}{name}", line) for name in names if name != "*")]
    for match in _IMPORT.finditer(code):
        line = code.count("\n", 0, match.start(1)) + 1
        found += [(part.split()[0], line) for part in match[1].split(",") if part.split()]
    return found


@lru_cache(maxsize=4096)
def helpers_in(code: str) -> frozenset[str]:
    """Return the names of functions that assert something, in code without strings."""
    found = ((match[2], _body(code, match.end(), match[1])) for match in _FUNCTION.finditer(code))
    return frozenset(name for name, body in found if _ASSERTION.search(body))


@lru_cache(maxsize=4096)
def read_tests(code: str, helpers: frozenset[str] = frozenset()) -> tuple[Test, ...]:
    """Return the test functions in code without strings; a call of a helper that asserts is an assertion."""
    return tuple(
        Test(
            name=match[2],
            asserts=_asserts(_body(code, match.end(), match[1]), helpers),
            skipped=_SKIPPED.search(_decorators(code, match.start())) is not None,
        )
        for match in _FUNCTION.finditer(code)
        if match[2].startswith("test")
    )


def _asserts(body: str, helpers: frozenset[str]) -> bool:
    return _ASSERTION.search(body) is not None or not helpers.isdisjoint(_CALL.findall(body))


def _decorators(code: str, start: int) -> str:
    """The lines above a definition, up to the end of the one before it."""
    lines = code[:start].rstrip("\n").split("\n")
    above = []
    while lines and lines[-1].lstrip().startswith(("@", ")", "]")):
        above.append(lines.pop())
    return "\n".join(above)


def _body(code: str, start: int, indent: str) -> str:
    """The lines after a definition that are indented deeper than it."""
    lines = []
    head = True
    for line in code[start:].split("\n"):
        deeper = line.startswith(indent) and line[len(indent) : len(indent) + 1] in (" ", "\t")
        if not head and line.strip() and not deeper and not line.startswith(f"{indent})"):
            break
        head = False
        lines.append(line)
    return "\n".join(lines)
