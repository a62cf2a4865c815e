"""Code, requirements and stray files: what is loaded, copied, unpinned or left lying about."""

from __future__ import annotations

from tests.adversary.patch import BOUND, FROM_HIGH, Lie, append, remove, swap, write
from tests.adversary.scene import Scene

PACKAGE, SERVE = "src/credit_decision", "requirements/serve.txt"
ROWS = "id,income,age\n" + "".join(f"{n},{n * 1000},{n % 90}\n" for n in range(400))
SERVING = f"{PACKAGE}/serving/fast.py"
TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
KEY = "-----BEGIN OPENSSH PRIVATE " + "KEY-----\n" + "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ" * 4 + "\n"
LOAD = '"""Load quickly."""\n\nimport pickle\n\n\ndef load(path):\n    return pickle.load(open(path, "rb"))\n'


def _copied_features(scene: Scene) -> None:
    scene.write(SERVING, scene.text(f"{PACKAGE}/features.py"))


def _unhashed(scene: Scene) -> None:
    scene.append(SERVE, "leftpad==1.0.0\n")


LIES = (
    Lie("a pickle loaded where it serves", ("SEC-01",), write(SERVING, LOAD)),
    Lie(
        "joblib, renamed",
        ("SEC-01",),
        write(SERVING, "from joblib import load as read\n\n\ndef model(path):\n    return read(path)\n"),
    ),
    Lie(
        "unsafe YAML",
        ("SEC-01",),
        write(
            SERVING,
            "import yaml\n\n\ndef read(text):\n    return yaml.load(text, Loader=yaml.UnsafeLoader)\n",
        ),
    ),
    Lie(
        "torch, trusting",
        ("SEC-01",),
        write(SERVING, "import torch\n\n\ndef read(p):\n    return torch.load(p, weights_only=False)\n"),
    ),
    Lie(
        "pickle by another door",
        ("SEC-01",),
        write(SERVING, "import pandas as pd\n\n\ndef read(path):\n    return pd.read_pickle(path)\n"),
    ),
    Lie("a pickle in the repository", ("SEC-01",), write("models/model.pkl", b"\x80\x04N.")),
    Lie(
        "a pickle by another name",
        ("SEC-01",),
        write("models/weights.dat", b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00N."),
    ),
    Lie("a token in a settings file", ("SEC-01",), write("settings.env", f"TOKEN={TOKEN}\n")),
    Lie("a private key", ("SEC-01",), write("deploy/id_ed25519", KEY)),
    Lie("features copied to serving", ("FEAT-01",), _copied_features),
    *(
        Lie(title, ("FEAT-01",), write(SERVING, text))
        for title, text in {
            "a feature computed from attributes": "def f(r):\n    return r.loanamt / r.apr\n",
            "a feature computed from locals": (
                'def f(r):\n    a = r["loanamt"]\n    b = r["apr"]\n    return a / b\n'
            ),
            "a feature under another name": "def f(loanamt, apr):\n    return loanamt / apr\n",
            "a feature in a lambda": "f = lambda loanamt, apr: loanamt / apr\n",
            "a feature by methods": 'def f(rows):\n    return rows["loanamt"].div(rows["apr"])\n',
            "a feature in a formula": 'def f(rows):\n    return rows.eval("loanamt / apr")\n',
            "a feature in SQL": 'QUERY = "select loanamt / apr as ratio from applications"\n',
            "a feature by a library whose name another scope gives away": (
                "import numpy as np\n\n\ndef f(r):\n    return np.divide(r['loanamt'], r['apr'])\n\n\n"
                "def plain():\n    import json as np\n\n    return np\n"
            ),
            "a feature in place": 'def f(rows):\n    rows["loanamt"] *= 2\n',
            "a feature by an operator": (
                "from operator import truediv\n\n\ndef f(r):\n    return truediv(r['loanamt'], r['term'])\n"
            ),
        }.items()
    ),
    *(
        Lie(title, ("SEC-01",), write(SERVING, text))
        for title, text in {
            "a loader handed on by its name": "import pickle\n\nread = pickle.loads\n",
            "a loader taken out by its name": 'import pickle\n\nread = getattr(pickle, "loads")\n',
            "an unpickler": "import pickle\n\n\ndef read(f):\n    return pickle.Unpickler(f).load()\n",
            "skops, trusting all": "import skops.io\n\nread = lambda f: skops.io.load(f, trusted=True)\n",
            "skops, trusting what it finds": (
                "from skops.io import get_untrusted_types, load\n\n\ndef read(f):\n"
                "    return load(f, trusted=get_untrusted_types(file=f))\n"
            ),
            "numpy, trusting": "import numpy as np\n\nread = lambda f: np.load(f, allow_pickle=1)\n",
            "a loader whose name another scope gives away": (
                "import pickle\n\n\ndef read(f):\n    return pickle.load(f)\n\n\n"
                "def plain():\n    import json as pickle\n\n    return pickle\n"
            ),
            "a loader's module under another name": (
                "import marshal\n\ncodec = marshal\n\n\ndef read(f):\n    return codec.load(f)\n"
            ),
            "a loader's module handed on": (
                "import pickle\n\n\ndef read(f, by=(pickle,)):\n    return by[0].load(f)\n"
            ),
            "a model of keras": "from keras.models import load_model\n\nmodel = load_model('m.keras')\n",
        }.items()
    ),
    *(
        Lie(title, ("SEC-01",), write(SERVING, text), at=FROM_HIGH)
        for title, text in {
            "an eval": "def run(text):\n    return eval(text)\n",
            "an eval by another name": "compute = eval\n",
            "an exec from the builtins": "from builtins import exec as run\n\nrun('x = 1')\n",
            "an eval glued together": "run = getattr(__builtins__, 'ev' + 'al')\n",
            "a file run as code": "import runpy\n\nrunpy.run_path('/srv/extra.py')\n",
            "a module from a path": (
                "import importlib.util as u\n\nspec = u.spec_from_file_location('x', '/srv/extra.py')\n"
            ),
            "a module known only later": (
                "import importlib\n\n\ndef load(name):\n    return importlib.import_module(name)\n"
            ),
            "a library known only later": "import ctypes\n\nlibrary = ctypes.CDLL('/srv/extra.so')\n",
            "a shell whose name another scope gives away": (
                "import os\n\n\ndef run(text):\n    os.system(text)\n\n\n"
                "class Plain:\n    import json as os\n"
            ),
            "names that nobody can tell apart": "import os\nos.system('x')\n"
            + "".join(f"import a{n} as n{n}\nimport b{n} as n{n}\n" for n in range(9)),
            "a shell in the product": "import os\n\n\ndef run(text):\n    os.system(text)\n",
        }.items()
    ),
    Lie(
        "an exec in a file of the platform's",
        ("SEC-01", "GOV-06"),
        append(f"{PACKAGE}/pipeline/wiring.py", "\n\nexec('x = 1')\n"),
        at=FROM_HIGH,
    ),
    Lie(
        "a model that reads what must not decide",
        ("DATA-05",),
        append(f"{PACKAGE}/model.py", '\n\ndef weight(rows):\n    return rows["black"]\n'),
        at=FROM_HIGH,
    ),
    Lie("a feature that reads it past its arguments", ("DATA-05",), lambda s: _sideways(s)),
    Lie("requirements without a hash", ("REPRO-01",), _unhashed),
    Lie(
        "an index address in a lock",
        ("REPRO-01",),
        append(SERVE, "--extra-index-url https://pypi.x.example\n"),
    ),
    Lie("a requirement from git", ("REPRO-01",), append(SERVE, "tool @ git+https://x.example/tool.git\n")),
    Lie("a requirement without a version", ("REPRO-01",), append(SERVE, "numpy>=1\n")),
    Lie("an empty lock", ("REPRO-01",), write(SERVE, "# see pyproject.toml\n")),
    Lie("a base image by its tag", ("REPRO-01",), write("deploy/Containerfile", "FROM python:latest\n")),
    Lie("a table of people", ("DATA-04",), write("data/customers.csv", ROWS), at=BOUND),
    Lie(
        "a table by another name",
        ("DATA-04",),
        write("notes/customers.parquet", b"PAR1" + bytes(8192) + b"PAR1"),
        at=BOUND,
    ),
    Lie(
        "a notebook on the road",
        ("REPRO-01",),
        append("Makefile", "\nretrain:\n\tjupyter nbconvert --execute train.ipynb\n"),
    ),
    Lie("the tests deleted", ("EVAL-05", "FEAT-02", "DATA-02"), remove("tests")),
    Lie("tests without an assertion", ("EVAL-05",), lambda s: _emptied(s)),
    Lie(
        "product code that asks its judge",
        ("GOV-06",),
        write(f"{PACKAGE}/mood.py", "from roadworthy.commands.check import check\n"),
    ),
    Lie(
        "a Makefile whose test target tests nothing",
        ("EVAL-05",),
        swap("Makefile", "-m pytest", "-c 'pass' #"),
    ),
)


def _sideways(scene: Scene) -> None:
    """A feature reads a protected column from what else it is given."""
    scene.append(
        f"{PACKAGE}/features.py",
        '\n\ndef standing(loanamt, **more):\n    """What else is."""\n    return loanamt * more["black"]\n',
    )
    training = scene.read("policy/training.yaml")
    scene.put("policy/training.yaml", "features", [*training["features"], "standing"])


def _emptied(scene: Scene) -> None:
    for name in scene.files("tests/test_*.py"):
        scene.write(name, f"def test_{name[11:-3]}():\n    # assert everything\n    pass\n")
