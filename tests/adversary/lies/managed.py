"""The platform's files and the project's past: edited, deleted, renamed, shadowed, or sworn to."""

from __future__ import annotations

from tests.adversary.patch import Lie, append, each, remove, swap, write
from tests.adversary.scene import Scene

PACKAGE, LOCK, ANSWERS = "src/credit_decision", ".roadworthy/lock.yaml", ".copier-answers.yml"
SILENT = "disable: all\nexclude: ['**']\nignore: [GOV-01, APPR-01, REL-01]\nseverity: none\n"


def _renamed(scene: Scene) -> None:
    scene.git("mv", f"{PACKAGE}/pipeline/promote.py", f"{PACKAGE}/pipeline/promotion.py")


def _linked(scene: Scene) -> None:
    """A managed file that is a link to another of the same content."""
    scene.write("elsewhere.py", scene.text(f"{PACKAGE}/pipeline/promote.py"))
    place = scene.path / PACKAGE / "pipeline" / "promote.py"
    place.unlink()
    place.symlink_to("../../../elsewhere.py")


def _nothing_left(scene: Scene) -> None:
    """No answers and no lock: as if there were nothing to hold it to."""
    scene.remove(ANSWERS)
    scene.remove(LOCK)


def _own_source(scene: Scene) -> None:
    """A template of one's own, which renders what one wishes."""
    text = scene.text(ANSWERS)
    (line,) = (line for line in text.splitlines() if line.startswith("_src_path"))
    scene.write(ANSWERS, text.replace(line, "_src_path: https://git.elsewhere.example/easy-policy.git"))


LIES = (
    Lie(
        "the gate check weakened", ("GOV-06",), append(f"{PACKAGE}/pipeline/promote.py", "\nverify = print\n")
    ),
    Lie("the fairness check deleted", ("GOV-06",), remove(f"{PACKAGE}/pipeline/fairness.py")),
    Lie("the promotion renamed", ("GOV-06",), _renamed),
    Lie("the promotion replaced by a link", ("GOV-06",), _linked),
    Lie("the promotion emptied", ("GOV-06",), write(f"{PACKAGE}/pipeline/promote.py", "")),
    Lie("one byte of white space", ("GOV-06",), append(f"{PACKAGE}/serving/capture.py", " ")),
    Lie(
        "the verdict's check swapped with another file",
        ("GOV-06",),
        lambda s: s.write(f"{PACKAGE}/pipeline/verdict.py", s.text(f"{PACKAGE}/pipeline/outcome.py")),
    ),
    Lie(
        "the lock's digests forged",
        ("GOV-06",),
        lambda s: s.put(LOCK, "template_digest", "sha256:" + "a" * 64),
    ),
    Lie("the lock's obligations eased", ("GOV-06",), swap(LOCK, "approvals: 3", "approvals: 0")),
    Lie("the lock's intervals widened", ("GOV-06",), swap(LOCK, "drill_days: 31", "drill_days: 3100")),
    Lie("the pack's digest forged", ("GOV-06",), lambda s: s.put(LOCK, "policy_pack", "sha256:" + "b" * 64)),
    Lie("another release claimed", ("GOV-06",), lambda s: s.put(LOCK, "release", "9.9.9")),
    Lie("answers say batch", ("GOV-06",), swap(ANSWERS, "mode: online", "mode: batch")),
    Lie(
        "the kind changed in one paper",
        ("LLM-01", "LLM-03"),
        swap("governance/system.yaml", "kind: trained", "kind: llm"),
    ),
    Lie("no lock", ("GOV-06",), remove(LOCK)),
    Lie("no lock and no answers", ("GOV-06",), _nothing_left),
    Lie("a template of one's own", ("GOV-06",), _own_source),
    Lie(
        "the judge silenced by files, and a gate edited",
        ("GOV-06",),
        each(
            *(
                write(name, SILENT)
                for name in (".roadworthy.yaml", "roadworthy.toml", ".checkov.yaml", "zizmor.yml")
            ),
            append(f"{PACKAGE}/pipeline/promote.py", "\nverify = print  # noqa roadworthy:ignore\n"),
        ),
    ),
    Lie(
        "hashes of one's own beside an edited gate",
        ("GOV-06",),
        each(
            append(f"{PACKAGE}/pipeline/promote.py", "\nverify = print\n"),
            write(".roadworthy/manifest.json", '{"src/credit_decision/pipeline/promote.py": "ok"}\n'),
        ),
    ),
    Lie(
        "git told to ignore what was deleted",
        ("GOV-06",),
        each(
            append(".gitignore", "src/credit_decision/pipeline/\n"),
            remove(f"{PACKAGE}/pipeline/slices.py"),
        ),
    ),
    Lie(
        "the judge mocked from inside",
        ("GOV-06",),
        write(
            f"{PACKAGE}/judge.py", "import roadworthy.commands.check as c\n\nc.check = lambda *a, **k: None\n"
        ),
    ),
)
