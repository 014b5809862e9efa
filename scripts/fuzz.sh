#!/usr/bin/env bash
# Runs the fuzz targets one after the other, each for SECONDS_EACH seconds (600 by default), and keeps what they find in
# `fuzz/corpus`. Names of targets as arguments run only those. Installs cargo-fuzz if it is missing; needs a C++ compiler.
set -euo pipefail
cd "$(dirname "$0")/.."

export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
# The instrumentation is unstable only by name; the pinned compiler has it.
export RUSTC_BOOTSTRAP=1

command -v cargo-fuzz > /dev/null || {
    echo "Installing cargo-fuzz."
    cargo install --locked cargo-fuzz
}
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || mapfile -t targets < <(cargo fuzz list)
for target in "${targets[@]}"; do
    echo "Fuzzing $target."
    cargo fuzz run --sanitizer none "$target" -- \
        -max_total_time="${SECONDS_EACH:-600}" -timeout=10 -rss_limit_mb=1024 -max_len=65536 -print_final_stats=1
    cargo fuzz cmin --sanitizer none "$target"
done
