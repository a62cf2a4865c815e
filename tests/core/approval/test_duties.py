"""Who built it: authors, committers, co-authors, submitters, by any address; bots as those behind them."""

from __future__ import annotations

import pytest

from roadworthy.core.approval.duties import Commit, builders, judge_builders
from roadworthy.core.approval.people import Signer, judge_people, people

TEAM = people(
    {
        "people": [
            {
                "identity": "ana@x.example",
                "name": "Ana Alba",
                "emails": ["ana@home.example"],
                "handles": ["@Ana"],
            },
            {"identity": "bo@x.example", "name": "Bo Berg", "handles": ["@bo-b"], "team": "risk"},
            "no person",
            {"name": "Nobody"},
        ]
    }
)
ANA, BO = "ana@x.example", "bo@x.example"


def who(email: str, name: str = "x") -> Signer:
    return Signer(name=name, email=email)


def commit(author: Signer, committer: Signer | None = None, message: str = "") -> Commit:
    return Commit(sha="c" * 40, author=author, committer=committer or author, message=message)


@pytest.mark.parametrize(
    "signer",
    [
        who("ana@x.example"),
        who("ANA@X.EXAMPLE"),
        who("ana@home.example"),
        who("ana@users.noreply.github.com"),
        who("123+ana@users.noreply.github.com"),
        who("77-ana@users.noreply.gitlab.com"),
        who("new@address.example", "ana  ALBA"),
    ],
)
def test_a_person_is_found_by_every_name_they_go_by(signer: Signer) -> None:
    assert set(builders([commit(signer)], None, TEAM).people) == {ANA}


@pytest.mark.parametrize(
    "message",
    [
        f"x\n\nCo-authored-by: Bo <{BO}>",
        f"x\n\nco-authored-by:Bo <{BO}>\nSigned-off-by: z <z@z>",
        f"* one\n\nCo-Authored-By: Bo <{BO}>\n\n* two (#3)",
        f"x\n\n  Co-developed-by: Bo <{BO}>",
        f"x\r\n\r\nCo-authored-by: Bo <{BO}>\r\n",
    ],
)
def test_a_co_author_is_found_wherever_the_message_names_one(message: str) -> None:
    assert set(builders([commit(who(ANA), message=message)], None, TEAM).people) == {ANA, BO}


def test_a_trailer_nobody_can_read_is_an_unknown_builder() -> None:
    found = builders(
        [commit(who(ANA), message="x\n\nCo-authored-by: somebody from the other team")], None, TEAM
    )
    assert "somebody from the other team" in found.unknown[0]


def test_the_submitter_of_the_run_built_it_too() -> None:
    assert builders([], who(BO), TEAM).people == {BO: "submitted the run"}
    assert builders([], who(BO), TEAM).teams == {"risk"}


@pytest.mark.parametrize(
    ("author", "message", "known", "unknown"),
    [
        (who("bot[bot]@users.noreply.github.com"), "", set(), 1),
        (who("bot[bot]@users.noreply.github.com"), f"x\n\nOn-behalf-of: Bo <{BO}>", {BO}, 0),
        (who("bot[bot]@users.noreply.github.com"), "x\n\nOn-behalf-of: Zed <zed@y.example>", set(), 2),
        (who("stranger@y.example"), f"x\n\nCo-authored-by: Bo <{BO}>", {BO}, 1),
    ],
)
def test_a_bot_stands_for_a_person_and_a_stranger_does_not(
    author: Signer, message: str, known: set[str], unknown: int
) -> None:
    found = builders([commit(author, message=message)], None, TEAM)
    assert set(found.people) == known
    assert len({line.partition(" (")[0] for line in found.unknown}) == unknown
    assert bool(list(judge_builders(found, unknown_blocks="release"))) is bool(unknown)
    assert list(judge_builders(found, unknown_blocks="none")) == []


def test_the_forge_that_commits_is_nobody_and_any_other_committer_is_somebody() -> None:
    assert set(builders([commit(who(ANA), who("noreply@github.com"))], None, TEAM).people) == {ANA}
    assert set(builders([commit(who(ANA), who(BO))], None, TEAM).people) == {ANA, BO}


def test_one_address_for_two_people_is_told() -> None:
    twice = people({"people": [{"identity": "a", "emails": ["z@z"]}, {"identity": "b", "handles": ["Z@Z"]}]})
    assert [refusal.code for refusal in judge_people(twice)] == ["roles-ambiguous"]
    assert list(judge_people(TEAM)) == []


@pytest.mark.parametrize(
    "document", [None, [], {"people": None}, {"people": [None, 3]}, {"people": {"a": 1}}]
)
def test_a_roles_file_of_any_shape_names_nobody(document: object) -> None:
    assert people(document) == ()
