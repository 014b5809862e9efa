#!/usr/bin/env bash
# Measures the cost of one execution on the host per component: fresh sandbox, call, result, end. Components are measured as
# `tasker build` makes them: their core modules are merged. Beside it, a new instance per call in plain wasmtime, without
# Tasker's limits.
set -euo pipefail
cd "$(dirname "$0")/.."

build() { cargo build --quiet --release --target wasm32-wasip2 --manifest-path "$1/Cargo.toml" --lib; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
measure() {
    local built="$scratch/built.wasm"
    target/release/examples/merge "$2" "$built"
    printf '\n%s (%s KB)\n' "$1" "$(($(stat -c %s "$built" 2>/dev/null || stat -f %z "$built") / 1000))"
    target/release/examples/invoke "$built" "$3" "$4"
}

# Plain wasmtime has no HTTP here, and no stores.
beside() { target/release/examples/plain "$@"; }

sum=runtime-host/tests/guests/sum/target/wasm32-wasip2/release/sum.wasm
shapes=examples/benchmark-shapes/target/wasm32-wasip2/release/benchmark_shapes.wasm
build runtime-host/tests/guests/sum
build examples/benchmark-shapes
build examples/order-fulfillment
order='{"order":17,"items":[{"price":1.5},{"price":2.25},{"price":3}],"customer":"Ada"}'
measure "Rust, the contract by hand" "$sum" sum "$order"
beside "$sum" sum "$order"
measure "Rust, one handler with the SDK" "$shapes" add_up '{"n":1}'
beside "$shapes" add_up '{"n":1}'
measure "Rust, six handlers with the SDK and HTTP" \
    examples/order-fulfillment/target/wasm32-wasip2/release/order_fulfillment.wasm validate_order \
    "$(head -n 1 examples/order-fulfillment/orders.jsonl)"

# Other languages with the same contract. Their tools are installed into bench/guests/*/tools if npm and
# Python are available.
wit="$PWD/handler-sdk/wit"
if command -v npm >/dev/null; then
    (
        cd bench/guests/javascript
        npm install --silent --no-save --prefix tools componentize-qjs@0.4.5
        tools/node_modules/.bin/componentize-qjs --wit "$wit" -n handlers --js handler.js --sync --opt-size \
            -o tools/handler.wasm >/dev/null
    )
    measure "JavaScript (QuickJS)" bench/guests/javascript/tools/handler.wasm sum "$order"
    (
        cd bench/guests/typescript
        rm -rf node_modules
        npm install --silent --no-audit --no-fund
        node node_modules/tasker-handler/tools/main.js build --output "$PWD/tools/handler.wasm"
    )
    measure "TypeScript, the SDK with zod" bench/guests/typescript/tools/handler.wasm sum "$order"
else
    echo "bench: npm is not installed; JavaScript is not measured" >&2
fi
if command -v python3 >/dev/null && python3 -m venv bench/guests/python/tools 2>/dev/null; then
    (
        cd bench/guests/python
        tools/bin/pip install --quiet --disable-pip-version-check componentize-py==0.25.1
        tools/bin/componentize-py -d "$wit" -w handlers componentize handler -o tools/handler.wasm >/dev/null
    )
    measure "Python" bench/guests/python/tools/handler.wasm sum "$order"
    sdk="$PWD/handler-sdk/python"
    (cd bench/guests/python-sdk && PYTHONPATH="$sdk" ../python/tools/bin/python -B -m tasker_handler.build --output tools/handler.wasm)
    measure "Python, the SDK with dataclasses" bench/guests/python-sdk/tools/handler.wasm sum "$order"
else
    echo "bench: Python with venv is not installed; Python is not measured" >&2
fi
