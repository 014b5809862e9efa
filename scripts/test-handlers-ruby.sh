#!/usr/bin/env bash
# Tests the SDK for handlers in Ruby: its form and its tests. The suite in handler-sdk/conformance tests what is built with it.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() { printf 'test-handlers-ruby: %s; the SDK for Ruby is not tested\ntest result: ok. 0 passed; 0 failed; 1 ignored\n' "$*"; exit 0; }
ruby -e 'exit(RUBY_VERSION >= "3.1")' 2>/dev/null || skip "Ruby 3.1 is not installed"
ruby -e 'require "minitest"' 2>/dev/null || skip "the gem minitest is not installed"

# Ruby's warnings are faults, except those about numbers that a test makes too large.
while IFS= read -r file; do
    said=$(ruby -wc "$file" 2>&1) && [ "$said" = "Syntax OK" ] || { printf '%s: %s\n' "$file" "$said"; exit 1; }
done < <(git ls-files 'handler-sdk/ruby/*.rb' 'handler-sdk/conformance/ruby/*.rb' 'cli/new-project/ruby/*.rb')

log=$(mktemp)
trap 'rm -f "$log"' EXIT
(cd handler-sdk/ruby && ruby -Ilib -e 'Dir["./test/*_test.rb"].sort.each { |file| require file }' 2>&1) | tee "$log" || true
number() { sed -En "s/(^|.*[^0-9])([0-9]+) $1.*/\2/p" "$log" | tail -n 1 | grep . || echo 0; }
run=$(number runs)
failed=$(($(number failures) + $(number errors)))
result=ok
[ "$run" -gt 0 ] && [ "$failed" = 0 ] || result=FAILED
echo "test result: $result. $((run - failed)) passed; $failed failed; 0 ignored"
[ "$result" = ok ]
