"""Text of strangers made harmless for terminals, CI logs, Markdown and XML: shown, never obeyed."""

from __future__ import annotations

import re

# Controls (C0, DEL, C1), line separators, direction overrides, invisible joiners, half surrogate pairs.
_ODD = (
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069"
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_LOG_COMMAND = re.compile(r"(^|\s)::|##\[|##vso")
_MARKDOWN = r"([\\`*_{}\[\]()#+!|~=-])"
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "@": "&#64;"}
_SECRET = re.compile(
    r"(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|A(?:KIA|SIA)[0-9A-Z]{16}|AIza[\w-]{35}"
    r"|xox[abprs]-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{20,}|-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\s]*"
    r"|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{5,})"
)
MOST = 2_000


def plain(text: object, most: int = MOST) -> str:
    """Return one line of text without controls, log commands or live credentials."""
    said = " ".join(str(text).split("\n"))
    said = _SECRET.sub("[redacted]", said[: most * 2])
    if not (said.isascii() and said.isprintable()):
        said = re.sub(_ODD, lambda found: f"\\u{ord(found.group()):04x}", said)
    said = _LOG_COMMAND.sub(lambda found: found.group().replace("::", ":\\:").replace("##", "#\\#"), said)
    return said if len(said) <= most else said[: most - 1] + "…"


def html(text: object) -> str:
    return "".join(_HTML.get(letter, letter) for letter in plain(text))


def markdown(text: object) -> str:
    """Return text for a Markdown table or paragraph: no markup, no HTML, no mentions."""
    return html(re.sub(_MARKDOWN, r"\\\1", plain(text)))


def code(text: object) -> str:
    """Return text as Markdown code; a backtick in it would end it."""
    return f"<code>{html(text).replace('|', '&#124;').replace('`', '&#96;')}</code>"


def xml(text: object) -> str:
    """Return text that XML can hold; the writer escapes the rest."""
    return "".join(letter for letter in plain(text) if letter not in "\ufffe\uffff")
