#!/usr/bin/env bash
# What the Lambda functions cost, on this machine: how long they take to start, and what a step asks of AWS and of the database.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/aws-tools.sh
target=${CARGO_TARGET_DIR:-target}

# As they are uploaded: each by itself, so that none gets what only another asks for.
for function in run-steps orchestrate; do
    cargo build --locked --profile function --package "tasker-function-$function"
    scripts/pack-function.py "$target/function/$function.zip" "$target/function/tasker-function-$function"
done
cargo build --locked --package tasker-bench-functions
cargo build --quiet --release --target wasm32-wasip2 --manifest-path examples/benchmark-shapes/Cargo.toml --lib \
    --target-dir "$target/bench-guests"

# What the emulator takes for credentials.
export AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
"$target/debug/tasker-bench-functions" "$target/function" \
    "$target/bench-guests/wasm32-wasip2/release/benchmark_shapes.wasm" examples/benchmark-shapes/templates/linear_4.yaml
