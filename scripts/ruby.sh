#!/usr/bin/env bash
# Installs Ruby with Bundler where it is missing and may be installed. Without it, handlers in Ruby are not tested.
set -euo pipefail

command -v bundle >/dev/null && command -v ruby >/dev/null && exit 0
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
if command -v apt-get >/dev/null && as_root true 2>/dev/null; then
    printf 'ruby: installing Ruby with Bundler\n' >&2
    as_root apt-get update -qq &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ruby bundler ruby-minitest >/dev/null ||
        printf 'ruby: the packages could not be installed\n' >&2
else
    printf 'ruby: Ruby is not installed, and handlers in Ruby are not tested\n' >&2
fi
