"""Copier's questions, answered without prompting: given, recorded and default answers become one context."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import jinja2

from roadworthy.core.templates.answers import CASTS, BadAnswer, cast, from_yaml, raw_items, to_bool
from roadworthy.core.templates.jinja import NOW, Context, CopierConf, Strings, Unsupported, unavailable
from roadworthy.core.templates.tree import tidy
from roadworthy.core.values import field, frozen
from roadworthy.errors import UsageError

MISSING: Final = object()
RESERVED: Final = ("now", "make_secret")
REMEMBERED: Final = (dict, list, str, int, float, bool, type(None))
Choice: TypeAlias = tuple[Any, str]


@frozen
class Run:
    """What a render depends on, beside template and answers. `now` is in seconds since 1970."""

    src_path: str = ""
    commit: str | None = None
    folder: str = "project"
    answers_file: str | None = None
    operation: str = "copy"
    now: float | None = None


@frozen
class Question:
    """One question of `copier.yml`, not yet asked. Texts may be templates."""

    name: str
    type: str = ""
    default: Any = MISSING
    choices: Any = ()
    multiselect: bool = False
    validator: str = ""
    when: str | bool = True
    ask: str | bool = True
    secret: bool = False


@frozen
class Asked:
    """What a questionnaire was given, and what it made of that."""

    run: Run
    questions: tuple[Question, ...]
    answers_file: str
    strings: Strings
    given: dict[str, Any]
    last: dict[str, Any]
    user: dict[str, Any] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)

    @property
    def option(self) -> str:
        """Return how a person gives an answer: to what is made, or to what is updated."""
        if self.run.operation != "update":
            return "--data"
        return f"--to {self.run.commit} --answers" if self.run.commit else "--answers"

    @property
    def metadata(self) -> dict[str, Any]:
        """Return what identifies the template, in the order of Copier's answers file."""
        commit = {} if self.run.commit is None else {"_commit": self.run.commit}
        return {**commit, "_src_path": self.run.src_path}

    def combined(self) -> dict[str, Any]:
        """Return every known value, the strongest source winning."""
        beyond = {name: unavailable(name) for name in RESERVED}
        return dict(ChainMap(self.user, self.given, self.metadata, self.last, {"_external_data": {}}, beyond))

    def remembered(self, combined: Mapping[str, Any]) -> dict[str, Any]:
        """Return what belongs in the answers file: neither hidden nor secret nor unknown."""
        names = {question.name for question in self.questions if not question.secret} - self.hidden
        kept = {k: v for k, v in combined.items() if k in names and isinstance(v, REMEMBERED)}
        return {**self.metadata, **kept}

    def context(self, phase: str) -> dict[str, Any]:
        """Return the context Copier renders in."""
        combined = self.combined()
        context: dict[str, Any] = {
            **combined,
            "_copier_answers": self.remembered(combined),
            "_folder_name": self.run.folder,
            "_copier_python": unavailable("_copier_python"),
            "_copier_phase": phase,
            NOW: self.run.now,
        }
        source = self.run.answers_file or self.answers_file
        blank = {**context, "_copier_conf": {"answers_file": ""}}
        return {**context, "_copier_conf": CopierConf(lambda: tidy(self.strings.render(source, blank)))}


def answer_all(asked: Asked) -> dict[str, Any]:
    """Answer every question in order and return the context to render in; UsageError names the bad answer."""
    for question in asked.questions:
        _answer(asked, question)
    return asked.context("render")


@frozen
class Posed:
    """A question in the context of the answers before it."""

    question: Question
    strings: Strings
    context: Context
    option: str

    def render(self, value: Any, **extra: Any) -> Any:
        """Render a text of the question."""
        return self.strings.value(value, {**self.context, **extra})

    def holds(self, condition: str | bool) -> bool:
        return to_bool(self.render(condition))

    def type_name(self) -> str:
        """Return the question's type; Copier guesses it from the default."""
        guess = type(self.question.default).__name__
        name = self.render(self.question.type) or (guess if guess in CASTS else "yaml")
        if name not in CASTS:
            known = f"use one of: {', '.join(CASTS)}"
            raise UsageError(f"copier.yml: question {self.question.name}: unknown type {name}", known)
        return str(name)

    def choices(self) -> list[Choice]:
        """Return the choices, rendered: the value of each, and why it cannot be given ("" when it can)."""
        found = self.question.choices
        if isinstance(found, str):
            found = from_yaml(self.render(found))
        items = found.items() if isinstance(found, Mapping) else found or ()
        return [self._choice(item) for item in items]

    def parse(self, answer: Any) -> Any:
        """Return the answer cast to its type; BadAnswer if the question does not offer it."""
        choices, type_name = self.choices(), self.type_name()
        offered = [(cast(type_name, value, self.question.multiselect), off) for value, off in choices]
        if not self.question.multiselect:
            return _pick(cast(type_name, answer, False), offered)
        items = raw_items(answer) if isinstance(answer, str) else answer
        if not isinstance(items, Sequence):
            raise BadAnswer("expected a list, such as [a, b]")
        picked = [_pick(cast(type_name, item, True), offered) for item in items]
        return [value for value, _ in offered if value in picked]

    def complaint(self, answer: Any) -> str:
        """Return what the question's validator says about an answer; nothing is good."""
        try:
            return str(self.render(self.question.validator, **{self.question.name: answer})).strip()
        except Unsupported:
            raise
        except Exception as error:  # Copier takes any failure of a validator as its complaint
            return str(error)

    def default(self) -> Any:
        """Return the default, not yet parsed, or MISSING."""
        try:
            return self.render(self.question.default, UNSET=jinja2.StrictUndefined("UNSET", exc=_Unset))
        except _Unset:
            return MISSING

    def _choice(self, item: Any) -> Choice:
        name, value = item if isinstance(item, (tuple, list)) else (item, item)
        disabled = ""
        if isinstance(item, (tuple, list)) and isinstance(value, Mapping):
            disabled = self.render(value.get("validator", ""))
            value = value["value"]
        rendered = self.render(value)
        return str(self.render(name)) if rendered is None else rendered, disabled


class _Unset(jinja2.UndefinedError):
    pass


def _pick(answer: Any, offered: Sequence[Choice]) -> Any:
    if not offered:
        return answer
    why = ""
    for value, disabled in offered:
        if answer == value and not disabled:
            return answer
        if answer == value:
            why = why or disabled
    raise BadAnswer(why or "expected one of: " + ", ".join(str(value) for value, off in offered if not off))


def _answer(asked: Asked, question: Question) -> None:
    posed = Posed(
        question=question, strings=asked.strings, context=asked.context("prompt"), option=asked.option
    )
    name = question.name
    _drop_stale(asked, posed)
    ask, when = posed.holds(question.ask), posed.holds(question.when)
    if not when:
        asked.hidden.add(name)
        asked.last.pop(name, None)
    if name in asked.given:
        asked.user[name] = _accepted(posed, asked.given[name], validate=True)
        return
    if name in asked.last and not ask:
        return
    value = asked.last[name] if name in asked.last else posed.default()
    if value is not MISSING:
        asked.user[name] = _accepted(posed, value, validate=when and not question.secret)
    elif ask and when:
        raise UsageError(f"question {name} has no answer and no default", f"add {asked.option} {name}=VALUE")


def _drop_stale(asked: Asked, posed: Posed) -> None:
    """Forget a recorded answer that its question no longer accepts, as Copier does."""
    name = posed.question.name
    if name in asked.last:
        try:
            stale = bool(posed.complaint(posed.parse(asked.last[name])))
        except (ValueError, TypeError, KeyError):
            stale = True
        if stale:
            del asked.last[name]


def _accepted(posed: Posed, value: Any, validate: bool) -> Any:
    try:
        answer = posed.parse(value)
    except (ValueError, TypeError, KeyError) as error:
        raise _refusal(posed, value, str(error)) from error
    if validate and (complaint := posed.complaint(answer)):
        raise _refusal(posed, value, complaint)
    return answer


def _refusal(posed: Posed, value: Any, why: str) -> UsageError:
    name, said = posed.question.name, " ".join(why.split())  # a validator's words may span lines
    allowed = next((str(value) for value, disabled in posed.choices() if not disabled), "VALUE")
    shown = f"[{allowed}]" if posed.question.multiselect else allowed
    hint = f"give another answer, such as {posed.option} {name}={shown}"
    return UsageError(f"question {name}: {value!r} was not accepted: {said}", hint)
