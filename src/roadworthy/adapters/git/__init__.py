"""Git: processes with a clean environment, where a project is, and merges in the object database."""

from roadworthy.adapters.git.process import (
    READ_ONLY,
    Completed,
    GitFailed,
    GitMissing,
    NotARepository,
    clean_environment,
    git,
    isolated,
    read_git,
    run_git,
)

__all__ = [
    "READ_ONLY",
    "Completed",
    "GitFailed",
    "GitMissing",
    "NotARepository",
    "clean_environment",
    "git",
    "isolated",
    "read_git",
    "run_git",
]
