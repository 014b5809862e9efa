#!/usr/bin/env bash
# Fetches the modules of others that the console loads, and lists them with their licences and hashes in
# console/assets/vendor/VENDOR.toml. Only this needs npm; the files are committed.
set -euo pipefail
cd "$(dirname "$0")/.."

# module file in the folder | package | version | file in the package
modules='preact.mjs preact 11.2.0 dist/preact.mjs
hooks.mjs preact 11.2.0 hooks/dist/hooks.mjs
htm.mjs htm 3.1.1 dist/htm.mjs
signals.mjs @preact/signals 2.11.4 dist/signals.mjs
signals-core.mjs @preact/signals-core 1.14.5 dist/signals-core.mjs'

vendor=$PWD/console/assets/vendor
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo '# The modules of others that the console loads, unchanged. `scripts/vendor-console.sh` writes them and this list.' >"$work/list"
while read -r module package version file; do
    folder=$work/${package//\//+}-$version
    if [ ! -d "$folder" ]; then
        mkdir "$folder"
        packed=$(cd "$work" && npm pack --silent "$package@$version")
        tar -xzf "$work/$packed" -C "$folder" --strip-components 1
    fi
    cp "$folder/$file" "$vendor/$module"
    licence=$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).license' "$folder/package.json")
    cat >>"$work/list" <<END

[[module]]
file = "$module"
package = "$package"
version = "$version"
licence = "$licence"
source = "$file"
sha256 = "$(sha256sum "$vendor/$module" | cut -d' ' -f1)"
END
done <<<"$modules"
cp "$work/list" "$vendor/VENDOR.toml"
