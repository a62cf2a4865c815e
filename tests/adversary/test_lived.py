"""The base conforms: otherwise no patch over it would prove anything."""

from __future__ import annotations

import json

from roadworthy.commands.check import check
from roadworthy.core.judging.models import Verdict
from tests.adversary.patch import NOW
from tests.adversary.scene import BOM, Scene
from tests.render.official import cyclonedx_problems


def test_its_bill_of_materials_is_what_cyclonedx_says(lived: Scene) -> None:
    bill = lived.text(BOM)
    assert json.loads(bill)["components"]
    assert cyclonedx_problems(bill) == []
    assert cyclonedx_problems(bill.replace("machine-learning-model", "model"))


def test_the_lived_project_conforms(lived: Scene) -> None:
    report = check(str(lived.path), as_of=NOW)
    bad = [
        (finding.check, finding.message)
        for judged in report.judged
        for finding in judged.findings
        if judged.verdict in (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PENDING)
    ]
    assert not bad, bad
    assert report.exit_code == 0
    assert sum(judged.verdict is Verdict.PASS for judged in report.judged) >= 35
