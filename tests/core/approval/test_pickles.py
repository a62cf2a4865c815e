"""Pickles are known by their bytes, in any wrapping; nothing else is taken for one."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import zipfile
import zlib
from collections.abc import Callable

import pytest

from roadworthy.core.approval.pickles import pickle_in

VALUE = {"weights": [1.0, 2.0], "name": "model"}
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def zipped(*members: tuple[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return whole.getvalue()


WRAPPINGS: dict[str, Callable[[bytes], bytes]] = {
    "bare": bytes,
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zip": lambda data: zipped(("schema.json", b"{}"), ("data.pkl", data)),
    "zip in zip": lambda data: zipped(("inner.zip", zipped(("innocent.json", data)))),
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_found_in_every_protocol_and_wrapping(protocol: int, wrapping: str) -> None:
    assert pickle_in(WRAPPINGS[wrapping](pickle.dumps(VALUE, protocol)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b".",
        b"A sentence.",
        b"# Card\n\nAccuracy 0.9.",
        b"I am what I am.",
        json.dumps(VALUE).encode(),
        b"import os\n\n\ndef f():\n    return os.\n",
        zipped(("schema.json", b"{}"), ("w.npy", b"\x93NUMPY\x01\x00v\x00{'descr': '<f8'}\n" + bytes(80))),
        b"\x80 no protocol",
        b"x\x9cnot zlib",
        b"\x1f\x8bnot gzip",
        bytes(range(256)),
    ],
)
def test_not_mistaken(data: bytes) -> None:
    assert pickle_in(data) == ""


def test_an_array_of_objects_is_a_pickle_in_disguise() -> None:
    header = b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,)}\n"
    assert "numpy" in pickle_in(header + b"\x80\x04.")


def test_what_cannot_be_looked_into_is_not_passed() -> None:
    assert pickle_in(b"PK\x03\x04 a broken archive")
    deep = b"{}"
    for _ in range(6):
        deep = zipped(("inner.zip", deep))
    assert "too deep" in pickle_in(deep)
