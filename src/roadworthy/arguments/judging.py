"""Arguments of the verbs that judge a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from roadworthy.arguments.answer import Answer, keyed, told
from roadworthy.arguments.terminal import in_colour
from roadworthy.render import FORMATS

if TYPE_CHECKING:
    from argparse import Namespace

    from roadworthy.arguments.answer import Verbs

PACK = "a policy pack: a folder, or a platform's address (default: the built-in one)"


def add_tier(verbs: Verbs) -> None:
    verb = verbs.add_parser("tier", help="explain a risk tier question by question")
    verb.add_argument("project", nargs="?", default=".", help="a generated project (default: here)")
    verb.add_argument("--data", action="append", default=[], metavar="KEY=VALUE", help="an answer instead")
    verb.add_argument("--json", action="store_true")

    def run(args: Namespace) -> Answer:
        from roadworthy.commands.tier import explain_tier
        from roadworthy.render.tier import tier_text

        result = explain_tier(args.project, keyed("--data", args.data, "impact=2"))
        return told(args, result, tier_text, "tier/v1")

    verb.set_defaults(run=run)


def add_check(verbs: Verbs) -> None:
    verb = verbs.add_parser("check", help="judge a project: a folder, a bare repository or an archive")
    verb.add_argument("path", nargs="?", default=".", help="what to judge (default: here)")
    verb.add_argument("--format", choices=FORMATS, default="text", help="how to say it (default: text)")
    verb.add_argument("--json", action="store_const", const="json", dest="format")
    verb.add_argument("--output", metavar="FILE", help="write it there, and the text here")
    verb.add_argument("--as-of", metavar="DATE", help="judge as on that day")
    verb.add_argument("--waivers", metavar="DIR", help="waivers of the reviewer's side")
    verb.add_argument("--control", action="append", default=[], metavar="ID", help="only this control")
    verb.add_argument("--policy", metavar="PACK", help=PACK)
    verb.add_argument("--revision", metavar="REV", help="of a repository: judge that revision")
    verb.add_argument("--for-release", metavar="V", help="judge as the gate would for that version")

    def run(args: Namespace) -> Answer:
        from roadworthy.commands.judged import Ask, judge_apart

        ask = Ask(
            path=args.path,
            style=args.format,
            output=args.output,
            as_of=args.as_of,
            for_release=args.for_release,
            controls=tuple(args.control),
            policy=args.policy,
            waivers=args.waivers,
            revision=args.revision,
            colour=in_colour(),
        )
        told = judge_apart(ask)
        return Answer(told.text, told.exit_code)

    verb.set_defaults(run=run)


def add_explain(verbs: Verbs) -> None:
    verb = verbs.add_parser("explain", help="explain a control: why, what passes, how to fix it")
    verb.add_argument("control", help="a control such as REL-03, or one of its checks: REL-03/rehearsed")
    verb.add_argument("--policy", metavar="PACK", help=PACK)

    def run(args: Namespace) -> Answer:
        from datetime import UTC, datetime

        from roadworthy.commands.explain import explain
        from roadworthy.render.explain import explain_text

        found = explain(args.control, args.policy)
        today = datetime.now(UTC).date().isoformat()
        return Answer(explain_text(found.control, found.check, found.frameworks, today))

    verb.set_defaults(run=run)
