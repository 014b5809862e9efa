#!/usr/bin/env bash
# Writes a CSV file of 1,000,000 orders (or the given number), serves it, and imports it, all in one process.
# Set TASKER to use an existing `tasker` binary; otherwise it is built.
set -euo pipefail
cd "$(dirname "$0")"

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

rows=${1:-1000000}
port=8098
if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
    echo "port $port is in use; the example's storage service needs it" >&2
    exit 1
fi
if [ -z "${TASKER:-}" ]; then
    say "Building tasker (the first time takes a few minutes, most of it Cranelift and wasmtime)"
    cargo build --locked --manifest-path ../../Cargo.toml -p tasker-cli --no-default-features
    TASKER=../../target/debug/tasker
fi
cargo build --locked --quiet --release -p generate -p storage-service

file=orders-$rows.csv
if [ ! -f "data/$file.json" ]; then
    say "Writing data/$file"
    mkdir -p data
    target/release/generate "data/$file" "$rows" >data/totals.json
    # The totals exist only for a complete file.
    mv data/totals.json "data/$file.json"
fi
say "Totals of data/$file:"
cat "data/$file.json"

target/release/storage-service data "127.0.0.1:$port" >data/storage.log &
storage_service=$!
trap 'kill $storage_service 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM

say "Importing it: every chunk in a new sandbox, and the sums checked against these totals"
ended=0
printf '{"url":"http://127.0.0.1:%s/%s","expected":%s}' "$port" "$file" "$(cat "data/$file.json")" |
    "$TASKER" task run shop/csv_import --input - --local --watch || ended=$?

awk -v size="$(wc -c <"data/$file")" '
    $3 == 206 { requests += 1; bytes += $4 }
    END { printf "The storage service served %d requests with %d bytes, %.4f times the file.\n",
                 requests, bytes, bytes / size }
' data/storage.log >&2
exit "$ended"
