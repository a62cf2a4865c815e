"""The built-in pack: every control is proven by its cases, typed, mapped to what exists, and documented."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cel
import pytest

from roadworthy.adapters.archive import unpack
from roadworthy.adapters.git.sources import open_builtin
from roadworthy.adapters.policy import already_read, read_policy
from roadworthy.commands.packs import Bench, open_bench, proved, read_pack
from roadworthy.commands.policy import document_pack, lint_pack, prove_pack
from roadworthy.core.approval.people import KNOWN_ROLES
from roadworthy.core.expressions.cells import typed
from roadworthy.core.judging.models import Control, Grade
from roadworthy.core.packs.cases import cases_of
from roadworthy.core.packs.pack import pack_digest

ROOT = Path(__file__).resolve().parents[2]
BENCH: Bench = open_bench()
CONTROLS = {control.id: control for control in read_pack(None).controls}


def test_no_control_of_a_release_is_lost() -> None:
    paths = (Path(path) for path in open_builtin(None, unpack).tree)
    kept = {path.stem for path in paths if path.match("roadworthy/policy/controls/*.yaml")}
    assert len(kept) >= 46
    assert kept <= set(CONTROLS)


def test_every_role_that_policy_and_template_name_is_one_that_others_may_only_look_like() -> None:
    asked = {
        role for duty in BENCH.pack.tiers["obligations"].values() for role in duty.get("approver_roles", ())
    }
    posts = (ROOT / "template/governance/roles.yaml.jinja").read_text("utf-8")
    given = set(re.findall(r'\["([a-z-]+-owner)"', posts))
    assert len(asked) > 4
    assert len(given) == 5
    assert asked | given <= KNOWN_ROLES


@pytest.mark.parametrize("name", sorted(CONTROLS))
def test_every_case_holds_and_every_mutant_is_noticed(name: str) -> None:
    proof = prove_pack(controls=(name,))
    assert proof.broken == ()
    assert proof.survived == ()
    assert proof.cases >= 3 * sum(proof.checks.values())
    assert proof.mutants > 0
    assert proof.stuffed >= sum(proof.checks.values())


def test_lint_finds_nothing() -> None:
    found = lint_pack(today="2026-11-20")
    assert found.problems == ()
    assert found.stale == ()
    assert found.controls == len(CONTROLS)
    assert found.frameworks == 9


def test_a_map_past_its_review_date_is_stale() -> None:
    assert "eu-ai-act" in lint_pack(today="2027-02-21").stale


@pytest.mark.parametrize("name", sorted(CONTROLS))
def test_each_control_says_what_a_reader_needs(name: str) -> None:
    control = CONTROLS[name]
    assert control.maps
    assert control.announced
    assert control.remediation.text
    assert all(reference.relation == "supports" for reference in control.maps)
    assert all(
        check.place or check.needs == ("forge",) or "registry" in check.needs for check in control.checks
    )


def test_no_control_rests_on_words_alone() -> None:
    words = {c.id for c in CONTROLS.values() if all(check.grade is Grade.ATTESTED for check in c.checks)}
    assert words == set()


def test_what_must_never_be_waived_may_not_be() -> None:
    assert {control.id for control in CONTROLS.values() if not control.waivable} == {
        "GOV-03",
        "GOV-05",
        "APPR-02",
    }


def test_the_reference_pages_are_fresh() -> None:
    found = document_pack(str(ROOT / "docs" / "reference"), check=True)
    assert found.pages == len(CONTROLS) + 2
    assert found.changed == ()
    assert found.strangers == ()


def test_the_pack_that_was_read_before_is_the_pack_and_no_other() -> None:
    """`test_generated_text_is_fresh` tells when the files have moved on; a check then reads them itself."""
    assert already_read(BENCH.pack.digest) == proved(read_policy())
    for other in ("", "sha256:" + "0" * 64, pack_digest({**read_policy(), "pack.yaml": b"id: other"})):
        assert already_read(other) is None


def _expressions(control: Control) -> list[tuple[str, Mapping[str, Any]]]:
    pairs = []
    for case in cases_of(control, BENCH.schema):
        for check in control.checks:
            if check.id in case.checks:
                pairs += [(source, case.facts) for source in (check.expression, check.when) if source]
    return pairs


@pytest.mark.parametrize("name", sorted(CONTROLS))
def test_another_binding_gives_the_same_answers(name: str) -> None:
    pairs = _expressions(CONTROLS[name])
    assert pairs
    for source, facts in pairs:
        context = cel.Context(dict(facts))
        context.add_function("join", lambda items, between="": between.join(map(str, items)))
        ours = BENCH.engine.bind(
            typed(facts, (), BENCH.schema.root, BENCH.memo), BENCH.schema, lambda schema, value: ()
        ).truth(source)
        if ours.value is None:
            assert ours.unknown
            with pytest.raises(TypeError):
                cel.evaluate(source, context)
        else:
            assert cel.evaluate(source, context) is ours.value, source
