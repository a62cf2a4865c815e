"""The project's Python without running it: words in strings and comments prove nothing."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.facts import python_tree
from roadworthy.facts.imports import imports
from roadworthy.facts.python_text import read_source, read_tests
from tests.facts.snapshots import snapshot

BASE = {
    "src/credit/__init__.py": "",
    "src/credit/features.py": 'import numpy\ndef debt(obrat, apr):\n    "Debts."\n    return obrat / apr\n'
    "def _own(x):\n    return x\n",
    "src/credit/pipeline/train.py": "from . import wiring\n",
    "src/credit/pipeline/wiring.py": "from .. import features\n",
    "src/credit/serving/app.py": "from ..pipeline.wiring import vector\n",
    "policy/data.yaml": "columns: {obrat: {}, apr: {}}\n",
    "tests/test_a.py": "from project import module\ndef test_a():\n"
    "    assert module('pipeline.wiring').x == 1\n",
}


def facts(**files: str) -> dict[str, Any]:
    named = {f"src/credit/{name.replace('__', '/')}.py": text for name, text in files.items()}
    return imports(snapshot({**BASE, **named}), "credit")


def test_the_road_of_the_features() -> None:
    found = facts()
    assert found["available"]
    assert found["features_module"]
    assert found["training_uses_features"]
    assert found["serving_uses_features"]
    assert found["features"] == [{"name": "debt", "inputs": ["obrat", "apr"], "documented": True}]


def test_a_release_that_carries_the_file_of_features_is_the_same_road() -> None:
    found = facts(pipeline__wiring='def load(folder):\n    return run(folder / "features.py")\n')
    assert found["training_uses_features"]
    assert found["serving_uses_features"]


@pytest.mark.parametrize(
    "text",
    [
        '"""Uses features: from ..pipeline.wiring import vector"""\n',
        "# from ..pipeline.wiring import vector\n",
        "x = 'from ..pipeline import wiring'\n",
        "x = r'''\nfrom ..pipeline import wiring\n'''\n",
        "def f():\n    return 1\n",
    ],
)
def test_words_about_an_import_are_none(text: str) -> None:
    assert not facts(serving__app=text)["serving_uses_features"]


def test_many_ways_to_import() -> None:
    for text in (
        "import credit.pipeline.wiring\n",
        "from credit.pipeline import wiring as w\n",
        "from credit.pipeline import (\n    other,\n    wiring,\n)\n",
        "x = 1; from ..pipeline import wiring\n",
        "def f():\n    from ..pipeline.wiring import vector\n",
    ):
        assert facts(serving__app=text)["serving_uses_features"], text


LOGIC = [
    'def f(row):\n    return row["obrat"] / 100\n',
    'x = frame["apr"] * 2 + 1\n',
    'ok = row.get("obrat") > 40\n',
    'import numpy as np\nx = np.log(row["apr"])\n',
    "def debt(obrat, apr):\n    return obrat / apr\n",
    "def share(obrat, apr):\n    return obrat / apr\n",
    "def f(row):\n    return row.obrat / row.apr\n",
    'def f(row):\n    a = row["obrat"]\n    b = row["apr"]\n    return a / b\n',
    "f = lambda obrat, apr: obrat - apr\n",
    'x = frame["obrat"].div(frame["apr"])\n',
    'x = frame.eval("obrat / apr")\n',
    'Q = "select obrat / apr from rows"\n',
    'row["obrat"] *= 2\n',
    'from numpy import log\nx = log(row["apr"])\n',
    "debt = len\n",
    "class F:\n    def debt(self, obrat, apr):\n        return obrat\n",
]
NO_LOGIC = [
    'x = row["obrat"]\n',
    'x = row["other"] / 2\n',
    'x = sum(columns[name] for name in ("obrat", "apr"))\n',
    '"""row["obrat"] / 2"""\n',
    'x = {"obrat": 1}\n',
    "def debts(x):\n    return x\n",
    "def shrink(apr):\n    return apr / 2\n",
    "class debt:\n    def f(self):\n        return self.x / 2\n",
    "text = f\"{row['obrat']} of {row['apr']}\"\n",
    'path = "obrat/apr.csv"\n',
    'words = "the obrat/apr ratio of a loan"\n',
]


@pytest.mark.parametrize("text", LOGIC)
def test_feature_logic_elsewhere_is_found(text: str) -> None:
    assert facts(serving__extra=text)["feature_logic_elsewhere"]


@pytest.mark.parametrize("text", NO_LOGIC)
def test_reading_a_column_is_no_logic(text: str) -> None:
    assert facts(serving__extra=text)["feature_logic_elsewhere"] == []


LOADS = [
    "import pickle\npickle.load(f)\n",
    "import pickle as p\np.loads(b)\n",
    "from joblib import load\nload(f)\n",
    "from joblib import load as l\nl(f)\n",
    "import torch\ntorch.load(f)\n",
    "import torch\ntorch.load(f, weights_only=False)\n",
    "import numpy as np\nnp.load(f, allow_pickle=True)\n",
    "import yaml\nyaml.load(f)\n",
    "import yaml\nyaml.load(f, Loader=yaml.UnsafeLoader)\n",
    "import pandas as pd\npd.read_pickle(f)\n",
    '__import__("pickle").loads(b)\n',
    'import importlib\nimportlib.import_module("dill")\n',
    "import pickle\nread = pickle.loads\n",
    'import pickle\ngetattr(pickle, "loads")\n',
    "import pickle\npickle.Unpickler(f)\n",
    "import skops.io\nskops.io.load(f, trusted=True)\n",
    "import numpy as np\nnp.load(f, allow_pickle=1)\n",
    "from keras.models import load_model\nload_model(f)\n",
    "import mlflow.sklearn\nmlflow.sklearn.load_model(x)\n",
    "from yaml import load\nload(f)\n",
    "import \U0001d4f9ickle\n\U0001d4f9ickle.load(f)\n",
]
SAFE_LOADS = [
    "import torch\ntorch.load(f, weights_only=True)\n",
    "import numpy as np\nnp.load(f)\n",
    "import yaml\nyaml.safe_load(f)\n",
    "import yaml\nyaml.load(f, Loader=yaml.CSafeLoader)\n",
    "import json\njson.load(f)\n",
    '"""pickle.load(f)"""\n# joblib.load\n',
    "import skops.io\nskops.io.load(f, trusted=[])\n",
    "class pickle:\n    load = 1\n",
]


HIDDEN = [
    "eval(x)\n",
    "compute = eval\n",
    "exec(compile(x, 'a', 'exec'))\n",
    "from builtins import exec as run\nrun(x)\n",
    "getattr(__builtins__, 'ev' + 'al')(x)\n",
    "import runpy\nrunpy.run_path(x)\n",
    "import importlib\nimportlib.import_module(x)\n",
    "__import__(x)\n",
    "import importlib.util as u\nu.spec_from_file_location('x', y)\n",
    "import ctypes\nctypes.CDLL(x)\n",
    "import subprocess\nsubprocess.run(x, shell=True)\n",
    "import os\nos.system(x)\n",
    "import os\ngetattr(os, 'sy' + 'stem')(x)\n",
    "import os\nos.\U0001d530ystem(x)\n",
]
PLAIN = [
    "import ast\nast.literal_eval(x)\n",
    "model.eval()\n",
    "frame.eval('a + b')\n",
    "import re\nre.compile(x)\n",
    "import importlib\nimportlib.import_module('json')\n",
    "import importlib\nimportlib.import_module(f'.{x}', __package__)\n",
    "import subprocess\nsubprocess.run(['git', 'status'])\n",
    "def eval(x):\n    return x\n\n\neval(1)\n",
]


@pytest.mark.parametrize("line", ["# coding: utf-7\n", "#!/usr/bin/python\n# -*- coding: utf-7 -*-\n"])
def test_code_in_letters_that_only_python_reads_is_not_read(line: str) -> None:
    found = facts(pipeline__extra=f"{line}+AGkAbQBwAG8AcgB0- pickle\n")
    assert not found["available"]
    assert "extra.py" in found["reason"]


@pytest.mark.parametrize("text", HIDDEN)
def test_code_that_is_known_only_later_is_found(text: str) -> None:
    (found,) = {each["path"] for each in facts(pipeline__extra=text)["hidden_code"]}
    assert found == "src/credit/pipeline/extra.py"


@pytest.mark.parametrize("text", PLAIN)
def test_code_that_stands_there_is_not(text: str) -> None:
    assert facts(pipeline__extra=text)["hidden_code"] == []


@pytest.mark.parametrize("text", LOADS)
def test_a_load_that_runs_code_is_found(text: str) -> None:
    assert facts(pipeline__artifact=text)["unsafe_loads"]


@pytest.mark.parametrize("text", SAFE_LOADS)
def test_a_safe_load_is_not(text: str) -> None:
    assert facts(pipeline__artifact=text)["unsafe_loads"] == []


@pytest.mark.parametrize(
    "text",
    [
        "import openai\n",
        "from anthropic import Anthropic\n",
        "import google.generativeai as genai\n",
        '__import__("openai")\n',
        'URL = "https://api.openai.com/v1/chat"\n',
        "def f():\n    import litellm\n",
    ],
)
def test_a_vendor_is_reached_only_in_the_gateway(text: str) -> None:
    assert facts(answer=text)["vendor_sdks"]
    found = facts(gateway=text)
    assert found["vendor_sdks"] == []
    assert found["gateway_module"]


PROMPTS = [
    'messages = [{"role": "system", "content": "You are a helpful clerk of a bank."}]\n',
    'client.create(system="You are a helpful clerk of a bank.")\n',
    'SYSTEM_PROMPT = "You are a helpful clerk of a bank."\n',
    'prompt = f"Summarise this text in one line: {text}"\n',
    'prompt = "Summarise this text " + "in one line: " + text\n',
    'x = PromptTemplate.from_template("Answer the question {q} kindly.")\n',
    'self.system_message = """You are a helpful clerk of a bank."""\n',
]


@pytest.mark.parametrize("text", PROMPTS)
def test_a_prompt_in_code_is_found(text: str) -> None:
    assert facts(answer=text)["prompt_literals"]


@pytest.mark.parametrize(
    "text",
    [
        'prompt = read("prompts/system.md")\n',
        'prompt = "x"\n',
        '"""A system prompt is read from a file of prompts."""\n',
        'x = {"role": "admin", "name": "somebody who is long"}\n',
    ],
)
def test_reading_a_prompt_is_fine(text: str) -> None:
    assert facts(answer=text)["prompt_literals"] == []


@pytest.mark.parametrize(
    ("body", "asserts"),
    [
        ("assert f() == 1", True),
        ("with pytest.raises(Refused):\n        f()", True),
        ("self.assertEqual(f(), 1)", True),
        ("np.testing.assert_allclose(a, b)", True),
        ("assert True", False),
        ("assert 1", False),
        ("f()", False),
        ("pass  # assert f() == 1", False),
        ('"""assert f() == 1"""', False),
        ("print('assert')", False),
    ],
)
def test_a_test_asserts_or_it_does_not(body: str, asserts: bool) -> None:
    source = read_source(f"def test_it(x):\n    {body}\n\nassert 3 == 3\n".encode())
    assert source is not None
    assert [test.asserts for test in read_tests(source.code)] == [asserts]


def test_skipped_tests_do_not_count() -> None:
    text = (
        "import pytest\n@pytest.mark.skip\ndef test_a():\n    assert f()\n\n"
        "@pytest.mark.xfail(reason='x')\ndef test_b():\n    assert f()\n\ndef test_c():\n"
        "    assert f()\n"
    )
    found = imports(snapshot({**BASE, "tests/test_a.py": text}), "credit")
    assert found["tests"] == ["tests/test_a.py::test_c"]


def test_what_tests_reach_goes_through_imports_but_not_through_the_command_line() -> None:
    assert {"pipeline.wiring", "features"} <= set(facts()["test_targets"])
    text = "from credit import cli\ndef test_a():\n    assert cli.main() == 0\n"
    files = {**BASE, "src/credit/cli.py": "from .pipeline import train\n", "tests/test_a.py": text}
    assert imports(snapshot(files), "credit")["test_targets"] == ["cli"]


def test_the_product_does_not_import_its_judge() -> None:
    assert facts(extra="import roadworthy.core\n")["imports_roadworthy"] == ["src/credit/extra.py:1"]
    assert facts(extra='"""import roadworthy"""\n')["imports_roadworthy"] == []


HOSTILE = {
    "nested": "x = " + "(" * 50_000 + ")" * 50_000,
    "unary": "x = " + "-" * 100_000 + "1",
    "attributes": "pickle" + ".a" * 100_000,
    "sums": "x = pickle" + "+1" * 100_000,
    "open string": 'pickle = "' + "a" * 400_000,
    "backslashes": "pickle = '" + "\\" * 200_000,
    "quotes": "pickle = " + "'" * 200_000,
    "syntax": "def pickle(:\n",
    "dedent": "if pickle:\n        x\n    y\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_survived_in_time(name: str) -> None:
    start = time.process_time()
    found = facts(extra=HOSTILE[name])
    assert time.process_time() - start < 2
    assert isinstance(found["available"], bool)


def test_what_cannot_be_read_is_not_available() -> None:
    for data in (b"\xff\xfe\x00", b"import pickle\x00"):
        found = imports(snapshot({**BASE, "src/credit/extra.py": data}), "credit")
        assert not found["available"]
        assert "extra.py" in found["reason"]
    assert not imports(snapshot({}), "credit")["available"]
    assert not imports(snapshot(BASE, {"src/credit/link.py": "a symbolic link"}), "credit")["available"]


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    read_source(text.encode("utf-8", "surrogatepass"))
    tree = python_tree.tree_of(text.encode("utf-8", "surrogatepass"))
    if tree is not None:
        for finder in (python_tree.unsafe_loads, python_tree.vendor_uses, python_tree.prompt_literals):
            list(finder(tree))


def test_a_helper_that_asserts_is_an_assertion_and_one_that_only_sounds_like_it_is_not() -> None:
    test = "from helpers import refuses, verified\n"
    test += "def test_a():\n    refuses(1)\ndef test_b():\n    verified(1)\n"
    helpers = "def refuses(x):\n    with raises(ValueError):\n        x()\ndef verified(x):\n    return x\n"
    found = imports(snapshot({**BASE, "tests/test_a.py": test, "tests/helpers.py": helpers}), "credit")
    assert found["tests"] == ["tests/test_a.py::test_a"]
    assert found["empty_tests"] == 1
