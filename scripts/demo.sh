#!/usr/bin/env bash
# Runs the orders of examples/order-fulfillment through their workflow in one process.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

say "Building tasker (the first time takes a few minutes, most of it Cranelift and wasmtime)"
# Without the parts that need AWS: the demo runs none of them, and they take a sixth of the time.
cargo build --locked -p tasker-cli --no-default-features
cargo build --locked --quiet --manifest-path examples/order-fulfillment/Cargo.toml -p payment-service

cd examples/order-fulfillment
port=8099
if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
    echo "port $port is in use; the example's payment service needs it" >&2
    exit 1
fi
target/debug/payment-service "127.0.0.1:$port" >/dev/null &
payment_service=$!
trap 'kill $payment_service 2>/dev/null || true' EXIT

say "Running the orders of examples/order-fulfillment/orders.jsonl"
ended=0
../../target/debug/tasker task run shop/order_fulfillment --input orders.jsonl --local --watch || ended=$?
# Exit code 3: not every task completed. One of the orders is invalid on purpose.
[ "$ended" = 0 ] || [ "$ended" = 3 ] || exit "$ended"

cat >&2 <<'END'
Each step ran as a WebAssembly component in its own sandbox. The payment service rejects every first charge, so
process_payment took two attempts. The last order was rejected because it violates the template's input_schema.

Next:  look at examples/order-fulfillment/src and templates,
       run it with everything on:   make dev
       and make a project of your own:   target/debug/tasker new my-project
END
