"""The validators of the formats that the template writes have the last word; each is seen to refuse."""

from __future__ import annotations

import ast
import json
import re
import shutil
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.template.matrix import SHAPES, TIERS, tier_answers
from tests.template.rendering import ROOT, TEMPLATE, Project, Renders
from tests.template.tools import accepts, actionlint, missing, project_python, run, tool

GOVERNED = tuple(tier for tier in TIERS if tier != "low")


@pytest.fixture(scope="module")
def github(render: Renders) -> list[Project]:
    """A GitHub project of each tier."""
    return [render(tier_answers(tier, "online", "github")) for tier in TIERS]


@pytest.fixture(scope="module")
def deployed(render: Renders) -> list[Project]:
    """A project with manifests of each tier and mode, the last with a tracking server."""
    answers = [tier_answers(tier, *shape) for tier in GOVERNED for shape in SHAPES]
    return [render(each) for each in (*answers, {**answers[-1], "tracking": "server"})]


def workflows(project: Project) -> list[str]:
    """The workflow files of a project."""
    found = sorted(str(path) for path in (project.folder / ".github" / "workflows").glob("*.yml"))
    assert len(found) == 2
    return found


def test_actionlint_accepts_every_workflow(github: list[Project]) -> None:
    for project in github:
        accepts(*actionlint(), *workflows(project), cwd=project.folder)


def test_the_repository_s_own_workflow_is_held_to_the_same() -> None:
    """It runs the two commands on macOS too, which nobody here can."""
    ours = [str(each) for each in (ROOT / ".github/workflows").glob("*.yml")]
    assert ours
    accepts(*actionlint(), *ours, cwd=ROOT)
    accepts(tool("zizmor"), "--offline", "--no-progress", *ours, cwd=ROOT)


def test_actionlint_refuses_a_broken_workflow(github: list[Project], tmp_path: Path) -> None:
    broken = github[0].text(".github/workflows/ci.yml").replace("runs-on: ubuntu-24.04", "runs_on: x", 1)
    (tmp_path / "broken.yml").write_text(broken)
    assert run(*actionlint(), str(tmp_path / "broken.yml"), cwd=tmp_path).returncode == 1


def test_zizmor_finds_nothing(github: list[Project]) -> None:
    for project in github:
        accepts(tool("zizmor"), "--offline", "--no-progress", *workflows(project), cwd=project.folder)


def test_zizmor_refuses_text_of_strangers_in_a_script(github: list[Project], tmp_path: Path) -> None:
    release = github[0].text(".github/workflows/release.yml")
    (tmp_path / "release.yml").write_text(release.replace('gate "$VERSION"', 'gate "${{ inputs.version }}"'))
    result = run(tool("zizmor"), "--offline", "--no-progress", str(tmp_path / "release.yml"), cwd=tmp_path)
    assert "template-injection" in result.stdout
    assert result.returncode != 0


def test_the_published_schemas_accept_ci_and_compose(github: list[Project], deployed: list[Project]) -> None:
    check = tool("check-jsonschema")
    for project in github:
        for schema in ("vendor.github-workflows", "custom.github-workflows-require-timeout"):
            accepts(check, "--builtin-schema", schema, *workflows(project), cwd=project.folder)
    pipelines = [project for project in deployed if ".gitlab-ci.yml" in project.files]
    assert len(pipelines) > len(GOVERNED)
    for project in pipelines:
        accepts(check, "--builtin-schema", "vendor.gitlab-ci", ".gitlab-ci.yml", cwd=project.folder)
    compose = ("--builtin-schema", "vendor.compose-spec", "deploy/tracking/compose.yaml")
    accepts(check, *compose, cwd=deployed[-1].folder)


def manifests(project: Project) -> list[dict[str, Any]]:
    """The Kubernetes objects that a project's kustomization lists."""
    listed = project.yaml("deploy/kubernetes/kustomization.yaml")["resources"]
    present = {Path(path).name for path in project.files if path.startswith("deploy/kubernetes/")}
    assert {*listed, "kustomization.yaml"} == present
    texts = [project.text(f"deploy/kubernetes/{name}") for name in listed]
    return [document for text in texts for document in yaml.safe_load_all(text)]


def test_kubernetes_knows_every_object(deployed: list[Project]) -> None:
    if not find_spec("kubernetes_validate"):
        missing("kubernetes_validate")
    kubernetes = import_module("kubernetes_validate")
    for project in deployed:
        objects = manifests(project)
        assert len(objects) >= 4
        for document in objects:
            kubernetes.validate(document, "1.31", strict=True)
    with pytest.raises(kubernetes.ValidationError):
        kubernetes.validate({**objects[0], "speck": {}}, "1.31", strict=True)


def test_every_container_is_bound(deployed: list[Project]) -> None:
    pods = [pod for project in deployed for document in manifests(project) for pod in _pods(document)]
    assert len(pods) >= len(deployed)
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert "memory" in container["resources"]["limits"]


def _pods(document: dict[str, Any]) -> list[dict[str, Any]]:
    spec = document["spec"]
    template = spec.get("jobTemplate", {"spec": spec})["spec"].get("template", {})
    return [template["spec"]] if template else []


def test_hadolint_accepts_the_container(deployed: list[Project], tmp_path: Path) -> None:
    for project in deployed:
        accepts(tool("hadolint"), "deploy/Containerfile", cwd=project.folder)
    (tmp_path / "Containerfile").write_text("FROM python\nRUN cd /x && pip install y\n")
    assert run(tool("hadolint"), "Containerfile", cwd=tmp_path).returncode != 0


MONITORING = "deploy/monitoring"
HEALTHY = {
    'model_monitor_level{job="JOB-monitor"}': "0+0x120",
    'model_monitor_last_run_timestamp_seconds{job="JOB-monitor"}': "0+60x120",
}
HEALTHY_SERVICE = {
    'up{job="JOB"}': "1+0x120",
    'routes_problem{job="JOB"}': "0+0x120",
    'predictions_total{job="JOB", route="champion"}': "0+600x120",
}
# What goes wrong, as one series, and the alert that has to say so.
ILLS = {
    "MonitorDemandsAction": {'model_monitor_level{job="JOB-monitor"}': "2+0x120"},
    "MonitorAsksForALook": {'model_monitor_level{job="JOB-monitor"}': "1+0x120"},
    "MonitorIsLate": {'model_monitor_last_run_timestamp_seconds{job="JOB-monitor"}': "0+0x120"},
}
SERVICE_ILLS = {
    "ReleaseCannotBeLoaded": {'routes_problem{job="JOB"}': "1+0x120"},
    "SafeAnswerServes": {'predictions_total{job="JOB", route="fallback"}': "0+60x120"},
    "ServiceIsSilent": {'up{job="JOB"}': "0+0x120"},
}


def rules(project: Project) -> dict[str, dict[str, Any]]:
    """The alert rules of a project, by name."""
    (group,) = project.yaml(f"{MONITORING}/alerts.yaml")["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def test_promtool_accepts_rules_and_scrape_config(deployed: list[Project]) -> None:
    for project in deployed:
        said = accepts(
            tool("promtool"), "check", "config", "prometheus.yaml", cwd=project.folder / MONITORING
        )
        assert f"{len(rules(project))} rules found" in said


@pytest.mark.parametrize("ill", [None, *ILLS, *SERVICE_ILLS])
def test_each_alert_fires_for_its_ill_alone(render: Renders, ill: str | None, tmp_path: Path) -> None:
    project = render(tier_answers("critical", "online", "github"))
    assert set(rules(project)) == {*ILLS, *SERVICE_ILLS}
    series = {**HEALTHY, **HEALTHY_SERVICE, **{**ILLS, **SERVICE_ILLS}.get(ill or "", {})}
    _promtool_test(project, series, ill, tmp_path)


def test_a_batch_project_is_watched_without_a_service(render: Renders, tmp_path: Path) -> None:
    project = render(tier_answers("critical", "batch", "gitlab"))
    assert set(rules(project)) == set(ILLS)
    _promtool_test(project, {**HEALTHY, **ILLS["MonitorIsLate"]}, "MonitorIsLate", tmp_path)


def _promtool_test(project: Project, series: dict[str, str], ill: str | None, folder: Path) -> None:
    named = [
        {"series": key.replace("JOB", project.context["name"]), "values": v} for key, v in series.items()
    ]
    alerts = [
        {"alertname": name, "eval_time": "115m", "exp_alerts": [_as_fired(rule)] if name == ill else []}
        for name, rule in rules(project).items()
    ]
    unit = {
        "rule_files": [str(project.folder / MONITORING / "alerts.yaml")],
        "tests": [{"interval": "1m", "input_series": named, "alert_rule_test": alerts}],
    }
    (folder / "unit.yaml").write_text(yaml.safe_dump(unit))
    accepts(tool("promtool"), "test", "rules", "unit.yaml", cwd=folder)


def _as_fired(rule: dict[str, Any]) -> dict[str, Any]:
    return {"exp_labels": rule["labels"], "exp_annotations": rule["annotations"]}


def test_alerts_and_dashboard_read_only_metrics_that_are_exported(deployed: list[Project]) -> None:
    exported = _exported()
    for project in deployed:
        panels = json.loads(project.text(f"{MONITORING}/dashboard.json"))["panels"]
        expressions = [target["expr"] for panel in panels for target in panel["targets"]]
        expressions += [rule["expr"] for rule in rules(project).values()]
        read = {name for text in expressions for name in re.findall(r"\b([a-z_]+)\{", text)} - {"up"}
        assert len(read) >= 3
        assert read <= exported


def _exported() -> set[str]:
    made = {"Counter": ["_total"], "Gauge": [""], "Histogram": ["_bucket", "_sum", "_count"], "_gauge": [""]}
    files = [path for name in ("meters", "exposition") for path in (TEMPLATE / "src").rglob(f"*{name}.py*")]
    assert len(files) == 2
    nodes = [node for path in files for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    calls = [node for node in nodes if isinstance(node, ast.Call) and node.args]
    named = [(ast.unparse(call.func), call.args[0]) for call in calls]
    return {f"{ast.literal_eval(name)}{end}" for kind, name in named for end in made.get(kind, ())}


REPRESENTATIVE = (("critical", "online", "github"), ("low", "batch", "gitlab"))


@pytest.mark.parametrize("shape", REPRESENTATIVE, ids="-".join)
def test_a_project_is_clean_by_its_own_lint(render: Renders, shape: tuple[str, str, str]) -> None:
    project = render(tier_answers(*shape))
    accepts(tool("ruff"), "check", "--no-cache", ".", cwd=project.folder)
    accepts(tool("ruff"), "format", "--no-cache", "--check", ".", cwd=project.folder)
    accepts(project_python(), "-m", "mypy", "--cache-dir", str(render.home / "mypy"), cwd=project.folder)


def test_pre_commit_accepts_a_project_and_refuses_keys_and_pickles(render: Renders, tmp_path: Path) -> None:
    hooks = tool("pre-commit")
    project = shutil.copytree(render(tier_answers("low", "batch", "github")).folder, tmp_path / "project")
    accepts("git", "init", "--quiet", ".", cwd=project)
    accepts("git", "add", ".", cwd=project)
    accepts("env", "SKIP=lint", hooks, "run", "--all-files", cwd=project)
    (project / "model.pkl").write_bytes(b"\x80\x04N.")
    (project / "key").write_text("-----BEGIN OPENSSH " + "PRIVATE KEY-----\n")
    accepts("git", "add", ".", cwd=project)
    refused = run("env", "SKIP=lint", hooks, "run", "--all-files", cwd=project)
    assert refused.returncode == 1
    assert "model.pkl" in refused.stdout
    assert "key:1:-----BEGIN" in refused.stdout
