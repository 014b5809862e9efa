#!/usr/bin/env bash
# All checks except tests. Warnings are errors.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo fmt --all --check
# Packages that are built for WASM. Each is a separate workspace.
for package in examples/*/ runtime-host/tests/guests/*/ cli/tests/system/handlers/; do
    cargo fmt --all --check --manifest-path "$package/Cargo.toml"
done
cargo clippy --locked --workspace --all-targets -- --deny warnings

# `make aws-tools` may have installed Terraform.
PATH="${TASKER_AWS_TOOLS:-$PWD/target/aws-tools}/sam/bin:$PATH"
if command -v terraform >/dev/null; then
    infra/check.sh
else
    echo "lint: Terraform is not installed; infra/ is not checked (make aws-tools)" >&2
fi

# Used only if installed: building them takes longer than all other checks.
if command -v cargo-deny >/dev/null; then
    cargo deny --log-level error check licenses bans sources
else
    echo "lint: cargo-deny is not installed; licences and sources are not checked (cargo install cargo-deny)" >&2
fi
if command -v cargo-machete >/dev/null; then
    cargo machete --skip-target-dir
fi
