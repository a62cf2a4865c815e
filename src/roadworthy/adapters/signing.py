"""SSH signatures through OpenSSH's own `ssh-keygen -Y`: the format git signs with, verified offline."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roadworthy.core.approval.signatures import Signature, Status, personal, public_key
from roadworthy.errors import Unjudgeable, UsageError

if TYPE_CHECKING:
    import subprocess

SECONDS = 60.0
Found = Sequence[Any]
INSTALL = "install the OpenSSH client (8.9 or newer), which brings ssh-keygen"


def sign(key: str, namespace: str, data: bytes) -> bytes:
    """Return an armoured signature of `data`; `key` is a key file, or a public key that the agent holds."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        done = _keygen(["-Y", "sign", "-n", namespace, "-f", _key_file(key, Path(folder))], data)
    if done.returncode or not done.stdout.startswith(b"-----BEGIN SSH SIGNATURE"):
        raise UsageError(
            f"the key {key} cannot sign: {_last_line(done.stderr)}",
            "name a key with --key, or load it: ssh-add KEY (a passphrase is asked for only on a terminal)",
        )
    return done.stdout


def verify(
    data: bytes,
    signature: bytes | None,
    allowed_signers: bytes,
    namespace: str,
    at: datetime,
    once: Callable[[str, Callable[[], Found]], Found] = lambda _, ask: ask(),
) -> Signature:
    """Return how a signature fares against `allowed_signers` at a moment; a bad one raises nothing.

    `once` may know the answer to the same question: these bytes, this moment, this ssh-keygen.
    """
    if not signature:
        return Signature(status=Status.MISSING)
    key, when = public_key(signature), f"{at.astimezone(UTC):%Y%m%d%H%M%S}"
    digests = (sha256(each).hexdigest() for each in (data, signature, allowed_signers))
    try:
        known, good = once(
            " ".join((*digests, namespace, when, _program())),
            lambda: _asked(data, signature, allowed_signers, namespace, when),
        )
    except Unjudgeable:
        return Signature(status=Status.UNAVAILABLE, key=key)
    if good:
        return Signature(status=Status.VALID, principal=good, key=key)
    return Signature(status=Status.INVALID if known else Status.UNKNOWN_KEY, key=key)


def _program() -> str:
    """Which ssh-keygen answers: another one is asked anew."""
    from shutil import which  # only where something is signed

    found = which("ssh-keygen")
    return f"{found} {os.stat(found).st_mtime_ns}" if found else ""


def _asked(data: bytes, signature: bytes, signers: bytes, namespace: str, when: str) -> Found:
    """Whether the key is listed for somebody, and the name for which the signature is good."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "signature").write_bytes(signature)
        (folder / "allowed").write_text(personal(signers.decode("utf-8", "replace")), "utf-8")
        files = ["-s", str(folder / "signature"), "-f", str(folder / "allowed"), f"-Overify-time={when}"]
        names = tuple(_principals(_keygen(["-Y", "find-principals", *files]).stdout))
        good = next((each for each in names if _verifies(each, namespace, files, data)), None)
    return bool(names), good


def _verifies(principal: str, namespace: str, files: Sequence[str], data: bytes) -> bool:
    return _keygen(["-Y", "verify", "-I", principal, "-n", namespace, *files], data).returncode == 0


def _principals(found: bytes) -> Iterator[str]:
    """Names a key is listed under. A pattern is not a name: nobody signs as `*@loans.example`."""
    for name in found.decode(errors="replace").replace(",", "\n").splitlines():
        if name and not set("*?!") & set(name):
            yield name


def _key_file(key: str, folder: Path) -> str:
    literal = key.removeprefix("key::")
    if literal != key or literal.startswith(("ssh-", "ecdsa-", "sk-")):
        file = folder / "key.pub"
        file.write_text(literal + "\n")
        return str(file)
    path = Path(key).expanduser()
    if not path.is_file():
        raise UsageError(f"no signing key at {path}", "ssh-keygen -t ed25519 -f KEY, then pass --key KEY")
    return str(path)


def _keygen(arguments: list[str], data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run ssh-keygen. Without a terminal it gets none to ask a passphrase on, so it can never hang."""
    import subprocess  # an answer that is known needs no program

    alone = not sys.stderr.isatty()
    silent = {"SSH_ASKPASS_REQUIRE": "never"} if alone else {}
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC", **silent}
    try:
        done = subprocess.run(
            ["ssh-keygen", *arguments],
            input=data,
            capture_output=True,
            env=environment,
            start_new_session=alone,
            timeout=SECONDS,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise Unjudgeable(f"ssh-keygen did not run: {error}", INSTALL) from error
    if done.returncode < 0:
        raise Unjudgeable(f"ssh-keygen was stopped by signal {-done.returncode}", "run it again")
    return done


def _last_line(said: bytes) -> str:
    return (said.decode(errors="replace").strip().splitlines() or ["ssh-keygen said nothing"])[-1]
