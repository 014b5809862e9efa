#!/usr/bin/env bash
# Tests the SDK for handlers in TypeScript with Node. The scenarios of handler-sdk/conformance are tests of Cargo.
set -euo pipefail
cd "$(dirname "$0")/../handler-sdk/typescript"

say() { printf '\033[1m%s\033[0m\n' "$*"; }
skip() { printf 'test-handlers: %s; the SDK for TypeScript is not tested\ntest result: ok. 0 passed; 0 failed; 1 ignored\n' "$*"; exit 0; }

command -v npm >/dev/null || skip "Node is not installed"
node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || skip "Node $(node --version) is older than 20"
if ! cmp -s package-lock.json node_modules/.installed; then
    say "Installing the packages of handler-sdk/typescript"
    npm ci --silent --no-audit --no-fund
    cp package-lock.json node_modules/.installed
fi
say "Checking types"
npm run --silent check
say "Testing the SDK for TypeScript"
results=$(mktemp)
trap 'rm -f "$results"' EXIT
node tools/main.js test --test-reporter tap >"$results" || true
grep -E '^not ok|^ *error:' "$results" || true
number() { sed -En "s/^# $1 ([0-9]+)$/\1/p" "$results" | tail -n 1 | grep . || echo 0; }
failed=$(($(number fail) + $(number cancelled)))
[ "$(number tests)" -gt 0 ] || failed=$((failed + 1))
result=ok
[ "$failed" = 0 ] || result=FAILED
echo "test result: $result. $(number pass) passed; $failed failed; 0 ignored"
[ "$failed" = 0 ]
