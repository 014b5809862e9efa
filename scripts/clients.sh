#!/usr/bin/env bash
# Generates what the clients and the gRPC services have of api/openapi.json, and the synchronous client for Python from the asynchronous one.
# Installs its tools: those of clients/typescript/package.json, and those for Python into target/clients-python.
set -euo pipefail
cd "$(dirname "$0")/.."

python_tools=(openapi-python-client==0.29.1 ruff==0.17.6 mypy==2.4.1 hatchling==1.33.0 grpcio==1.85.3 grpcio-reflection==1.85.1 mcp==2.3.0)
tools=$PWD/target/clients-python

if [ "$(cat "$tools/installed" 2>/dev/null)" != "${python_tools[*]}" ]; then
    python3 -m venv --clear "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check "${python_tools[@]}"
    echo "${python_tools[*]}" >"$tools/installed"
fi
if ! cmp -s clients/typescript/package-lock.json target/clients-typescript.lock ||
    [ ! -d clients/typescript/node_modules ]; then
    npm ci --silent --no-audit --no-fund --prefix clients/typescript
    cp clients/typescript/package-lock.json target/clients-typescript.lock
fi

python3 grpc/generate.py api/openapi.json

python3 clients/prepare.py typescript <api/openapi.json >target/clients-typescript.json
(cd clients/typescript && npx --no-install openapi-typescript ../../target/clients-typescript.json -o src/schema.d.ts >/dev/null)

python3 clients/prepare.py python <api/openapi.json >target/clients-python.json
package=clients/python/tasker_client
# The generator runs ruff afterwards.
PATH=$tools/bin:$PATH openapi-python-client generate --path target/clients-python.json --meta none --overwrite \
    --config clients/python/generator.yaml --output-path "$tools/generated" --fail-on-warning >"$tools/log" ||
    { cat "$tools/log" >&2; exit 1; }
rm -rf "$package/generated" "$tools/generated/.ruff_cache"
mv "$tools/generated" "$package/generated"
python3 clients/python/unasync.py <"$package/_async.py" >"$package/_sync.py"
"$tools/bin/ruff" check --quiet --no-cache --fix --select I "$package/_sync.py"
"$tools/bin/ruff" format --quiet --no-cache "$package/_sync.py"
