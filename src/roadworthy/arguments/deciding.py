"""Arguments of the verbs that decide on a release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from roadworthy.arguments.answer import Answer, words

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from roadworthy.arguments.answer import Verbs


def add_approve(verbs: Verbs) -> None:
    verb = verbs.add_parser("approve", help="decide on a release and sign the decision")
    what = verb.add_mutually_exclusive_group(required=True)
    what.add_argument("version", nargs="?", help="release, such as 1")
    what.add_argument("--tier", action="store_true", help="agree to a tier that fell since its release")
    verb.add_argument("--role", help="role to decide in (default: the one the release still needs from you)")
    verb.add_argument("--decision", choices=("approve", "reject"), default="approve")
    verb.add_argument(
        "--statement", type=words, default="", help="what you looked at, and why it is good enough"
    )
    verb.add_argument("--dry-run", action="store_true", help="show what would be approved; write nothing")
    _signing(verb)

    def run(args: Namespace) -> Answer:
        from roadworthy.commands.approve import approve
        from roadworthy.render.approve import approve_json, approve_text

        said = {"statement": args.statement, "as_of": args.as_of, "dry_run": args.dry_run}
        said |= {"role": args.role, "identity": args.identity, "key": args.key}
        if args.tier:
            return _agreed(args, said)
        result = approve(args.project, args.version, decision=args.decision, **said)
        return Answer(approve_json(result) if args.json else approve_text(result))

    verb.set_defaults(run=run)


def _agreed(args: Namespace, said: dict[str, Any]) -> Answer:
    from roadworthy.commands.agree import agree
    from roadworthy.errors import UsageError
    from roadworthy.render.approve import agree_text, signed_json

    if args.decision == "reject":
        raise UsageError("a lower tier that nobody signed for does not stand", "leave --decision out")
    found = agree(args.project, **said)
    return Answer(signed_json(found) if args.json else agree_text(found))


def add_revoke(verbs: Verbs) -> None:
    verb = verbs.add_parser("revoke", help="withdraw an approval by a signed record")
    verb.add_argument("approval", help="the approval's id")
    verb.add_argument("--reason", type=words, required=True)
    _signing(verb)

    def run(args: Namespace) -> Answer:
        from roadworthy.commands.revoke import revoke
        from roadworthy.render.approve import revoke_text, signed_json

        who = {"identity": args.identity, "key": args.key, "as_of": args.as_of}
        result = revoke(args.project, args.approval, reason=args.reason, **who)
        return Answer(signed_json(result) if args.json else revoke_text(result))

    verb.set_defaults(run=run)


def add_gate(verbs: Verbs) -> None:
    verb = verbs.add_parser("gate", help="let a release ship, or say everything that stands against it")
    what = verb.add_mutually_exclusive_group(required=True)
    what.add_argument("version", nargs="?", help="release to judge, such as 1")
    what.add_argument("--verify", metavar="FILE", help="verify a verdict file instead, and say what it says")
    verb.add_argument(
        "--signers", metavar="FILE", help="with --verify: who may sign (default: the project's)"
    )
    _signing(verb, identity=False)

    def run(args: Namespace) -> Answer:
        from roadworthy.commands.gate import gate, verify_verdict
        from roadworthy.render.gate import gate_json, gate_text, verified_json, verified_text

        if args.verify:
            seen = verify_verdict(args.verify, project=args.project, signers=args.signers, as_of=args.as_of)
            return Answer(verified_json(seen) if args.json else verified_text(seen), int(bool(seen.refusals)))
        result = gate(args.project, args.version, key=args.key, as_of=args.as_of)
        return Answer(gate_json(result) if args.json else gate_text(result), int(bool(result.refusals)))

    verb.set_defaults(run=run)


def _signing(verb: ArgumentParser, *, identity: bool = True) -> None:
    if identity:
        verb.add_argument("--identity", help="who you are in governance/roles.yaml (default: git user.email)")
    verb.add_argument("--key", help="SSH key (default: ROADWORTHY_KEY, then git config user.signingkey)")
    verb.add_argument("--project", default=".", metavar="DIR", help="the project (default: here)")
    verb.add_argument("--as-of", metavar="TIME", help="the time to judge at (default: now)")
    verb.add_argument("--json", action="store_true")
