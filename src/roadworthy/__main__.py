"""`python -m roadworthy` is the `roadworthy` command."""

import os
import sys

# `python -m` puts the current folder first on the path. What is judged there must not be imported from there.
sys.path[:] = [place for place in sys.path if place not in ("", os.getcwd())]

from roadworthy.cli import main  # noqa: E402  after the path is safe

main()
