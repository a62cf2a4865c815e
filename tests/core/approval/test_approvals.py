"""Judging approvals, pure: any mix of good and bad ones comes to what a plain reading of the rules says."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.core.approval.approvals import Approval, Demand, counted, judge_approvals
from roadworthy.core.approval.duties import Builders
from roadworthy.core.approval.people import Person
from roadworthy.core.approval.signatures import Signature, Status

ROLES = ("independent-validator", "model-risk", "accountable-executive")
WHO = ("ana", "bo", "cy", "dee")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
OBLIGATIONS = {
    "approvals": 3,
    "approver_roles": list(ROLES),
    "approval_days": 92,
    "self_approval": False,
    "independent_validation": "team",
}
PEOPLE = tuple(
    Person(identity=who, name=who, aliases=frozenset({who}), team=who, roles=frozenset(ROLES)) for who in WHO
)
SPOILED: dict[str, dict[str, Any]] = {
    "unsigned": {"signature": Signature(status=Status.MISSING)},
    "unknown key": {"signature": Signature(status=Status.UNKNOWN_KEY, key="k")},
    "uncommitted": {"committed": False},
    "revoked": {"revoked": "found wrong"},
    "other subject": {"record": {"subject_digest": "sha256:other"}},
    "expired": {"record": {"expires_at": "2026-11-20T11:00:00Z"}},
    "placeholder": {"record": {"statement": "TBD"}},
}


def demand() -> Demand:
    return Demand(
        system="s",
        version="1",
        subject_digest="sha256:this",
        commit="c",
        run_id="r",
        tier="critical",
        obligations=OBLIGATIONS,
        policy_pack="p",
        people=PEOPLE,
        builders=Builders(people={"dee": "author of c"}, teams=frozenset({"dee"}), unknown=()),
        shared_keys={},
        now=NOW,
    )


def approval(who: str, role: str, number: int = 0, spoiled: str = "") -> Approval:
    changes = dict(SPOILED.get(spoiled, {}))
    record = {
        "schema": "approval/v1",
        "id": f"a{number}",
        "system": "s",
        "version": "1",
        "subject": [],
        "subject_digest": "sha256:this",
        "commit": "c",
        "run_id": "r",
        "tier": "critical",
        "gate_result": {"policy_pack": "p"},
        "approver": {"identity": who, "role": role},
        "decision": "approve",
        "decided_at": "2026-11-20T10:00:00Z",
        "expires_at": "2027-01-20T10:00:00Z",
        "statement": "Looked at it, and it holds.",
        **changes.pop("record", {}),
    }
    known: dict[str, Any] = {
        "signature": Signature(status=Status.VALID, principal=who),
        "committed": True,
        "edited": False,
        **changes,
    }
    return Approval(id=f"a{number}", path=f"a{number}.yaml", record=record, sha256="0" * 64, **known)


given_approvals = st.lists(
    st.tuples(st.sampled_from(WHO), st.sampled_from(ROLES), st.sampled_from(["", "", *SPOILED])), max_size=6
)


@given(given_approvals)
def test_it_passes_exactly_when_three_free_people_fill_three_roles(
    chosen: list[tuple[str, str, str]],
) -> None:
    filed = [approval(who, role, number, spoiled) for number, (who, role, spoiled) in enumerate(chosen)]
    good = {(who, role) for who, role, spoiled in chosen if not spoiled and who != "dee"}
    covered = any(
        all(pair in good for pair in zip(team, ROLES, strict=True)) for team in permutations(WHO, 3)
    )
    assert (judge_approvals(filed, demand()) == ()) is covered


@given(given_approvals, st.sampled_from(WHO), st.sampled_from(ROLES), st.sampled_from(list(SPOILED)))
def test_a_bad_approval_never_helps(
    chosen: list[tuple[str, str, str]], who: str, role: str, spoiled: str
) -> None:
    filed = [approval(*each[:2], number, each[2]) for number, each in enumerate(chosen)]
    more = [*filed, approval(who, role, 99, spoiled)]
    assert {each.id for each in counted(more, demand())} == {each.id for each in counted(filed, demand())}


@pytest.mark.parametrize("field", ["edited", "invalid", "malformed"])
def test_signs_of_tampering_refuse_even_when_enough_others_approve(field: str) -> None:
    filed = [
        approval(who, role, number) for number, (who, role) in enumerate(zip(WHO[:3], ROLES, strict=True))
    ]
    bad = approval("ana", ROLES[0], 9)
    broken = {
        "edited": Approval(**{**vars(bad), "edited": True}),
        "invalid": Approval(**{**vars(bad), "signature": Signature(status=Status.INVALID)}),
        "malformed": Approval(**{**vars(bad), "record": {"schema": "approval/v1"}}),
    }[field]
    assert judge_approvals(filed, demand()) == ()
    assert judge_approvals([*filed, broken], demand()) != ()


@pytest.mark.parametrize("value", [None, 3, [], "text", {"identity": ["x"]}])
def test_a_record_of_any_shape_is_judged_and_never_counts(value: Any) -> None:
    record = {
        **approval("ana", ROLES[0]).record,
        "approver": value,
        "gate_result": value,
        "decided_at": value,
    }
    bad = Approval(**{**vars(approval("ana", ROLES[0])), "record": record})
    assert counted([bad], demand()) == ()
    assert judge_approvals([bad], demand())
