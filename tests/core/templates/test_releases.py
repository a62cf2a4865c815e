"""The list of releases, the digests of a release, the stamp it leaves, and whom we trust."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from roadworthy.core.templates.releases import Entry, index_text, is_supported, parse_index, version_key
from roadworthy.core.templates.source import (
    PLATFORM,
    Source,
    in_platform,
    in_release,
    is_trusted,
    release_paths,
    stamp_lock,
)
from roadworthy.core.templates.tree import File, digest
from roadworthy.errors import UsageError
from tests.copier_reference import files

FIRST = Entry(version="0.9.0", file="0.9.0.tar", sha256="a" * 64, cut_from="b" * 40, date="2026-11-20")
SECOND = replace(FIRST, version="0.10.0", file="0.10.0.tar")
LOCK = (
    "schema: lock/v1\nrelease: unreleased\ntemplate_digest: unreleased\npolicy_pack: unreleased\ntier: low\n"
)


def test_an_index_is_read_back_as_written() -> None:
    assert parse_index(index_text((FIRST, SECOND))) == (FIRST, SECOND)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        json.dumps({"schema": "releases/v9", "releases": []}),
        json.dumps({"schema": "releases/v1", "releases": [{"version": "1.0.0"}]}),
        index_text((SECOND, FIRST)),
        index_text((FIRST, FIRST)),
        index_text((replace(FIRST, version="1.0"),)),
    ],
)
def test_a_broken_index_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_index(text)


def test_versions_are_ordered_by_number() -> None:
    assert sorted(["0.10.0", "0.9.0", "1.0.0"], key=version_key) == ["0.9.0", "0.10.0", "1.0.0"]


def test_a_digest_is_of_paths_modes_and_contents_alone() -> None:
    tree = files({"b": "2", "a": "1"})
    assert digest(tree) == digest(dict(reversed(list(tree.items()))))
    others: list[dict[str, Any]] = [
        {"a": "1", "c": "2"},
        {"a": "1", "b": "3"},
        {"a": "1"},
        {"a": "1", "b": {"text": "2", "executable": True}},
        {"a": "1", "b": {"link": "2"}},
    ]
    assert len({digest(tree), *(digest(files(other)) for other in others)}) == 6


def test_a_release_is_template_and_pack_and_nothing_else() -> None:
    pack = "src/roadworthy/policy/tiers.yaml"
    paths = ["copier.yml", "template/a", pack, "README.md", "src/roadworthy/cli.py", "templates/x"]
    assert list(release_paths(paths)) == ["copier.yml", "template/a", pack]
    assert list(release_paths(["copier.yml", "README.md"])) == ["copier.yml", "README.md"]


def test_a_platforms_own_repository_keeps_its_pack_under_a_plainer_name() -> None:
    paths = ["copier.yml", "template/policy/gates.yaml", "policy/tiers.yaml", PLATFORM, "tests/t.py"]
    assert release_paths(paths) == {
        "copier.yml": "copier.yml",
        "template/policy/gates.yaml": "template/policy/gates.yaml",
        "src/roadworthy/policy/tiers.yaml": "policy/tiers.yaml",
        PLATFORM: PLATFORM,
    }
    for path in paths:
        assert in_platform(in_release(path)) == path


def test_the_lock_is_stamped_with_release_and_digests() -> None:
    source = Source(spec="s", release="1.2.3", tree=files({"a": "1"}), src_path="s", commit=None)
    stamped = stamp_lock(files({".roadworthy/lock.yaml": LOCK, "other": LOCK}), source)
    text = stamped[".roadworthy/lock.yaml"].data.decode()
    assert 'release: "1.2.3"\n' in text
    assert f'template_digest: "{source.template_digest}"\n' in text
    assert f'policy_pack: "{source.pack_digest}"\n' in text
    assert "unreleased" not in text
    assert stamped["other"] == File(data=LOCK.encode())


@pytest.mark.parametrize(
    ("spec", "trusted"),
    [
        ("builtin", True),
        ("https://forge.example/platform/template.git", True),
        ("https://forge.example/platform", True),
        ("/srv/templates/ml", True),
        ("https://forge.example/platform-evil/template.git", False),
        ("https://forge.example/platform/../evil/template.git", False),
        ("https://forge.example/platform/%2e%2e/evil", False),
        ("https://forge.example.evil.example/platform/x", False),
        ("/srv/templates/../../home/evil", False),
        ("/srv/templates-evil", False),
        ("/anywhere", False),
        ("", False),
    ],
)
def test_trust_is_of_a_whole_folder_or_address(spec: str, trusted: bool) -> None:
    assert is_trusted(spec, ("https://forge.example/platform/", "/srv/templates")) is trusted


def test_nothing_but_builtin_is_trusted_by_default() -> None:
    assert is_trusted("builtin", ())
    assert not is_trusted("/srv/templates", ())


@pytest.mark.parametrize(
    ("release", "known", "supported"),
    [
        ("v1.1.0", ["v1.0.0", "v1.1.0"], True),
        ("v1.0.0", ["v1.0.0", "v1.1.0"], True),
        ("v1.0.0-3-g1f89ab5", ["v1.0.0", "v1.1.0"], True),
        ("v1.1.0-3-g1f89ab5-dirty", ["v1.0.0", "v1.1.0"], True),
        ("v1.1.0-dirty", ["v1.1.0"], True),
        ("1f89ab5", [], True),
        ("1f89ab5", ["v1.0.0"], False),
        ("v1.0.0-rc1", ["v1.0.0"], False),
        ("v1.0.01", ["v1.0.0"], False),
        ("v1.0.0-3-gxyz", ["v1.0.0"], False),
        ("", ["v1.0.0"], False),
    ],
)
def test_a_commit_beyond_a_release_is_supported_as_that_release_is(
    release: str, known: list[str], supported: bool
) -> None:
    assert is_supported(release, known) is supported
