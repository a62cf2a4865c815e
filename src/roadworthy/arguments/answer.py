"""What every verb comes to, and what several take."""

# Annotations are evaluated: of a text, NamedTuple compiles each, and the first compiled one takes 1 ms.

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from roadworthy.errors import UsageError
from roadworthy.render import as_json

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction
    from typing import TypeAlias

    Verbs: TypeAlias = _SubParsersAction[ArgumentParser]

T = TypeVar("T")


class Answer(NamedTuple):
    """What a command says: text for standard output, and the exit code."""

    text: str
    exit_code: int = 0


def told(
    args: "Namespace", found: T, text: Callable[[T], str], schema: str, code: int = 0, **more: object
) -> Answer:
    """Return what was found in words, or for a machine that asked for JSON."""
    return Answer(as_json(schema, found, **more) if args.json else text(found), code)


def words(said: str) -> str:
    """Return what a person said, also where the locale knows no letter of it."""
    try:
        return said.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeError as error:
        raise UsageError(f"expected UTF-8: {said!r}") from error


def keyed(option: str, given: Iterable[str], example: str) -> dict[str, str]:
    """Return what an option says as KEY=VALUE, the last word on each key."""
    pairs = [words(each).partition("=") for each in given]
    for key, equals, value in pairs:
        if not (key and equals):
            said = f"{option} {key + equals + value!r}: expected KEY=VALUE"
            raise UsageError(said, f"such as {option} {example}")
    return {key.strip(): value for key, _, value in pairs}
