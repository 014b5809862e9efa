#!/usr/bin/env bash
# Provides promtool, which checks metrics, rules and alerts in tests. No Prometheus is installed or started: where apt is, only the
# program is taken out of its package, into target/promtool.
set -euo pipefail
cd "$(dirname "$0")/.."

tool=target/promtool/promtool
if command -v promtool >/dev/null || [ -x "$tool" ]; then
    exit 0
fi
if command -v apt-get >/dev/null; then
    echo "promtool: taking it out of the package \`prometheus\`, into target/promtool"
    folder=$(mktemp -d)
    # apt drops its rights, and must be able to write here.
    chmod 777 "$folder"
    (cd "$folder" && { apt-get download -qq prometheus 2>/dev/null ||
        { $([ "$(id -u)" = 0 ] || echo sudo) apt-get update -qq && apt-get download -qq prometheus; }; })
    dpkg-deb --fsys-tarfile "$folder"/prometheus_*.deb | tar -x -C "$folder" ./usr/bin/promtool
    mkdir -p target/promtool
    mv "$folder/usr/bin/promtool" "$tool"
    rm -rf "$folder"
elif command -v brew >/dev/null; then
    brew install -q prometheus
else
    echo "promtool: please install it (https://prometheus.io/download), and put it into the PATH" >&2
    exit 1
fi
