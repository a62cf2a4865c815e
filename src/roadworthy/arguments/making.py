"""Arguments of the verbs that make and update a project."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from roadworthy.arguments.answer import Answer, keyed, told
from roadworthy.arguments.terminal import progress, somebody_is_there

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from roadworthy.arguments.answer import Verbs


def add_new(verbs: Verbs) -> None:
    verb = verbs.add_parser("new", help="make a governed project")
    verb.add_argument("destination", help="a new or empty folder")
    verb.add_argument("--defaults", action="store_true", help="answer every other question by its default")
    verb.add_argument("--data", action="append", default=[], metavar="KEY=VALUE", help="an answer")
    verb.add_argument("--data-file", metavar="FILE", help="answers as YAML")
    verb.add_argument("--source", default="builtin", help="builtin, a template folder, or a git address")
    verb.add_argument("--release", help="a release of the source (default: the newest)")
    verb.add_argument("--dry-run", action="store_true", help="list every file: whose it is, what it is for")
    verb.add_argument("--no-git", action="store_true", help="make no repository")
    verb.add_argument("--json", action="store_true")

    def run(args: Namespace) -> Answer:
        from pathlib import Path

        from roadworthy.commands.new import Request, new_project, read_answers
        from roadworthy.render.made import new_text

        request = Request(
            destination=Path(args.destination),
            given=read_answers(
                keyed("--data", args.data, "name=my-model"), Path(args.data_file) if args.data_file else None
            ),
            source=args.source,
            release=args.release,
            ask=not args.defaults and somebody_is_there(),
            repository=not args.no_git,
            dry_run=args.dry_run,
        )
        return told(args, new_project(request, progress), new_text, "new/v1")

    verb.set_defaults(run=run)


def add_update(verbs: Verbs) -> None:
    verb = verbs.add_parser("update", help="bring a project to a newer release; never lose an edit")
    verb.add_argument("project", nargs="?", default=".", help="the project (default: here)")
    add_update_options(verb)
    verb.add_argument("--answers", action="append", default=[], metavar="KEY=VALUE", help="change an answer")
    verb.add_argument("--heal", action="store_true", help="give managed files the release's content again")
    verb.add_argument(
        "--answers-file", metavar="NAME", help="which template to update, if a folder has several"
    )
    verb.set_defaults(run=run_update)


def add_update_options(verb: ArgumentParser) -> None:
    """Add what updating a project and updating a platform have in common."""
    step = verb.add_mutually_exclusive_group()
    step.add_argument(
        "--dry-run", action="store_true", help="say what would happen to every path; touch nothing"
    )
    step.add_argument("--continue", dest="resume", action="store_true", help="record an update you resolved")
    step.add_argument("--abort", action="store_true", help="put everything back as it was before the update")
    aim = verb.add_mutually_exclusive_group()
    aim.add_argument("--to", metavar="RELEASE", help="the release to update to (default: the newest)")
    aim.add_argument("--back", action="store_true", help="return to the release recorded before this one")
    verb.add_argument(
        "--source", metavar="SPEC", help="take releases from here instead of the recorded source"
    )
    verb.add_argument("--force", action="store_true", help="with --continue or --abort: overrule a refusal")
    verb.add_argument("--json", action="store_true")


def run_update(args: Namespace) -> Answer:
    """Do what was asked of a project's update, or of a platform's."""
    from roadworthy.commands import update as command
    from roadworthy.core.merging.report import seen_from
    from roadworthy.render.update import update_json, update_text

    wish = command.Wish(
        project=args.project or os.curdir,
        to=args.to,
        source=args.source,
        answers=keyed("--answers", args.answers, "ci=gitlab"),
        answers_file=args.answers_file,
        heal=args.heal,
        back=args.back,
    )
    if args.abort:
        result = command.abort(wish.project, force=args.force)
    elif args.resume:
        result = command.resume(wish.project, force=args.force)
    else:
        result = command.preview(wish) if args.dry_run else command.update(wish)
    folder = "" if os.path.realpath(wish.project) == os.getcwd() else args.project
    result = seen_from(result, folder, "platform update" if args.verb == "platform" else "update")
    return Answer(update_json(result) if args.json else update_text(result), result.exit_code)
