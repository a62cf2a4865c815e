"""`roadworthy check` on real projects: what it is given, what it says, what it exits with."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from roadworthy.adapters.policy import read_policy
from roadworthy.adapters.shapes import misshapen
from roadworthy.commands.check import check
from roadworthy.commands.judged import Ask, judge_apart
from roadworthy.commands.packs import open_bench
from roadworthy.core.documents.notes import Notes
from roadworthy.core.judging.evaluate import judge_check
from roadworthy.core.judging.models import Check, Control, Finding, Report, Verdict
from roadworthy.core.memo import Memo
from roadworthy.core.values import replace
from roadworthy.errors import UsageError
from roadworthy.render.json import report_json
from tests.hostile.world import make_base
from tests.render.official import junit_problems, sarif_problems

TODAY = "2026-11-20"
SYSTEM = "governance/system.yaml"
HEAVY = (
    "copier",
    "mlflow",
    "pydantic",
    "rich",
    "typer",
    "prompt_toolkit",
    "jsonschema",
    "sklearn",
    "requests",
    "httpx",
)
WAIVER: dict[str, Any] = {
    "schema": "waiver/v1",
    "id": "W-1",
    "control": "GOV-01",
    "scope": {"system": "credit-decision"},
    "reason": "The register of systems moves to another place and is back on Friday.",
    "requested_by": "amy@x.example",
    "approved_by": "bob@x.example",
    "issued_at": "2026-11-15",
    "expires_at": "2026-11-25",
    "compensating_controls": [{"control": "MON-01"}],
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("base") / "credit-decision")


@pytest.fixture
def project(base: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(base, tmp_path / "credit-decision"))


def spoil(project: Path) -> Path:
    """Break the system record, but not the system's name."""
    text = (project / SYSTEM).read_text()
    (project / SYSTEM).write_text(text.replace("owners:", "hands:"))
    return project


def verdicts(report: Report) -> dict[str, str]:
    return {judged.control.id: str(judged.verdict) for judged in report.judged}


class Kept:
    """Judges as a person's next process would: with what was kept on disk alone, counting the checks."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.kept: Any = {}
        self.asked: list[str] = []
        bench = open_bench()

        def counted(control: Control, check: Check, *rest: Any) -> Finding:
            self.asked.append(f"{control.id} {check.id}")
            return judge_check(control, check, *rest)

        monkeypatch.setattr("roadworthy.commands.packs.judge_check", counted)
        monkeypatch.setattr("roadworthy.commands.check.open_bench", lambda _: replace(bench, memo=Memo()))

    def look(self, project: Path, as_of: str = f"{TODAY}T12:00:00Z") -> tuple[dict[str, Any], list[str]]:
        """Return the report and which checks were judged for it."""
        notes, self.asked = Notes(json.loads(json.dumps(self.kept))), []
        said = report_json(check(str(project), as_of=as_of, notes=notes, told=notes))
        self.kept = notes.dump()
        return json.loads(said), self.asked

    def fresh(self, project: Path, as_of: str = f"{TODAY}T12:00:00Z") -> dict[str, Any]:
        """Return the report of who keeps nothing of it."""
        said: dict[str, Any] = json.loads(report_json(check(str(project), as_of=as_of)))
        return said


def test_what_checks_came_to_is_kept_for_the_same_facts_but_never_past_a_moment(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an envelope's end says changes within a day; all else by values of facts and by the date."""
    over = {"schema": "envelope/v1", "expires_at": f"{TODAY}T13:00:00Z"}
    (project / "governance/envelope.yaml").write_text(yaml.safe_dump(over))
    eye = Kept(monkeypatch)
    first, all_asked = eye.look(project)
    again, asked = eye.look(project)
    assert len(all_asked) > 150
    assert "APPR-04 bounded" in asked
    assert len(asked) < 4
    assert first == again == eye.fresh(project)
    for moment in (f"{TODAY}T14:00:00Z", "2027-06-02T00:00:00Z"):
        assert eye.look(project, moment)[0] == eye.fresh(project, moment)
    spoiled = spoil(project)
    changed, asked = eye.look(spoiled, "2027-06-02T00:00:00Z")
    assert 2 < len(asked) < 60, "only what reads the file that changed"
    assert changed == eye.fresh(spoiled, "2027-06-02T00:00:00Z") != first


def cli(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-I", "-c", "from roadworthy.cli import main; main()", *arguments),
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_born_project_conforms_and_lists_what_people_must_do(base: Path) -> None:
    report = check(str(base), as_of=TODAY)
    failing = [
        (j.control.id, f.check, f.message)
        for j in report.judged
        for f in j.findings
        if f.verdict is Verdict.FAIL
    ]
    assert failing == []
    assert report.exit_code == 0
    assert report.counts["pending"] > 5
    assert report.counts["unknown"] == 0


def test_every_control_is_judged_and_counted(base: Path) -> None:
    report = check(str(base), as_of=TODAY)
    shipped = [name for name in read_policy() if name.startswith("controls/")]
    assert len(report.judged) == len(shipped) == sum(report.counts.values())


def test_what_is_pending_fails_for_a_release(base: Path) -> None:
    """All of it once every question binds; before that a dated one may wait, as for everybody."""
    report = check(str(base), as_of=TODAY, for_release="1")
    assert report.exit_code == 1
    assert verdicts(report)["APPR-01"] == "fail"
    assert 0 < report.counts["pending"] <= 3
    assert check(str(base), as_of="2027-07-01T12:00:00Z", for_release="1").counts["pending"] == 0


def test_a_broken_record_fails_the_right_control_and_says_how_to_repair_it(project: Path) -> None:
    report = check(str(spoil(project)), as_of=TODAY)
    assert verdicts(report)["GOV-01"] == "fail"
    told = judge_apart(Ask(path=str(project), as_of=TODAY))
    assert told.exit_code == 1
    for said in ("FAIL    GOV-01", SYSTEM, "expected", "found", "why", "fix", "roadworthy explain GOV-01"):
        assert said in told.text


def test_only_the_controls_that_were_asked_for(base: Path) -> None:
    assert set(verdicts(check(str(base), controls=("GOV-01", "REL-03")))) == {"GOV-01", "REL-03"}
    with pytest.raises(UsageError, match="no control NOPE-01"):
        check(str(base), controls=("NOPE-01",))


def test_a_folder_a_revision_a_bare_repository_and_an_archive_agree(base: Path, tmp_path: Path) -> None:
    bare, packed = tmp_path / "bare.git", tmp_path / "p.tar.gz"
    subprocess.run(("git", "clone", "-q", "--bare", str(base), str(bare)), check=True)
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(
            base, "credit-decision", filter=lambda member: None if "/.git/" in member.name + "/" else member
        )
    folder = check(str(base), as_of=TODAY)
    revision = check(str(base), as_of=TODAY, revision="main")
    bared = check(str(bare), as_of=TODAY)
    archived = check(str(packed), as_of=TODAY)
    assert folder.exit_code == revision.exit_code == bared.exit_code == 0
    assert verdicts(folder) == verdicts(revision) == verdicts(bared)
    assert [each.source["kind"] for each in (folder, revision, bared, archived)] == [
        "folder",
        "revision",
        "revision",
        "archive",
    ]
    unlike = {name for name, verdict in verdicts(archived).items() if verdict != verdicts(folder)[name]}
    assert {verdicts(archived)[name] for name in unlike} <= {"unknown", "pending"}


def test_a_revision_is_judged_as_committed_and_not_as_it_lies_there(project: Path) -> None:
    spoil(project)
    assert check(str(project), as_of=TODAY).exit_code == 1
    assert check(str(project), as_of=TODAY, revision="HEAD").exit_code == 0
    for name in ("no-such", "--output=x", "HEAD:README.md"):
        with pytest.raises(UsageError):
            check(str(project), revision=name)


def test_judging_changes_nothing(project: Path) -> None:
    from tests.hostile.world import fingerprint

    before = fingerprint(project)
    check(str(project))
    assert fingerprint(project) == before


def test_the_same_question_has_the_same_answer(base: Path) -> None:
    asks = [judge_apart(Ask(path=str(base), style="json", as_of=TODAY)).text for _ in range(2)]
    assert asks[0] == asks[1]


def test_managed_files_are_compared_with_the_release_and_not_with_hashes_in_the_project(
    project: Path,
) -> None:
    cli_file = next((project / "src").glob("*/cli.py"))
    cli_file.write_text(cli_file.read_text() + "\n# mine\n")
    report = check(str(project), as_of=TODAY, controls=("GOV-06",))
    assert report.exit_code == 1
    assert any("cli.py" in finding.message for finding in report.judged[0].findings)


def test_a_source_nobody_trusts_is_unknown(project: Path) -> None:
    answers = project / ".copier-answers.yml"
    answers.write_text(
        answers.read_text().replace("_src_path: builtin", "_src_path: https://evil.example/t.git")
    )
    report = check(str(project), as_of=TODAY, controls=("GOV-06",))
    reasons = " ".join(finding.reason for finding in report.judged[0].findings)
    assert "which no configuration trusts" in reasons
    assert report.exit_code in (1, 3)


def waived(project: Path, folder: Path, **change: Any) -> Report:
    folder.mkdir(exist_ok=True)
    (folder / "W-1.yaml").write_text(yaml.safe_dump({**WAIVER, **change}))
    return check(str(spoil(project)), as_of=TODAY, waivers=str(folder))


def test_a_waiver_of_the_reviewer_counts(project: Path, tmp_path: Path) -> None:
    report = waived(project, tmp_path / "w")
    assert verdicts(report)["GOV-01"] == "waived"
    assert {f.raw for j in report.judged for f in j.findings if f.verdict is Verdict.WAIVED} == {Verdict.FAIL}
    assert [(note.id, note.status) for note in report.waivers] == [("W-1", "expiring")]
    assert "approver not verified" in report.waivers[0].text
    assert report.counts["waived"] == 1


def test_one_that_is_over_does_not(project: Path, tmp_path: Path) -> None:
    report = waived(project, tmp_path / "w", expires_at="2026-11-19")
    assert verdicts(report)["GOV-01"] == "fail"
    assert "expired 1 days ago" in report.waivers[0].text


def vouched(folder: Path, roles: str = "accountable-executive") -> Path:
    """Lay a role map, and the key that may sign for its one person, beside the waivers."""
    key = folder / "bob"
    folder.mkdir()
    subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key), check=True)
    bob = {"identity": "bob@x.example", "roles": [roles]}
    (folder / "roles.yaml").write_text(yaml.safe_dump({"schema": "roles/v1", "people": [bob]}))
    public = key.with_suffix(".pub").read_text()
    (folder / "allowed_signers").write_text(f'bob@x.example namespaces="roadworthy-waiver" {public}')
    return folder


def signed(folder: Path, name: str = "W-1.yaml", namespace: str = "roadworthy-waiver", **change: Any) -> None:
    (folder / name).write_text(yaml.safe_dump({**WAIVER, **change}))
    keygen = ("ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", folder / "bob", folder / name)
    subprocess.run(keygen, check=True, capture_output=True)


def test_one_granted_in_a_role_and_signed_counts_and_says_so(project: Path, tmp_path: Path) -> None:
    folder = vouched(tmp_path / "w")
    signed(folder)
    report = check(str(spoil(project)), as_of=TODAY, waivers=str(folder))
    assert verdicts(report)["GOV-01"] == "waived"
    assert "in the reviewer's role map, signature verified" in report.waivers[0].text


def test_one_changed_after_it_was_signed_does_not_count(project: Path, tmp_path: Path) -> None:
    folder = vouched(tmp_path / "w")
    signed(folder, expires_at="2026-11-22")
    report = waived(project, folder)
    assert (verdicts(report)["GOV-01"], report.waivers[0].status) == ("fail", "not signed")
    assert "changed after it was signed" in report.waivers[0].text


def test_one_without_a_signature_or_with_one_for_another_purpose_does_not_count(
    project: Path, tmp_path: Path
) -> None:
    folder = vouched(tmp_path / "w")
    assert waived(project, folder).waivers[0].status == "not signed"
    signed(folder, namespace="git")
    assert check(str(project), as_of=TODAY, waivers=str(folder)).waivers[0].status == "not signed"


def test_one_granted_by_somebody_without_the_role_does_not_count(project: Path, tmp_path: Path) -> None:
    folder = vouched(tmp_path / "w", roles="model-risk")
    signed(folder)
    report = check(str(spoil(project)), as_of=TODAY, waivers=str(folder))
    assert (verdicts(report)["GOV-01"], report.waivers[0].status) == ("fail", "not authorised")
    assert "tier critical needs accountable-executive" in report.waivers[0].text


@pytest.mark.parametrize("name", ["roles.yaml", "allowed_signers"])
def test_what_should_vouch_and_cannot_be_read_vouches_for_nobody(
    project: Path, tmp_path: Path, name: str
) -> None:
    folder = vouched(tmp_path / "w")
    signed(folder)
    (folder / name).rename(tmp_path / name)
    (folder / name).symlink_to(tmp_path / name)
    if name == "roles.yaml":
        with pytest.raises(UsageError, match=r"roles\.yaml: .*symbolic link"):
            check(str(project), as_of=TODAY, waivers=str(folder))
    else:
        report = check(str(spoil(project)), as_of=TODAY, waivers=str(folder))
        assert report.waivers[0].status == "not signed"


def test_the_project_cannot_be_its_own_reviewer(project: Path, tmp_path: Path) -> None:
    (project / "granted").mkdir()
    (tmp_path / "aside").symlink_to(project / "granted")
    for folder in (project / "granted", tmp_path / "aside"):
        with pytest.raises(UsageError, match="lie in the project that they would excuse"):
            check(str(project), as_of=TODAY, waivers=str(folder))


def test_one_in_the_project_is_only_a_request(project: Path) -> None:
    place = project / "governance" / "waivers" / "W-1.yaml"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(yaml.safe_dump(WAIVER))
    report = check(str(spoil(project)), as_of=TODAY)
    assert verdicts(report)["GOV-01"] == "fail"
    assert [(note.id, note.status) for note in report.waivers] == [("W-1", "request")]


@pytest.mark.parametrize("content", ["id: [", "[]", "schema: waiver/v1\nid: W-1\n", "\x00"])
def test_one_of_the_reviewer_that_cannot_be_read_is_the_reviewers_to_repair(
    base: Path, tmp_path: Path, content: str
) -> None:
    (tmp_path / "w.yaml").write_text(content)
    with pytest.raises(UsageError, match=r"waiver .*w\.yaml"):
        check(str(base), waivers=str(tmp_path))


@pytest.mark.parametrize("key", ["check", "check-id", "controlversion", "approved_role", "scope.path"])
def test_a_waivers_misspelt_key_is_the_reviewers_to_repair(base: Path, tmp_path: Path, key: str) -> None:
    scope, name = WAIVER["scope"], key.removeprefix("scope.")
    change = {key: "x"} if name == key else {"scope": scope | {name: "x"}}
    (tmp_path / "w.yaml").write_text(yaml.safe_dump(WAIVER | change))
    with pytest.raises(UsageError, match=f"there is no key {name}") as refused:
        check(str(base), waivers=str(tmp_path))
    assert refused.value.hint.startswith("did you mean ")


def test_a_waivers_other_strange_keys_are_told_and_change_nothing(project: Path, tmp_path: Path) -> None:
    scope = {"system": "credit-decision", "region": "eu"}
    (tmp_path / "w.yaml").write_text(yaml.safe_dump(WAIVER | {"notes": "from the old form", "scope": scope}))
    report = check(str(spoil(project)), as_of=TODAY, waivers=str(tmp_path))
    assert verdicts(report)["GOV-01"] == "waived"
    assert "keys that nobody reads: notes, scope.region" in report.waivers[0].text


@pytest.mark.parametrize(
    "scope", [{"paths": []}, {"versions": [""]}, {"subject_digest": "sha256:12"}, {"subject_digest": ""}]
)
def test_a_scope_that_means_nothing_is_refused(base: Path, tmp_path: Path, scope: dict[str, Any]) -> None:
    (tmp_path / "w.yaml").write_text(yaml.safe_dump(WAIVER | {"scope": WAIVER["scope"] | scope}))
    with pytest.raises(UsageError, match=rf"w\.yaml: scope\.{next(iter(scope))} "):
        check(str(base), waivers=str(tmp_path))


def test_a_pack_that_is_none_is_a_usage_error(base: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no policy pack"):
        check(str(base), policy=str(tmp_path))
    for name, data in read_policy().items():
        place = tmp_path / "p" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    control = tmp_path / "p" / "controls" / "GOV-01.yaml"
    control.write_text(control.read_text() + "\nunheard_of: 1\n")
    with pytest.raises(UsageError, match=r"controls/GOV-01\.yaml"):
        check(str(base), policy=str(tmp_path / "p"))


def test_an_expression_over_an_unknown_fact_does_not_load(base: Path, tmp_path: Path) -> None:
    for name, data in read_policy().items():
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data.replace(b"r.refusals", b"r.refusal"))
    with pytest.raises(UsageError, match=r"APPR-01.*unknown field refusal"):
        check(str(base), policy=str(tmp_path))


def test_what_is_no_project_is_a_usage_error_with_a_next_step(tmp_path: Path) -> None:
    done = cli("check", "nowhere", cwd=tmp_path)
    assert done.returncode == 2
    assert "does not exist" in done.stderr
    assert "next:" in done.stderr


def test_an_empty_folder_does_not_conform(tmp_path: Path) -> None:
    report = check(str(tmp_path))
    assert report.exit_code == 1
    assert report.project["tier"] == "critical"


def test_what_is_no_project_is_said_in_one_screen_and_stays_red(tmp_path: Path) -> None:
    (tmp_path / ".copier-answers.yml").write_text("_src_path: https://git.example/other\nname: other\n")
    (tmp_path / "README.md").write_text("# Something else\n")
    done = cli("check", str(tmp_path))
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert len(lines) < 15
    assert "This is no Roadworthy project: nothing here says what kind of system it is." in lines
    assert [word for line in lines if (word := line[6:15].strip()) in ("where", "expected", "fix", "run")]
    assert lines[-1] == f"all of it: roadworthy check {tmp_path} --format markdown"
    assert "controls: fail " in done.stdout
    assert "# " in cli("check", str(tmp_path), "--format", "markdown").stdout


@pytest.mark.parametrize("left", ["governance/system.yaml", "governance/risk.yaml", ".roadworthy/lock.yaml"])
def test_whoever_says_what_it_is_hears_all_of_it(base: Path, tmp_path: Path, left: str) -> None:
    (tmp_path / left).parent.mkdir()
    shutil.copy(base / left, tmp_path / left)
    assert len(cli("check", str(tmp_path)).stdout.splitlines()) > 100


def test_the_command_line(base: Path, tmp_path: Path) -> None:
    done = cli("check", str(base), "--as-of", TODAY)
    assert (done.returncode, done.stderr) == (0, "")
    assert "conforming: of" in done.stdout
    assert "\x1b" not in done.stdout
    as_json = cli("check", str(base), "--as-of", TODAY, "--json")
    schema = json.loads(read_policy()["schemas/report.v1.json"])
    assert misshapen(schema, json.loads(as_json.stdout)) == []
    written = cli("check", str(base), "--format", "sarif", "--output", str(tmp_path / "out.sarif"))
    assert json.loads((tmp_path / "out.sarif").read_text())["version"] == "2.1.0"
    assert "conforming: of" in written.stdout
    assert cli("check", str(base), "--format", "nonsense").returncode == 2
    assert cli("check", str(base), "--output", "/nowhere/x").returncode == 2
    assert cli("check", ".", cwd=base).returncode == 0


@pytest.mark.parametrize("style", ["text", "json", "sarif", "junit", "markdown"])
def test_every_format_of_a_failing_check(project: Path, style: str) -> None:
    told = judge_apart(Ask(path=str(spoil(project)), style=style, as_of=TODAY))
    assert told.exit_code == 1
    assert "GOV-01" in told.text
    if style == "sarif":
        assert sarif_problems(told.text) == []
    if style == "junit":
        assert junit_problems(told.text) == []


def test_nothing_heavy_is_imported_to_judge(base: Path) -> None:
    script = (
        "import sys; from roadworthy.commands.check import check; check(sys.argv[1]); "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        (sys.executable, "-c", script, str(base)), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_explain_offline() -> None:
    done = cli("explain", "REL-03")
    assert done.returncode == 0
    for said in (
        "REL-03",
        "why",
        "passes when",
        "fix",
        "run",
        "supports (never: complies with)",
        "rehearsed",
    ):
        assert said in done.stdout
    one = cli("explain", "rel-03/rehearsed").stdout
    assert "known-good" not in one
    assert cli("explain", "NOPE-01").returncode == 2
    assert "has no check nope" in cli("explain", "REL-03/nope").stderr


def test_what_roadworthy_did_not_make_is_judged_and_said_to_be_none_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("A project of somebody.\n")
    report = check(str(tmp_path))
    assert report.exit_code == 1
    assert any(
        notice.startswith("no .roadworthy/lock.yaml: not made by Roadworthy") for notice in report.notices
    )
    said = [text for judged in report.judged for f in judged.findings for text in (f.place, f.reason)]
    assert not [text for text in said if "//" in text]
