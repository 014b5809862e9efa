#!/usr/bin/env bash
# Tests the web console: its pure modules with Node, and its pages in Chromium on a `tasker dev` that
# `cargo build -p tasker-cli` built.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\033[1m%s\033[0m\n' "$*"; }
skip() { printf 'test-console: %s; the console is not tested\n' "$*"; exit 0; }

tasker=${TASKER:-$PWD/target/debug/tasker}
tools=${CONSOLE_TOOLS:-$PWD/target/console-tools}
[ -x "$tasker" ] || { echo "test-console: $tasker is missing: cargo build -p tasker-cli" >&2; exit 1; }
command -v npm >/dev/null || skip "Node is not installed"
node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || skip "Node $(node --version) is older than 20"

say "Testing the modules"
units=$(mktemp)
node --test --test-reporter tap console/tests/unit/*.test.mjs >"$units" || true
grep -E '^not ok|^ *error:' "$units" || true

say "Checking types"
packages='playwright-core@1.65.1 axe-core@4.14.1 typescript@5.9.3 preact@11.2.0 htm@3.1.1 @preact/signals@2.11.4'
if [ "$(cat "$tools/packages" 2>/dev/null)" != "$packages" ]; then
    say "Installing $packages"
    mkdir -p "$tools"
    npm install --silent --no-audit --no-fund --prefix "$tools" $packages
    echo "$packages" >"$tools/packages"
fi
modules=$tools/node_modules
cat >"$tools/tsconfig.json" <<END
{
  "compilerOptions": {
    "noEmit": true, "allowJs": true, "checkJs": true, "strict": true, "noImplicitAny": false, "skipLibCheck": true, "typeRoots": [],
    "target": "es2023", "lib": ["es2023", "dom", "dom.iterable"], "module": "esnext", "moduleResolution": "bundler",
    "paths": {
      "preact": ["$modules/preact/src/index.d.ts"], "preact/hooks": ["$modules/preact/hooks/src/index.d.ts"],
      "htm": ["$modules/htm/dist/htm.d.ts"], "@preact/signals": ["$modules/@preact/signals/dist/signals.d.ts"]
    }
  },
  "include": ["$PWD/console/assets/app/**/*.mjs"]
}
END
"$modules/.bin/tsc" -p "$tools/tsconfig.json"

for found in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    [ -n "$found" ] && CHROMIUM=$(command -v "$found") && break
done
if [ -z "${CHROMIUM:-}" ]; then
    command -v apt-get >/dev/null || skip "Chromium is not installed"
    root=
    [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && root=sudo; } || skip "Chromium is not installed, and only root may install it"
    say "Installing Chromium"
    $root apt-get update -qq
    $root apt-get install -qq -y --no-install-recommends chromium fonts-liberation >/dev/null
    CHROMIUM=$(command -v chromium)
fi

project=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null && wait "$server" || true; rm -rf "$project" "$units"' EXIT
# As root, the database of the server belongs to another user.
chmod 711 "$project"
mkdir "$project/templates"
port=$(node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
# The components that other tests build, too.
cat >"$project/tasker.toml" <<END
[project]
name = "console"
components = ["$PWD/examples/benchmark-shapes", "$PWD/cli/tests/system/handlers"]
END
cat >"$project/templates/order.yaml" <<'END'
name: order
namespace_name: shop
version: 1.0.0
description: An order that works.
identity_strategy: always_unique
search_attributes: [{ name: order_id, path: /order_id }]
input_schema:
  type: object
  required: [order_id, n]
  properties:
    order_id: { type: string, pattern: "^[A-Z]{2}-[0-9]{4,}$" }
    n: { type: integer, minimum: 0 }
steps:
  - { name: price, handler: { callable: add_up } }
  - { name: ship, dependencies: [price], handler: { callable: add_up } }
  - { name: report, dependencies: [ship], handler: { callable: echo } }
END
cat >"$project/templates/refused.yaml" <<'END'
name: refused
namespace_name: shop
version: 1.0.0
description: An order whose payment is always refused.
identity_strategy: always_unique
search_attributes: [{ name: order_id, path: /order_id }]
steps:
  - { name: price, handler: { callable: echo } }
  - { name: charge, dependencies: [price], handler: { callable: refuse } }
  - { name: ship, dependencies: [charge], handler: { callable: echo } }
END
cat >"$project/templates/flaky.yaml" <<END
name: flaky
namespace_name: shop
version: 1.0.0
description: An order whose payment fails while the provider is away.
identity_strategy: always_unique
search_attributes: [{ name: order_id, path: /order_id }]
steps:
  - { name: price, handler: { callable: add_up } }
  - name: charge
    dependencies: [price]
    handler: { callable: counted, initialization: { counter: "http://127.0.0.1:$port", hold_ms: 0 } }
    grants: { http: ["http://127.0.0.1:$port"], private_networks: ["127.0.0.1/32"] }
    retry: { max_attempts: 1 }
  - { name: ship, dependencies: [charge], handler: { callable: add_up } }
END
cat >"$project/templates/picks.yaml" <<'END'
name: picks
namespace_name: shop
version: 1.0.0
description: A batch.
identity_strategy: always_unique
search_attributes: [{ name: order_id, path: /order_id }]
steps:
  - name: plan
    type: batchable
    handler: { callable: cut }
    batch_config: { worker_template: pick, parallelism: 8 }
  - { name: pick, type: batch_worker, dependencies: [plan], handler: { callable: row } }
  - { name: report, type: deferred_convergence, dependencies: [pick], handler: { callable: echo } }
END

say "Starting a server (the first time it builds two components)"
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
# key ROLE: the text of a new key
key() {
    DATABASE_URL=$DATABASE_URL "$tasker" --project "$project" --json key create --database --name "console-$1" --role "$1" |
        node -p 'JSON.parse(require("fs").readFileSync(0, "utf8")).secret'
}
CONSOLE_ADMIN_KEY=$(key admin)
CONSOLE_VIEWER_KEY=$(key viewer)
export CHROMIUM CONSOLE_ADMIN_KEY CONSOLE_VIEWER_KEY CONSOLE_SERVER=$url CONSOLE_SERVICE_PORT=$port CONSOLE_TOOLS=$tools
# The first task waits until the components are compiled.
TASKER_API_KEY=$CONSOLE_ADMIN_KEY TASKER_URL=$url "$tasker" --project "$project" task run shop/order --input '{"order_id": "DE-1000", "n": 1}' >/dev/null

say "Testing the pages in Chromium"
node --test --test-reporter tap ${CONSOLE_TESTS:+--test-name-pattern "$CONSOLE_TESTS"} console/tests/browser/console.test.mjs | tee "$project/pages" |
    grep -E '^(not )?ok|^ *error:|^# first|^ +[+-] ' || true

# number FILE PREFIX: the number after that prefix, or 0
number() { sed -En "s/^$2([0-9]+)$/\1/p" "$1" | tail -n 1 | grep . || echo 0; }
passed=0 failed=0
for file in "$units" "$project/pages"; do
    [ "$(number "$file" '# tests ')" -gt 0 ] || failed=$((failed + 1))
    passed=$((passed + $(number "$file" '# pass ')))
    failed=$((failed + $(number "$file" '# fail ') + $(number "$file" '# cancelled ')))
done
result=ok
[ "$failed" = 0 ] || { result=FAILED; tail -n 30 "$project/log" >&2; }
echo "test result: $result. $passed passed; $failed failed; 0 ignored"
[ "$failed" = 0 ]
