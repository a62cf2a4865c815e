"""HTML from values: every text is escaped unless it was made here, so no input can write markup."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, *children: object, **attributes: object) -> Markup:
    """One element; `class_` and `stroke_width` become class and stroke-width."""
    named = "".join(f' {_name(key)}="{escape(str(value))}"' for key, value in attributes.items())
    return Markup(f"<{name}{named}>{join(children)}</{name}>")


def join(children: Iterable[object]) -> Markup:
    """Children one after the other, escaped where needed."""
    return Markup("".join(each if isinstance(each, Markup) else escape(str(each)) for each in children))


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-") if key != "viewBox" else key
