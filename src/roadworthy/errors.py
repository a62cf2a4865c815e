"""Every error a user can meet, in one tree.

RoadworthyError          message, hint (the next command), exit_code
├── UsageError           2  the request or the policy is malformed
│   └── NoRelease        2  the source has no such release
├── Refused              1  the request is clear and the answer is no
└── Unjudgeable          3  the facts needed for an answer cannot be had
"""

from __future__ import annotations


class RoadworthyError(Exception):
    """An expected failure: `message` says what and where, `hint` is the next step."""

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(RoadworthyError):
    """The request or the policy is malformed."""


class NoRelease(UsageError):
    """The source has no such release."""


class Refused(RoadworthyError):
    """The request is clear and the answer is no."""

    exit_code = 1


class Unjudgeable(RoadworthyError):
    """The facts needed for an answer cannot be had."""

    exit_code = 3
