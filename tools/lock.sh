#!/bin/sh
# Rebuild the hash-locked requirements. They carry no index address, so any mirror serves them.
set -eu
cd "$(dirname "$0")/.."
lock() {
    out=$1; shift
    uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
        --custom-compile-command "tools/lock.sh" -o "$out" "$@"
}
lock requirements/dev.txt pyproject.toml requirements/dev.in
lock requirements/schemas.txt --no-deps requirements/schemas.in
lock template/requirements/policy.txt pyproject.toml
