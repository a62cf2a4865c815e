"""Arguments of the verbs for a policy pack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from roadworthy.arguments.answer import Answer, told

if TYPE_CHECKING:
    from argparse import Namespace

    from roadworthy.arguments.answer import Verbs


def add_policy(verbs: Verbs) -> None:
    verb = verbs.add_parser("policy", help="test, lint, compare and document a policy pack")
    acts = verb.add_subparsers(dest="act", metavar="ACT", required=True)
    for add in (_policy_test, _policy_lint, _policy_diff, _policy_docs):
        add(acts)


def _policy_test(acts: Verbs) -> None:
    act = acts.add_parser("test", help="run every case, and every mutant that a case must notice")
    act.add_argument("pack", nargs="?", help="a folder with a pack (default: the built-in one)")
    act.add_argument("--control", action="append", default=[], metavar="ID", help="only this control")
    act.add_argument("--json", action="store_true")

    def run(args: Namespace) -> Answer:
        from roadworthy.commands.policy import prove_pack
        from roadworthy.render.policy import proof_text

        proof = prove_pack(args.pack, tuple(args.control))
        return told(args, proof, proof_text, "policy-test/v1", 0 if proof.ok else 1, ok=proof.ok)

    act.set_defaults(run=run)


def _policy_lint(acts: Verbs) -> None:
    act = acts.add_parser("lint", help="find unknown fields, unproven checks, references to nowhere")
    act.add_argument("pack", nargs="?", help="a folder with a pack (default: the built-in one)")
    act.add_argument("--json", action="store_true")

    def run(args: Namespace) -> Answer:
        from roadworthy.commands.policy import lint_pack
        from roadworthy.render.policy import lint_text

        found = lint_pack(args.pack)
        return told(args, found, lint_text, "policy-lint/v1", 1 if found.problems else 0)

    act.set_defaults(run=run)


def _policy_diff(acts: Verbs) -> None:
    act = acts.add_parser("diff", help="say in plain words what changed, for whom, from when")
    act.add_argument("old", help="a folder with a pack")
    act.add_argument("new", nargs="?", help="a folder with a pack (default: the built-in one)")
    act.add_argument("--json", action="store_true")

    def run(args: Namespace) -> Answer:
        from roadworthy.commands.policy import compare_packs
        from roadworthy.render.policy import diff_text

        return told(args, compare_packs(args.old, args.new), diff_text, "policy-diff/v1")

    act.set_defaults(run=run)


def _policy_docs(acts: Verbs) -> None:
    act = acts.add_parser("docs", help="write the reference pages of a pack")
    act.add_argument("folder", help="where they go, such as docs/reference")
    act.add_argument("pack", nargs="?", help="a folder with a pack (default: the built-in one)")
    act.add_argument("--check", action="store_true", help="refuse when they are not as they would be written")

    def run(args: Namespace) -> Answer:
        from roadworthy.commands.policy import document_pack
        from roadworthy.render.policy import docs_text

        return Answer(docs_text(document_pack(args.folder, args.pack, check=args.check)))

    act.set_defaults(run=run)
