#!/usr/bin/env bash
# Measures the Lambda functions on this machine: their start-up time, and the requests and database work per
# step.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/aws-tools.sh
target=${CARGO_TARGET_DIR:-target}

# Built as they are deployed: separately, so that none gets features that only another one needs.
for function in run-steps orchestrate; do
    cargo build --locked --profile function --package "tasker-function-$function"
    scripts/pack-function.py "$target/function/$function.zip" "$target/function/tasker-function-$function"
done
cargo build --locked --package tasker-bench-functions
cargo build --quiet --release --target wasm32-wasip2 --manifest-path examples/benchmark-shapes/Cargo.toml --lib \
    --target-dir "$target/bench-guests"

# Credentials that the emulator accepts.
export AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
"$target/debug/tasker-bench-functions" "$target/function" \
    "$target/bench-guests/wasm32-wasip2/release/benchmark_shapes.wasm" examples/benchmark-shapes/templates/linear_4.yaml
