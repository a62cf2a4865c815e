"""SSH signatures: real keys, real ssh-keygen."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from roadworthy.adapters import signing
from roadworthy.adapters.signing import sign, verify
from roadworthy.core.approval.signatures import Status, public_key, shared_keys, signer_line
from roadworthy.core.documents.notes import Notes
from roadworthy.errors import UsageError

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SPACE = "roadworthy-approval"
DATA = b"decision: approve\n"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("keys") / "risk"
    subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file), check=True)
    return file


def public(key: Path) -> str:
    return " ".join(key.with_suffix(".pub").read_text().split()[:2])


def line(key: Path, who: str = "risk@loans.example", options: str = f'namespaces="{SPACE}"') -> bytes:
    return f"{who} {options} {public(key)}\n".encode()


def test_a_signature_names_who_made_it_and_with_which_key(key: Path) -> None:
    seal = verify(DATA, sign(str(key), SPACE, DATA), line(key), SPACE, NOW)
    assert (seal.status, seal.principal, seal.key) == (Status.VALID, "risk@loans.example", public(key))


@pytest.mark.parametrize(
    ("allowed", "status"),
    [
        (b"", Status.UNKNOWN_KEY),
        (b"not a line at all\n", Status.UNKNOWN_KEY),
        ('risk@loans.example namespaces="git"', Status.INVALID),
        ('risk@loans.example valid-before="20261101"', Status.UNKNOWN_KEY),
        ('risk@loans.example valid-after="20261201"', Status.UNKNOWN_KEY),
        ("*@loans.example", Status.UNKNOWN_KEY),
    ],
)
def test_who_may_sign_is_what_the_signers_file_says(key: Path, allowed: str | bytes, status: Status) -> None:
    signers = allowed if isinstance(allowed, bytes) else f"{allowed} {public(key)}\n".encode()
    seal = verify(DATA, sign(str(key), SPACE, DATA), signers, SPACE, NOW)
    assert seal.status in {status, Status.UNKNOWN_KEY}
    assert seal.principal is None


def test_other_words_another_purpose_and_no_signature_are_told_apart(key: Path) -> None:
    seal = sign(str(key), SPACE, DATA)
    assert verify(DATA + b"!", seal, line(key), SPACE, NOW).status is Status.INVALID
    assert verify(DATA, seal, line(key), "roadworthy-gate", NOW).status is Status.INVALID
    assert verify(DATA, None, line(key), SPACE, NOW).status is Status.MISSING
    assert (
        verify(DATA, b"-----BEGIN SSH SIGNATURE-----\nx\n", line(key), SPACE, NOW).status
        is Status.UNKNOWN_KEY
    )


def test_a_machine_without_openssh_says_so(key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seal = sign(str(key), SPACE, DATA)
    monkeypatch.setenv("PATH", "")
    assert verify(DATA, seal, line(key), SPACE, NOW).status is Status.UNAVAILABLE


def test_a_question_is_asked_once_and_only_an_answer_is_remembered(
    key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal, notes, path = sign(str(key), SPACE, DATA), Notes(), os.environ["PATH"]

    def ask(data: bytes = DATA, signers: bytes = line(key), at: datetime = NOW) -> Status:
        return verify(data, seal, signers, SPACE, at, partial(notes.once, "signature")).status

    monkeypatch.setenv("PATH", "")
    assert ask() is Status.UNAVAILABLE
    monkeypatch.setenv("PATH", path)
    assert ask() is Status.VALID
    monkeypatch.setattr(signing, "_keygen", lambda *_: pytest.fail("asked again"))
    assert ask() is Status.VALID
    others: tuple[dict[str, Any], ...] = (
        {"data": DATA + b"!"},
        {"signers": b""},
        {"at": NOW + timedelta(seconds=1)},
    )
    for other in others:
        with pytest.raises(pytest.fail.Exception, match="asked again"):
            ask(**other)


def test_a_locked_key_never_waits_for_a_passphrase(tmp_path: Path) -> None:
    file = tmp_path / "locked"
    subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", file), check=True)
    with pytest.raises(UsageError, match="cannot sign"):
        sign(str(file), SPACE, DATA)


def test_a_key_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        sign(str(tmp_path / "none"), SPACE, DATA)
    assert str(tmp_path / "none") in caught.value.message
    assert "ssh-keygen" in caught.value.hint


def test_a_key_for_two_people_is_found_whatever_else_the_lines_say(key: Path) -> None:
    other = line(key, "exec@loans.example", 'valid-after="20260101",namespaces="git"')
    both = line(key) + other + b"# a word\n\n"
    assert shared_keys(both.decode()) == {public(key): ("exec@loans.example", "risk@loans.example")}
    assert shared_keys(line(key, "a@x,b@x").decode()) == {public(key): ("a@x", "b@x")}
    assert shared_keys(line(key).decode()) == {}
    authority = line(key) + line(key, "exec@loans.example", 'cert-authority,namespaces="git"')
    assert shared_keys(authority.decode()) == {}  # such a line vouches for nobody


@pytest.mark.parametrize("text", [b"", b"no", b"\xff\xfe", b"-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n"])
def test_a_key_is_read_only_from_a_whole_signature(text: bytes) -> None:
    assert public_key(text) == ""


def test_the_line_that_would_admit_a_key_is_accepted_by_openssh(key: Path) -> None:
    seal = sign(str(key), SPACE, DATA)
    admitted = signer_line("risk@loans.example", f"{SPACE},git", public_key(seal))
    assert verify(DATA, seal, admitted.encode(), SPACE, NOW).status is Status.VALID
