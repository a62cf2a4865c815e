"""Jinja as Copier sets it up: the same sandbox, filters and globals, with templates read from a tree.

A render is a pure function of template and answers. What reads the machine or throws dice, and what Copier
can do beyond that, raises Unsupported: then Copier itself renders, in a process of its own.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import lru_cache, partial
from typing import Any, Final, NoReturn

import jinja2
from jinja2.bccache import Bucket, BytecodeCache
from jinja2.loaders import split_template_path
from jinja2.sandbox import SandboxedEnvironment

from roadworthy.core.templates.tree import ForbiddenPath, Tree, lookup, tidy

Context = Mapping[str, Any]
Compiled = Callable[[Context], str]

ENVOPS: Final = frozenset(
    {
        *(f"{mark}_{end}_string" for mark in ("block", "variable", "comment") for end in ("start", "end")),
        *("autoescape", "keep_trailing_newline", "line_comment_prefix", "line_statement_prefix"),
        *("lstrip_blocks", "newline_sequence", "trim_blocks", "undefined"),
    }
)
UNDEFINED: Final = {"jinja2.Undefined": jinja2.Undefined, "jinja2.StrictUndefined": jinja2.StrictUndefined}
NOW: Final = "_roadworthy_now"
IMPURE_FILTERS: Final = (
    *("ans_random", "random", "random_mac", "shuffle"),
    *("expanduser", "expandvars", "fileglob", "realpath", "relpath"),
)


class Unsupported(Exception):  # noqa: N818  the word of the domain
    """The template uses a feature of Copier that our renderer leaves to Copier."""

    def __init__(self, feature: str) -> None:
        super().__init__(f"outside the renderer's subset: {feature}")
        self.feature = feature


class _Compiled(BytecodeCache):
    """Compiled templates by content: two releases share what did not change between them."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key, bucket.checksum] = bucket.code


@lru_cache(maxsize=16)
def _compiled(options: str) -> _Compiled:
    """Return the templates compiled with these options."""
    return _Compiled()


def environment(tree: Tree, envops: Mapping[str, Any]) -> SandboxedEnvironment:
    """Return a Jinja environment equal to the one Copier would make for this template."""
    options = {"keep_trailing_newline": True, **envops}
    for name in sorted(options.keys() - ENVOPS):
        raise Unsupported(f"_envops.{name}")
    if undefined := options.get("undefined"):
        if undefined not in UNDEFINED:
            raise Unsupported(f"_envops.undefined: {undefined}")
        options["undefined"] = UNDEFINED[undefined]
    env = SandboxedEnvironment(loader=_TreeLoader(tree), cache_size=-1, auto_reload=False, **options)
    env.bytecode_cache = _compiled(json.dumps(envops, sort_keys=True, default=str))
    _add_filters(env)
    env.globals["pathjoin"] = _pathjoin
    return env


class Strings:
    """Compiles strings of a template, each once."""

    def __init__(self, env: SandboxedEnvironment) -> None:
        self._env = env
        self._compiled: dict[str, Compiled] = {}
        starts = (env.block_start_string, env.variable_start_string, env.comment_start_string)
        lines = (env.line_statement_prefix, env.line_comment_prefix)
        self._marks = (*starts, *(line for line in lines if line), "\n", "\r")

    def render(self, source: str, context: Context) -> str:
        if source not in self._compiled:
            self._compiled[source] = self._compile(source)
        return self._compiled[source](context)

    def value(self, value: Any, context: Context) -> Any:
        """Render a string, or every string of a list; return anything else as it is."""
        if isinstance(value, str):
            return self.render(value, context)
        if isinstance(value, list):
            return [self.value(item, context) for item in value]
        return value

    def fixed(self, source: str) -> bool:
        """Say whether a string is its own render, whatever the answers."""
        return not any(mark in source for mark in self._marks)

    def _compile(self, source: str) -> Compiled:
        if self.fixed(source):
            return lambda _: source
        return parsed(lambda: self._env.from_string(source)).render


def parsed(compile_: Callable[[], jinja2.Template]) -> jinja2.Template:
    """Compile; a tag nobody here knows (Copier's `yield`) is outside the subset."""
    try:
        template = compile_()
        template.globals = dict(
            template.globals
        )  # Jinja's chain of maps is copied key by key at every render
        return template
    except jinja2.TemplateSyntaxError as error:
        if "'yield'" in str(error):
            raise Unsupported("yield in a path") from error
        raise


class CopierConf(Mapping[str, Any]):
    """`_copier_conf`, as far as it does not depend on where and how the renderer was started."""

    def __init__(self, answers_file: Callable[[], str]) -> None:
        self._known: dict[str, Callable[[], Any]] = {"answers_file": answers_file, "sep": lambda: "/"}

    def __getitem__(self, key: str) -> Any:
        if key not in self._known:
            raise Unsupported(f"_copier_conf.{key}")
        return self._known[key]()

    def __iter__(self) -> Iterator[str]:
        raise Unsupported("_copier_conf as a whole")

    def __len__(self) -> int:
        return len(self._known)


def unavailable(name: str) -> jinja2.StrictUndefined:
    """Return a value that may be named, but whose use raises Unsupported."""
    return jinja2.StrictUndefined(name, exc=Unsupported)  # type: ignore[arg-type]


class _TreeLoader(jinja2.BaseLoader):
    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, None, None]:
        file = lookup(self._tree, "/".join(split_template_path(template)))
        if file is None:
            raise jinja2.TemplateNotFound(template)
        # Copier opens templates in text mode, which turns every line ending into "\n".
        return file.data.decode().replace("\r\n", "\n").replace("\r", "\n"), None, None


def _add_filters(env: SandboxedEnvironment) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        env.add_extension("jinja2_ansible_filters.AnsibleCoreFiltersExtension")
    for name in IMPURE_FILTERS:
        env.filters[name] = partial(_impure, name)
    env.filters["strftime"] = jinja2.pass_context(partial(_strftime, env.filters["strftime"]))
    env.filters["to_json"] = partial(env.filters["to_json"], default=_jsonable)


def _strftime(write: Callable[..., str], context: Context, template: str, second: Any = None) -> str:
    """Write a time; the current one is an input, so that two renders of one update agree on it."""
    moment = context.get(NOW) if second is None else second
    if moment is None:
        raise Unsupported("the current time")
    return write(template, moment)


def _impure(name: str, *_: object, **__: object) -> NoReturn:
    raise Unsupported(f"filter {name}")


def _jsonable(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise Unsupported(f"to_json of a {type(value).__name__}")


def _pathjoin(*path: str, mode: str = "posix") -> str:
    if mode != "posix":
        raise Unsupported(f"pathjoin mode {mode}")
    try:
        return tidy(*path) or "."
    except ForbiddenPath as error:
        raise Unsupported("pathjoin of absolute or parent paths") from error
