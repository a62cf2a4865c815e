"""One made-up credential of each kind, as the facts find them and the reports hide them."""

from __future__ import annotations

CREDENTIALS = [
    b"key = AKIAABCDEFGHIJKLMNOP",
    b"-----BEGIN OPENSSH PRIVATE KEY-----\n"
    + b"b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtz",
    b"ASIAABCDEFGHIJKLMNOP",
    b"ghp_" + b"a1" * 18,
    b"github_pat_" + b"a1" * 41,
    b"glpat-" + b"a1" * 10,
    b"AIza" + b"a1b2c" * 7,
    b"xoxb-123456789012-abcdefghijkl",
    b"sk-ant-" + b"a1" * 20,
]
