"""The gate's verdict, verified alone: signature, result, expiry, subject, approvals. Needs only OpenSSH."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..serving.clock import parse, text
from . import records, settings
from .outcome import Refused

NAMESPACE = "roadworthy-gate"


@dataclass(frozen=True)
class Verdict:
    """What a verified verdict says, the bytes that say it, and their signature."""

    version: str
    tier: str
    subject_digest: str
    approvals: tuple[Mapping[str, Any], ...]
    expires_at: str
    data: bytes
    signature: bytes

    @property
    def sha256(self) -> str:
        """What a deployment names it by."""
        return records.sha256_bytes(self.data)


def verify(version: str, at: datetime) -> Verdict:
    """The verdict that lets this release ship at this time, or Refused with the first thing wrong."""
    data, signature = _signed(version, at)
    statement = _statement(data, version)
    predicate = statement["predicate"]
    said = predicate["roadworthy"]
    _passed(predicate, said, version)
    _about(said, predicate, version)
    _unexpired(said, version, at)
    _same_subject(statement["subject"], said["subject_digest"], version)
    _approved(said["approvals"], predicate["inputAttestations"], version)
    return Verdict(
        version=version,
        tier=str(said["tier"]),
        subject_digest=str(said["subject_digest"]),
        approvals=tuple(said["approvals"]),
        expires_at=str(said["expires_at"]),
        data=data,
        signature=signature,
    )


def keep(verdict: Verdict) -> None:
    """Keep a verdict beside the deployments that name it: each gate run writes the next over it."""
    kept = settings.path("governance", "deployments", f"{verdict.sha256}.verdict")
    for file, data in ((kept.with_suffix(".verdict.sig"), verdict.signature), (kept, verdict.data)):
        if not file.exists():
            records.write_atomic(file, data)


def bundle(version: str) -> Path:
    """The folder that holds every byte of a release."""
    return settings.path("var", "releases", version)


def subject(folder: Path) -> list[dict[str, str]]:
    """What a bundle really holds: its subject list with every digest recomputed from bytes."""
    release = records.read_record(folder / "release.json")
    entries = release.get("subject")
    if not isinstance(entries, list) or not entries:
        raise Refused("a release without a subject", str(folder / "release.json"), "register the run again")
    return [_entry(folder, each) for each in entries]


def subject_digest(entries: Iterable[Mapping[str, str]]) -> str:
    """One digest over role, name and digest of every part."""
    bare = [{key: each[key] for key in ("name", "role", "sha256")} for each in entries]
    ordered = sorted(bare, key=lambda each: (each["role"], each["name"]))
    return "sha256:" + records.sha256_bytes(records.canonical(ordered))


def gate_file(version: str) -> Path:
    """Where the gate leaves its verdict about a release."""
    return settings.path("governance", "gates", f"{version}.json")


def _entry(folder: Path, said: Mapping[str, Any]) -> dict[str, str]:
    where = folder / str(said.get("path", ""))
    if not where.resolve().is_relative_to(folder.resolve()):
        raise Refused(
            "a path that leaves the bundle", f"{folder}/release.json: {said.get('path')}", "register again"
        )
    role, name = str(said.get("role")), str(said.get("name"))
    return {"role": role, "name": name, "said": str(said.get("sha256")), "sha256": records.sha256_file(where)}


def _signed(version: str, at: datetime) -> tuple[bytes, bytes]:
    if not version.isalnum():
        raise Refused(f"not a version: {version!r}", "the command line", "name a release, such as 1")
    where, repair = settings.relative(gate_file(version)), f"roadworthy gate {version}"
    signature = gate_file(version).with_suffix(".json.sig")
    if not gate_file(version).is_file():
        raise Refused(f"release {version} has no gate verdict", where, repair)
    if not signature.is_file():
        raise Refused(f"the verdict on release {version} is not signed", f"{where}.sig", repair)
    data, seal = gate_file(version).read_bytes(), signature.read_bytes()
    if not signed_by(data, seal, NAMESPACE, _signing_time(data, at)):
        raise Refused("the signature is not the gate's, or the verdict was edited", where, repair)
    return data, seal


def _signing_time(data: bytes, at: datetime) -> datetime:
    """When the gate says it signed: a key that was ended later still counts for what it signed before."""
    try:
        return min(parse(json.loads(data)["predicate"]["timeVerified"]), at)
    except (ValueError, KeyError, TypeError, Refused):
        return at


def signed_by(data: bytes, signature: bytes, namespace: str, at: datetime) -> str | None:
    """The principal of governance/allowed_signers whose key signed these bytes for this use, if any."""
    signers = settings.path("governance", "allowed_signers")
    with tempfile.NamedTemporaryFile(suffix=".sig") as copy:
        copy.write(signature)
        copy.flush()
        common = ("-s", copy.name, "-f", str(signers), "-Overify-time=" + at.strftime("%Y%m%d%H%M%S"))
        found = _ssh_keygen("find-principals", *common)
        names = found.stdout.decode(errors="replace").split("\n") if found.returncode == 0 else []
        for name in filter(None, (each.strip() for each in names)):
            if _ssh_keygen("verify", *common, "-n", namespace, "-I", name, data=data).returncode == 0:
                return name
    return None


def _ssh_keygen(action: str, *arguments: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = ["ssh-keygen", "-Y", action, *arguments]
    # Times without a zone are local ones, and OpenSSH before 9.1 knows no mark for UTC.
    world = os.environ | {"TZ": "UTC"}
    try:
        return subprocess.run(command, input=data, env=world, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise Refused("ssh-keygen is not installed", "PATH", "install OpenSSH") from error


def _statement(data: bytes, version: str) -> dict[str, Any]:
    needed = {"system", "version", "tier", "subject_digest", "expires_at", "approvals"}
    try:
        statement = json.loads(data)
        predicate = statement["predicate"]
        whole = needed <= predicate["roadworthy"].keys()
        whole = whole and {"verificationResult", "resourceUri", "inputAttestations"} <= predicate.keys()
        whole = whole and isinstance(statement["subject"], list)
    except (ValueError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise Refused(
            "not a gate verdict", settings.relative(gate_file(version)), f"roadworthy gate {version}"
        )
    assert isinstance(statement, dict)
    return statement


def _passed(predicate: Mapping[str, Any], said: Mapping[str, Any], version: str) -> None:
    if predicate["verificationResult"] == "PASSED":
        return
    reasons = [str(each.get("message", each.get("code"))) for each in said.get("refusals", ())]
    raise Refused(
        "the gate refused this release: " + ("; ".join(reasons) or "no reason given"),
        settings.relative(gate_file(version)),
        f"repair what it names, then roadworthy gate {version}",
    )


def _about(said: Mapping[str, Any], predicate: Mapping[str, Any], version: str) -> None:
    release = records.read_record(bundle(version) / "release.json")
    wanted = (settings.system(), version)
    uri = f"roadworthy:{wanted[0]}@{wanted[1]}"
    for name, found in {
        "the verdict": (said["system"], said["version"]),
        "the release": (release.get("system"), release.get("version")),
    }.items():
        if found != wanted or predicate["resourceUri"] != uri:
            raise Refused(
                f"{name} is about {found[0]} {found[1]}, not about {wanted[0]} {wanted[1]}",
                settings.relative(gate_file(version)),
                f"roadworthy gate {version}",
            )


def _unexpired(said: Mapping[str, Any], version: str, at: datetime) -> None:
    if parse(str(said["expires_at"])) <= at:
        raise Refused(
            f"the verdict expired {said['expires_at']}; it is judged at {text(at)}",
            settings.relative(gate_file(version)),
            f"roadworthy approve {version}, then roadworthy gate {version}",
        )


def _same_subject(listed: list[Mapping[str, Any]], digest: str, version: str) -> None:
    found = subject(bundle(version))
    wanted = {str(each.get("name")): each.get("digest", {}).get("sha256") for each in listed}
    repair = "register the run again and have it approved: what was approved is not what is here"
    for each in found:
        if wanted.get(each["name"]) != each["sha256"]:
            where = f"var/releases/{version}: {each['role']} {each['name']}"
            raise Refused("changed after it was approved", where, repair)
    if subject_digest(found) != digest or len(wanted) != len(found):
        raise Refused("the subject is not the approved one", f"var/releases/{version}/release.json", repair)


def _approved(approvals: list[Mapping[str, Any]], attested: list[Mapping[str, Any]], version: str) -> None:
    digests = {str(each.get("uri")): each.get("digest", {}).get("sha256") for each in attested}
    if not approvals or not digests:
        where = settings.relative(gate_file(version))
        raise Refused("the verdict names no approval", where, f"roadworthy approve {version}")
    for approval in approvals:
        _one_approval(str(approval.get("id")), digests, version)


def _one_approval(name: str, digests: Mapping[str, Any], version: str) -> None:
    uri = f"governance/approvals/{name}.yaml"
    repair = f"roadworthy approve {version}, then roadworthy gate {version}"
    if "/" in name or uri not in digests:
        raise Refused(
            f"approval {name} is named but not attested", settings.relative(gate_file(version)), repair
        )
    if settings.path("governance", "approvals", f"{name}.revoked.yaml").exists():
        raise Refused(f"approval {name} was revoked", f"governance/approvals/{name}.revoked.yaml", repair)
    if not settings.path(uri).is_file() or records.sha256_file(settings.path(uri)) != digests[uri]:
        raise Refused(f"approval {name} was edited or removed after the gate saw it", uri, repair)
