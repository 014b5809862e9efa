#!/usr/bin/env bash
# Tests the SDK for handlers in Python: its form, its types, and its tests. The suite in handler-sdk/conformance tests what is built with it.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() { printf 'test-handlers-python: %s; the SDK for Python is not tested\ntest result: ok. 0 passed; 0 failed; 1 ignored\n' "$*"; exit 0; }
python3 -c 'import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    skip "Python 3.11 with venv is not installed"

packages=(componentize-py==0.25.1 ruff==0.17.6 mypy==2.4.1)
tools=$PWD/target/handlers-python
if [ "$(cat "$tools/installed" 2>/dev/null)" != "${packages[*]}" ]; then
    printf '\033[1mInstalling %s\033[0m\n' "${packages[*]}"
    python3 -m venv --clear "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}"
    echo "${packages[*]}" >"$tools/installed"
fi

sdk=handler-sdk/python
handlers=handler-sdk/conformance/python
new=cli/new-project/python
for folder in "$sdk" "$handlers" "$new"; do
    "$tools/bin/ruff" format --quiet --no-cache --check --config "$sdk/pyproject.toml" "$folder"
    "$tools/bin/ruff" check --quiet --no-cache --config "$sdk/pyproject.toml" "$folder"
done
# What componentize-py generates for the component's own modules.
rm -rf "$tools/bindings"
"$tools/bin/componentize-py" --quiet --wit-path "$sdk/tasker_handler/wit" --world sdk bindings "$tools/bindings"
check() { (cd "$1" && MYPYPATH=$2 "$tools/bin/mypy" --strict --cache-dir "$tools/mypy" "${@:3}"); }
check "$sdk" ".:$tools/bindings" --config-file pyproject.toml tasker_handler tests
check "$handlers" ".:$PWD/$sdk" handlers
check "$new" ".:$PWD/$sdk" handlers.py tests

(cd "$sdk/tests" && PYTHONPATH=.. "$tools/bin/python" -B -m unittest --verbose 2>&1) | tee "$tools/log" || true
# number PREFIX: the number after it in the last lines, or 0
number() { sed -En "s/.*$1([0-9]+).*/\1/p" "$tools/log" | tail -n 1 | grep . || echo 0; }
run=$(number '^Ran ')
failed=$(($(number '^FAILED.*failures=') + $(number '^FAILED.*errors=')))
result=FAILED
! grep -q '^OK' "$tools/log" || result=ok
echo "test result: $result. $((run - failed)) passed; $failed failed; 0 ignored"
[ "$result" = ok ]
