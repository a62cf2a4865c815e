"""Line conflicts resolved key by key: layout and comments of both sides stay, doubt stays a conflict."""

from __future__ import annotations

import json

import pytest

from roadworthy.core.merging.segments import LayoutError, resolve, toml_segments, yaml_segments

YAML = "# gates\nmin: 1  # low\nmax: 2\nsteps:\n  - name: a\n    run: x\n"
TOML = '# tool\n[tool.a]\nx = 1\ny = [\n  "p",\n]\n\n[[many]]\nk = 1\n'


def test_yaml_keeps_comments_of_both_sides() -> None:
    ours = YAML.replace("min: 1  # low", "min: 5  # ours")
    theirs = YAML.replace("max: 2", "# theirs\nmax: 7") + "  - name: b\n    run: y\n"
    merged = resolve("p.yaml", YAML.encode(), ours.encode(), theirs.encode())
    assert merged is not None
    assert merged.decode() == (
        "# gates\nmin: 5  # ours\n# theirs\nmax: 7\nsteps:\n"
        "  - name: a\n    run: x\n  - name: b\n    run: y\n"
    )


def test_toml_keeps_tables_and_arrays() -> None:
    ours, theirs = TOML.replace("x = 1", "x = 5"), TOML.replace('"p",\n]', '"p",\n  "q",\n]')
    merged = resolve("p.toml", TOML.encode(), ours.encode(), theirs.encode())
    assert merged == TOML.replace("x = 1", "x = 5").replace('"p",\n]', '"p",\n  "q",\n]').encode()


@pytest.mark.parametrize("indent", [1, 2, 4, None])
def test_json_keeps_its_layout(indent: int | None) -> None:
    sides = [{"a": 1}, {"a": 1, "ü": 2}, {"a": 1, "c": 3}]
    base, ours, theirs = (
        json.dumps(side, indent=indent, ensure_ascii=False).encode() + b"\n" for side in sides
    )
    merged = resolve("p.json", base, ours, theirs)
    assert merged == json.dumps({"a": 1, "c": 3, "ü": 2}, indent=indent, ensure_ascii=False).encode() + b"\n"


@pytest.mark.parametrize(
    ("path", "base", "ours", "theirs"),
    [
        ("p.yaml", b"a: 1\n", b"a: 2\n", b"a: 3\n"),
        ("p.txt", b"a: 1\nb: 1\n", b"a: 2\nb: 1\n", b"a: 1\nb: 2\n"),
        ("p.yaml", b"a: 1\nb: 1\n", b"a: [\n", b"a: 1\nb: 2\n"),
        ("p.yaml", b"{a: 1, b: 1}\n", b"{a: 2, b: 1}\n", b"{a: 1, b: 2}\n"),
        ("p.json", b'{"a":1,  "b":1}', b'{"a":2,  "b":1}', b'{"a":1,  "b":2}'),
        ("p.yaml", b"# c\na: 1\nb: 1\n", b"# ours\na: 1\nb: 1\n", b"# theirs\na: 1\nb: 1\n"),
        ("p.toml", b"x = 1\n", b"x = 2\n", b"x = 3\n"),
    ],
)
def test_doubt_stays_a_conflict(path: str, base: bytes, ours: bytes, theirs: bytes) -> None:
    assert resolve(path, base, ours, theirs) is None


def test_without_a_base_both_additions_merge_if_their_keys_agree() -> None:
    assert resolve("p.yaml", None, b"a: 1\n", b"a: 1\nb: 2\n") == b"a: 1\nb: 2\n"


@pytest.mark.parametrize("text", [YAML, "a: 1", "", "# only a comment\n", "a:\n  - 1\n  - 2\n# end\n"])
def test_yaml_segments_are_the_whole_text(text: str) -> None:
    assert "".join(yaml_segments(text).values()) == text


@pytest.mark.parametrize("text", [TOML, "", 'a = """\nx\n"""\n# end\n'])
def test_toml_segments_are_the_whole_text(text: str) -> None:
    assert "".join(toml_segments(text).values()) == text


def test_what_does_not_cut_is_refused() -> None:
    with pytest.raises(LayoutError):
        toml_segments('a = """never closed\n')
    with pytest.raises(LayoutError):
        yaml_segments("a: [\n")
