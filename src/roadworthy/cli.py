"""Arguments to one typed call to an exit code. The only print, the only exit."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from roadworthy import __version__
from roadworthy.errors import RoadworthyError, UsageError


class Answer(NamedTuple):
    """What a command says: text for standard output, and the exit code."""

    text: str
    exit_code: int = 0


Run = Callable[[argparse.Namespace], Answer]
Subparsers = "argparse._SubParsersAction[argparse.ArgumentParser]"


def parser() -> argparse.ArgumentParser:
    """Return the whole command line."""
    root = argparse.ArgumentParser(
        prog="roadworthy", description="Make, judge and update governed ML projects."
    )
    root.add_argument("--version", action="version", version=f"roadworthy {__version__}")
    verbs = root.add_subparsers(dest="verb", metavar="VERB", required=True)
    for add in VERBS:
        add(verbs)
    return root


def _tier(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser("tier", help="explain a risk tier question by question")
    verb.add_argument("project", nargs="?", default=".", help="a generated project (default: here)")
    verb.add_argument("--data", action="append", default=[], metavar="KEY=VALUE", help="an answer instead")
    verb.add_argument("--json", action="store_true")

    def run(args: argparse.Namespace) -> Answer:
        from roadworthy.commands.tier import explain_tier
        from roadworthy.render.tier import tier_json, tier_text

        result = explain_tier(args.project, args.data)
        return Answer(tier_json(result) if args.json else tier_text(result))

    verb.set_defaults(run=run)


def _new(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
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

    def run(args: argparse.Namespace) -> Answer:
        from roadworthy.commands.new import Request, new_project, read_answers
        from roadworthy.render.new import new_json, new_text

        request = Request(
            destination=Path(args.destination),
            given=read_answers(args.data, Path(args.data_file) if args.data_file else None),
            source=args.source,
            release=args.release,
            ask=not args.defaults and _somebody_is_there(),
            repository=not args.no_git,
            dry_run=args.dry_run,
        )
        made = new_project(request, _progress)
        return Answer(new_json(made) if args.json else new_text(made))

    verb.set_defaults(run=run)


def _approve(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser("approve", help="decide on a release and sign the decision")
    verb.add_argument("version", help="release, such as 1")
    verb.add_argument("--role", help="role to decide in (default: the one the release still needs from you)")
    verb.add_argument("--decision", choices=("approve", "reject"), default="approve")
    verb.add_argument("--statement", default="", help="what you looked at, and why it is good enough")
    verb.add_argument("--dry-run", action="store_true", help="show what would be approved; write nothing")
    _signing(verb)

    def run(args: argparse.Namespace) -> Answer:
        from roadworthy.commands.approve import approve
        from roadworthy.render.approve import approve_json, approve_text

        words = {"decision": args.decision, "statement": args.statement, "as_of": args.as_of}
        who = {"role": args.role, "identity": args.identity, "key": args.key}
        result = approve(args.project, args.version, dry_run=args.dry_run, **words, **who)
        return Answer(approve_json(result) if args.json else approve_text(result))

    verb.set_defaults(run=run)


def _revoke(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser("revoke", help="withdraw an approval by a signed record")
    verb.add_argument("approval", help="the approval's id")
    verb.add_argument("--reason", required=True)
    _signing(verb)

    def run(args: argparse.Namespace) -> Answer:
        from roadworthy.commands.revoke import revoke
        from roadworthy.render.approve import revoke_json, revoke_text

        who = {"identity": args.identity, "key": args.key, "as_of": args.as_of}
        result = revoke(args.project, args.approval, reason=args.reason, **who)
        return Answer(revoke_json(result) if args.json else revoke_text(result))

    verb.set_defaults(run=run)


def _gate(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser("gate", help="let a release ship, or say everything that stands against it")
    what = verb.add_mutually_exclusive_group(required=True)
    what.add_argument("version", nargs="?", help="release to judge, such as 1")
    what.add_argument("--verify", metavar="FILE", help="verify a verdict file instead, and say what it says")
    verb.add_argument(
        "--signers", metavar="FILE", help="with --verify: who may sign (default: the project's)"
    )
    _signing(verb, identity=False)

    def run(args: argparse.Namespace) -> Answer:
        from roadworthy.commands.gate import gate, verify_verdict
        from roadworthy.render.gate import gate_json, gate_text, verified_json, verified_text

        if args.verify:
            seen = verify_verdict(args.verify, project=args.project, signers=args.signers, as_of=args.as_of)
            return Answer(verified_json(seen) if args.json else verified_text(seen), int(bool(seen.refusals)))
        result = gate(args.project, args.version, key=args.key, as_of=args.as_of)
        return Answer(gate_json(result) if args.json else gate_text(result), int(bool(result.refusals)))

    verb.set_defaults(run=run)


def _signing(verb: argparse.ArgumentParser, *, identity: bool = True) -> None:
    if identity:
        verb.add_argument("--identity", help="who you are in governance/roles.yaml (default: git user.email)")
    verb.add_argument("--key", help="SSH key (default: ROADWORTHY_KEY, then git config user.signingkey)")
    verb.add_argument("--project", default=".", metavar="DIR", help="the project (default: here)")
    verb.add_argument("--as-of", metavar="TIME", help="the time to judge at (default: now)")
    verb.add_argument("--json", action="store_true")


def _update(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser("update", help="bring a project to a newer release; never lose an edit")
    verb.add_argument("project", nargs="?", default=".", help="the project (default: here)")
    step = verb.add_mutually_exclusive_group()
    step.add_argument(
        "--dry-run", action="store_true", help="say what would happen to every path; touch nothing"
    )
    step.add_argument("--continue", dest="resume", action="store_true", help="record an update you resolved")
    step.add_argument("--abort", action="store_true", help="put everything back as it was before the update")
    aim = verb.add_mutually_exclusive_group()
    aim.add_argument("--to", metavar="RELEASE", help="the release to update to (default: the newest)")
    aim.add_argument("--back", action="store_true", help="return to the release recorded before this one")
    verb.add_argument("--answers", action="append", default=[], metavar="KEY=VALUE", help="change an answer")
    verb.add_argument("--heal", action="store_true", help="give managed files the release's content again")
    verb.add_argument(
        "--source", metavar="SPEC", help="take releases from here instead of the recorded source"
    )
    verb.add_argument(
        "--answers-file", metavar="NAME", help="which template to update, if a folder has several"
    )
    verb.add_argument("--force", action="store_true", help="with --continue or --abort: overrule a refusal")
    verb.add_argument("--json", action="store_true")

    def run(args: argparse.Namespace) -> Answer:
        from roadworthy.commands import update as command
        from roadworthy.render.update import update_json, update_text

        wish = command.Wish(
            project=Path(args.project),
            to=args.to,
            source=args.source,
            answers=command.read_answers(args.answers),
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
        return Answer(update_json(result) if args.json else update_text(result), result.exit_code)

    verb.set_defaults(run=run)


def _check(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser("check", help="judge a project: a folder, a bare repository or an archive")
    verb.add_argument("path", nargs="?", default=".", help="what to judge (default: here)")
    formats = ("text", "json", "sarif", "junit", "markdown")
    verb.add_argument("--format", choices=formats, default="text", help="how to say it (default: text)")
    verb.add_argument("--json", action="store_const", const="json", dest="format")
    verb.add_argument("--output", metavar="FILE", help="write it there, and the text here")
    verb.add_argument("--as-of", metavar="DATE", help="judge as on that day")
    verb.add_argument("--waivers", metavar="DIR", help="waivers of the reviewer's side")
    verb.add_argument("--control", action="append", default=[], metavar="ID", help="only this control")
    verb.add_argument("--policy", metavar="DIR", help="a policy pack (default: the built-in one)")
    verb.add_argument("--revision", metavar="REV", help="of a repository: judge that revision")
    verb.add_argument("--for-release", metavar="V", help="judge as the gate would for that version")

    def run(args: argparse.Namespace) -> Answer:
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
            colour=_in_colour(),
        )
        told = judge_apart(ask)
        return Answer(told.text, told.exit_code)

    verb.set_defaults(run=run)


def _explain(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser("explain", help="explain a control: why, what passes, how to fix it")
    verb.add_argument("control", help="a control such as REL-03, or one of its checks: REL-03/rehearsed")
    verb.add_argument("--policy", metavar="DIR", help="a policy pack (default: the built-in one)")

    def run(args: argparse.Namespace) -> Answer:
        from datetime import UTC, datetime

        from roadworthy.commands.explain import explain
        from roadworthy.render.explain import explain_text

        found = explain(args.control, args.policy)
        today = datetime.now(UTC).date().isoformat()
        return Answer(explain_text(found.control, found.check, found.frameworks, today))

    verb.set_defaults(run=run)


def _policy(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser("policy", help="test, lint, compare and document a policy pack")
    acts = verb.add_subparsers(dest="act", metavar="ACT", required=True)
    for add in (_policy_test, _policy_lint, _policy_diff, _policy_docs):
        add(acts)


def _policy_test(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    act = acts.add_parser("test", help="run every case, and every mutant that a case must notice")
    act.add_argument("pack", nargs="?", help="a folder with a pack (default: the built-in one)")
    act.add_argument("--control", action="append", default=[], metavar="ID", help="only this control")
    act.add_argument("--json", action="store_true")

    def run(args: argparse.Namespace) -> Answer:
        from roadworthy.commands.policy import prove_pack
        from roadworthy.render.policy import proof_json, proof_text

        proof = prove_pack(args.pack, tuple(args.control))
        return Answer(proof_json(proof) if args.json else proof_text(proof), 0 if proof.ok else 1)

    act.set_defaults(run=run)


def _policy_lint(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    act = acts.add_parser("lint", help="find unknown fields, unproven checks, references to nowhere")
    act.add_argument("pack", nargs="?", help="a folder with a pack (default: the built-in one)")
    act.add_argument("--json", action="store_true")

    def run(args: argparse.Namespace) -> Answer:
        from roadworthy.commands.policy import lint_pack
        from roadworthy.render.policy import lint_json, lint_text

        found = lint_pack(args.pack)
        return Answer(lint_json(found) if args.json else lint_text(found), 1 if found.problems else 0)

    act.set_defaults(run=run)


def _policy_diff(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    act = acts.add_parser("diff", help="say in plain words what changed, for whom, from when")
    act.add_argument("old", help="a folder with a pack")
    act.add_argument("new", nargs="?", help="a folder with a pack (default: the built-in one)")
    act.add_argument("--json", action="store_true")

    def run(args: argparse.Namespace) -> Answer:
        from roadworthy.commands.policy import compare_packs
        from roadworthy.render.policy import diff_json, diff_text

        found = compare_packs(args.old, args.new)
        return Answer(diff_json(found) if args.json else diff_text(found))

    act.set_defaults(run=run)


def _policy_docs(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    act = acts.add_parser("docs", help="write the reference pages of a pack")
    act.add_argument("folder", help="where they go, such as docs/reference")
    act.add_argument("pack", nargs="?", help="a folder with a pack (default: the built-in one)")
    act.add_argument("--check", action="store_true", help="refuse when they are not as they would be written")

    def run(args: argparse.Namespace) -> Answer:
        from roadworthy.commands.policy import document_pack
        from roadworthy.render.policy import docs_text

        return Answer(docs_text(document_pack(args.folder, args.pack, check=args.check)))

    act.set_defaults(run=run)


VERBS = (_tier, _new, _approve, _gate, _revoke, _update, _check, _explain, _policy)


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 ok, 1 refused, 2 usage, 3 not judgeable, 130 interrupted."""
    sys.exit(_run(argv))


def _run(argv: Sequence[str] | None) -> int:
    try:
        args = parser().parse_args(argv)
        answer: Answer = args.run(args)
        _say(answer.text)
        return answer.exit_code
    except RoadworthyError as error:
        _complain(f"roadworthy: {error.message}", error.hint)
        return error.exit_code
    except KeyboardInterrupt:
        _complain("roadworthy: interrupted; nothing half-done was left behind", "")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        return _report_bug(error)


def _say(text: str) -> None:
    if text:
        print(text)


def _complain(line: str, hint: str) -> None:
    print(line, file=sys.stderr)
    if hint:
        print(f"  next: {hint}", file=sys.stderr)


def _in_colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _progress(line: str) -> None:
    """Say what takes its time, where a person waits."""
    if sys.stderr.isatty():
        print(f"{line} ...", file=sys.stderr)


def _somebody_is_there() -> bool:
    """Say yes if a person can answer questions; UsageError if nobody can."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        return True
    raise UsageError("this is no terminal, so nobody can be asked", "add --defaults, and --data KEY=VALUE")


def _report_bug(error: Exception) -> int:
    if os.environ.get("ROADWORTHY_DEBUG"):
        traceback.print_exc()
    place = traceback.extract_tb(error.__traceback__)[-1]
    what = (
        f"{type(error).__name__} in {place.name} ({os.path.basename(place.filename)}:{place.lineno}): {error}"
    )
    _complain(
        f"roadworthy: this is a bug, not your mistake: {what}",
        "run again with ROADWORTHY_DEBUG=1 and report it",
    )
    return 3
