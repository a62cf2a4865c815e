"""Python that starts programs and clients is read for what they deploy; what it only shows is not."""

from __future__ import annotations

import pytest

from roadworthy.facts.python_runs import runs_in

SHIPS = [
    'import subprocess\nsubprocess.run(["kubectl", "apply", "-f", "x"])\n',
    'import os\nos.system("helm upgrade a b")\n',
    'import subprocess\nTOOL = "kubectl"\nsubprocess.run([TOOL, "apply"])\n',
    'import subprocess, sys\nsubprocess.run(["kubectl", *sys.argv])\n',
    'import os\nos.system(f"docker push {x}")\n',
    'import os\nos.execvp("kubectl", ["kubectl", "apply"])\n',
    'import os\ngetattr(os, "system")("kube" + "ctl apply -f x")\n',
    'import subprocess\nsubprocess.run(["bash", "-c", "kubectl apply -f x"])\n',
    'import boto3\nboto3.client("sagemaker").update_endpoint(EndpointName="x")\n',
    'from kubernetes import client\nclient.AppsV1Api().patch_namespaced_deployment("x")\n',
    'import sh\nsh.kubectl.apply("-f", "x")\n',
    'from sh import kubectl\nkubectl("apply", "-f", "x")\n',
    'def go(session):\n    session.run("kubectl", "apply", "-f", "x")\n',
]
SHOWS = [
    'print("kubectl apply -f x")\n',
    'p.add_argument("x", help="kubectl apply -f x")\n',
    '"""kubectl apply -f x"""\n',
    'assert ["kubectl", "apply"] == words\n',
    'raise ValueError("kubectl apply -f x first")\n',
    'import subprocess\nsubprocess.run(["kubectl", "apply", "--dry-run=client"])\n',
    'import subprocess\nsubprocess.run(["docker", "build", "."])\n',
    'import boto3\nboto3.client("s3").upload_file("a", "b", "c")\n',
    'Process("serve", a, b)\n',
    "items.push(1)\n",
    "def broken(:\n",
]


@pytest.mark.parametrize("text", SHIPS)
def test_this_deploys(text: str) -> None:
    assert len(runs_in(text.encode())) == 1


@pytest.mark.parametrize("text", SHOWS)
def test_this_does_not(text: str) -> None:
    assert runs_in(text.encode()) == ()
