#!/usr/bin/env bash
# Tests the clients in clients/ on a server with API keys: `tasker dev`, built by `cargo build -p tasker-cli`.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\033[1m%s\033[0m\n' "$*"; }
skip() { printf 'test-clients: %s; the clients are not tested\ntest result: ok. 0 passed; 0 failed; 1 ignored\n' "$*"; exit 0; }

tasker=$PWD/target/debug/tasker
tools=$PWD/target/clients-python
[ -x "$tasker" ] || { echo "test-clients: $tasker is missing: cargo build -p tasker-cli" >&2; exit 1; }
command -v npm >/dev/null || skip "Node is not installed"
node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || skip "Node $(node --version) is older than 20"
python3 -c 'import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    skip "Python 3.11 with venv is not installed"

say "Generating the clients"
contents() { find clients grpc/proto -type f ! -path '*/node_modules/*' ! -path '*/__pycache__/*' ! -path '*/typescript/[db]*' -exec cksum {} + | sort; }
committed=$(contents)
scripts/clients.sh
if ! diff <(echo "$committed") <(contents); then
    echo "test-clients: the clients do not match api/openapi.json; scripts/clients.sh has changed these files: commit them" >&2
    exit 1
fi

say "Checking types"
npm run --silent build --prefix clients/typescript
(cd clients/typescript && npx --no-install tsc -p tsconfig.test.json)
"$tools/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation clients/python
(cd clients/python && MYPYPATH=. "$tools/bin/mypy" --cache-dir "$tools/mypy" tasker_client tests examples)

# What `tasker generate client` makes for a template.
mkdir -p clients/typescript/build/generated
cp cli/tests/system/generated/everything_client.ts clients/typescript/build/generated/client.ts
(cd clients/typescript && npx --no-install tsc --noEmit --strict --skipLibCheck --target es2022 --module nodenext build/generated/client.ts)
(cd clients/python && MYPYPATH=. "$tools/bin/mypy" --cache-dir "$tools/mypy" ../../cli/tests/system/generated/everything_client.py)

project=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null && wait "$server" || true; rm -rf "$project"' EXIT
# As root, the database of the server belongs to another user.
chmod 711 "$project"
mkdir "$project/templates"
# The components that the tests of the command line build, too.
cat >"$project/tasker.toml" <<END
[project]
name = "clients"
components = ["$PWD/examples/benchmark-shapes", "$PWD/cli/tests/system/handlers", "$project/hello"]
END
"$tasker" new "$project/hello" >/dev/null
cp "$project/hello/templates/greeting.yaml" "$project/templates/"
cat >"$project/templates/order.yaml" <<'END'
name: order
namespace_name: shop
version: 1.0.0
identity_strategy: always_unique
input_schema:
  type: object
  required: [order_id, n]
  properties:
    order_id: { type: string, pattern: "^[A-Z]{2}-[0-9]{4,}$" }
    n: { type: integer, minimum: 0 }
steps:
  - { name: price, handler: { callable: add_up } }
  - { name: ship, dependencies: [price], handler: { callable: add_up } }
  # Takes as long as the input's `hold_ms` says.
  - { name: pack, dependencies: [ship], handler: { callable: row } }
END

say "Starting a server (the first time it builds three components)"
unset DATABASE_URL TASKER_URL TASKER_API_KEY
: >"$project/log"
TASKER__SERVER__LISTEN=127.0.0.1:0 TASKER__AUTH__MODE=own NO_COLOR=1 \
    "$tasker" --project "$project" dev >"$project/log" 2>&1 &
server=$!
until url=$(sed -n 's/^ *API  *\(http[^ ]*\).*/\1/p' "$project/log") && [ -n "$url" ]; do
    kill -0 "$server" 2>/dev/null || { cat "$project/log" >&2; exit 1; }
    sleep 0.2
done
postgres=$project/.tasker/postgres
DATABASE_URL=postgres://tasker:$(cat "$postgres/password")@127.0.0.1:$(sed -n 4p "$postgres/data/postmaster.pid")/postgres
key=$(DATABASE_URL=$DATABASE_URL "$tasker" --project "$project" --json key create --database --name clients --role admin)
TASKER_API_KEY=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["secret"])' <<<"$key")
export TASKER_URL=$url TASKER_API_KEY
# The first task waits until the components are compiled.
"$tasker" --project "$project" task run shop/order --input '{"order_id": "DE-1000", "n": 1}' >/dev/null

say "Testing the client for TypeScript"
(cd clients/typescript && node --test-reporter tap build/test/tasker.test.js) | tee "$project/typescript" | grep -E '^(not )?ok|^ *error:' || true
say "Testing the client for Python"
(cd clients/python/tests && "$tools/bin/python" -B -m unittest --verbose 2>&1) | tee "$project/python" || true

say "Running the examples for gRPC and Rust"
examples=0
# runs WHAT EXPECTED COMMAND...: whether the command prints that
runs() {
    local what=$1 expected=$2 printed
    shift 2
    printed=$("$@" 2>&1) || true
    if [ "$printed" = "$expected" ]; then
        echo "ok - the example for $what"
        examples=$((examples + 1))
    else
        printf 'not ok - the example for %s: %s\n' "$what" "$printed"
    fi
}
runs gRPC 'complete {"value":42}' "$tools/bin/python" grpc/examples/order.py
diff <(sed -n '/^```python$/,/^```$/{/^```/d;p}' docs/grpc.md) grpc/examples/order.py && examples=$((examples + 1)) ||
    echo "not ok - docs/grpc.md does not hold grpc/examples/order.py"
runs Rust $'complete\n42' target/debug/examples/order

say "Running the path of docs/api.md"
# block LANGUAGE NUMBER: the block of this language with this number in the section
block() {
    sed -n '/^## From a key to a result/,/^## Who may do what/p' docs/api.md |
        awk -v language="\`\`\`$1" -v wanted="$2" '$0 == language {count++; inside = count == wanted; next} /^```/ {inside = 0} inside'
}
export PATH="$PWD/target/debug:$PATH"
greeting='"text":"HELLO, ADA!"'
# contains WHAT TEXT COMMAND...: whether what the command prints contains the text
contains() {
    local what=$1 expected=$2 printed
    shift 2
    printed=$("$@" 2>&1) || true
    if [[ $printed == *$expected* ]]; then
        echo "ok - the path by $what"
        examples=$((examples + 1))
    else
        printf 'not ok - the path by %s: %s\n' "$what" "$printed"
    fi
}
# What a newcomer types, but for the port and the key of this server's database.
block sh 2 | sed "s|^export TASKER_URL=.*|export TASKER_URL=$url|; s|key create|--project $project key create|" >"$project/path.sh"
contains curl "$greeting" bash -euo pipefail "$project/path.sh"
# is_shown FILE LANGUAGE NUMBER: whether docs/api.md shows this file
is_shown() {
    if diff <(block "$2" "$3") "$1"; then examples=$((examples + 1)); else echo "not ok - docs/api.md does not hold $1"; fi
}
is_shown client/examples/greeting.rs rust 1
contains Rust '"HELLO, ADA!"' target/debug/examples/greeting
is_shown clients/typescript/examples/greeting.ts ts 1
contains TypeScript "text: 'HELLO, ADA!'" node clients/typescript/build/examples/greeting.js
is_shown clients/python/examples/greeting.py python 1
contains Python "'text': 'HELLO, ADA!'" "$tools/bin/python" clients/python/examples/greeting.py
is_shown grpc/examples/greeting.py python 2
contains gRPC "$greeting" "$tools/bin/python" grpc/examples/greeting.py
is_shown mcp/examples/greeting.py python 3
contains MCP "'text': 'HELLO, ADA!'" "$tools/bin/python" mcp/examples/greeting.py

# number FILE PREFIX: the number after the last such prefix, or 0
number() { sed -En "s/.*$2([0-9]+).*/\1/p" "$1" | tail -n 1 | grep . || echo 0; }
failed=$((14 - examples))
for name in 'typescript:^# fail ' 'typescript:^# cancelled ' 'python:^FAILED.*failures=' 'python:^FAILED.*errors='; do
    failed=$((failed + $(number "$project/${name%%:*}" "${name#*:}")))
done
typescript=$(number "$project/typescript" '^# tests ')
python=$(number "$project/python" '^Ran ')
# A program that ends before its tests prints no number.
[ "$typescript" -gt 0 ] && [ "$python" -gt 0 ] || failed=$((failed + 1))
result=ok
[ "$failed" = 0 ] || { result=FAILED; tail -n 50 "$project/log" >&2; }
echo "test result: $result. $((typescript + python + 14 - failed)) passed; $failed failed; 0 ignored"
[ "$failed" = 0 ]
