"""Arguments of the verbs for a platform team's own template and policy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from roadworthy.arguments.answer import Answer, told
from roadworthy.arguments.making import add_update_options, run_update

if TYPE_CHECKING:
    from argparse import Namespace

    from roadworthy.arguments.answer import Verbs


def add_platform(verbs: Verbs) -> None:
    verb = verbs.add_parser("platform", help="a template and policy of your own, fed from upstream")
    acts = verb.add_subparsers(dest="act", metavar="ACT", required=True)
    for add in (_init, _update, _generate):
        add(acts)


def _init(acts: Verbs) -> None:
    act = acts.add_parser(
        "init", help="make a repository with a release's template and policy, yours to edit"
    )
    act.add_argument("destination", help="a new or empty folder")
    act.add_argument("--name", help="what the platform is called (default: the folder's name)")
    act.add_argument(
        "--source", default="builtin", help="whose release: builtin, or another platform's address"
    )
    act.add_argument("--release", help="a release of the source (default: the newest)")
    act.add_argument("--ci", choices=("github", "gitlab"), default="github", help="which CI tests it")
    act.add_argument("--json", action="store_true")

    def run(args: Namespace) -> Answer:
        from roadworthy.commands.platform import Request, init_platform
        from roadworthy.render.made import platform_text

        request = Request(
            destination=Path(args.destination),
            source=args.source,
            release=args.release,
            name=args.name,
            ci=args.ci,
        )
        return told(args, init_platform(request), platform_text, "platform-init/v1")

    act.set_defaults(run=run)


def _update(acts: Verbs) -> None:
    act = acts.add_parser("update", help="merge a newer upstream release into it; never lose an edit")
    act.add_argument("project", nargs="?", default=".", metavar="DIR", help="the repository (default: here)")
    add_update_options(act)

    def run(args: Namespace) -> Answer:
        from roadworthy.commands.platform import demand_platform

        demand_platform(Path(args.project))
        return run_update(args)

    act.set_defaults(run=run, answers=[], answers_file=None, heal=False)


def _generate(acts: Verbs) -> None:
    act = acts.add_parser("generate", help="carry a changed policy into the questions of copier.yml")
    act.add_argument("folder", nargs="?", default=".", metavar="DIR", help="the repository (default: here)")
    act.add_argument("--check", action="store_true", help="refuse when it is not as it would be written")

    def run(args: Namespace) -> Answer:
        from roadworthy.commands.platform import generate

        changed = generate(Path(args.folder), check=args.check)
        return Answer("copier.yml: written anew" if changed else "copier.yml: as the policy makes it")

    act.set_defaults(run=run)
