#!/usr/bin/env bash
# Installs missing tools for building and running Tasker, and reports each.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\033[2msetup:\033[0m %s\n' "$*" >&2; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else fail "this needs root, and there is no sudo: $*"; fi
}

# install DEBIAN FEDORA ALPINE BREW: the package by the name that each distribution gives it
install() {
    if command -v apt-get >/dev/null; then
        as_root apt-get update -qq
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$1" >/dev/null
    elif command -v dnf >/dev/null; then as_root dnf install -y -q "$2"
    elif command -v apk >/dev/null; then as_root apk add -q "$3"
    elif command -v brew >/dev/null; then brew install -q "$4"
    else fail "please install $1 (no apt-get, dnf, apk or brew here)"; fi
}

PATH=$PATH:$HOME/.cargo/bin
if ! command -v cargo >/dev/null; then
    command -v curl >/dev/null || { say "installing curl"; install curl curl curl curl; }
    say "installing Rust with rustup, into $HOME/.cargo (for your own shell: . \"\$HOME/.cargo/env\")"
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
        sh -s -- -y --quiet --profile minimal --no-modify-path --default-toolchain none
fi

if ! command -v cc >/dev/null; then
    say "installing a C compiler, which two dependencies need"
    install build-essential gcc build-base gcc
fi

target_libraries=$(rustc --print target-libdir --target wasm32-wasip2 2>/dev/null || true)
if [ ! -d "$target_libraries" ]; then
    command -v rustup >/dev/null || fail "rustc has no wasm32-wasip2 target, and there is no rustup to add it"
    say "adding Rust's WASM target (wasm32-wasip2)"
    rustup -q target add wasm32-wasip2
fi

has_postgres() {
    local folder
    for folder in ${PATH//:/ } /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin \
        /usr/local/opt/postgresql@*/bin; do
        [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && return 0
    done
    return 1
}

install_postgres() {
    # Debian's package would create and start a server; Tasker needs only the programs.
    if command -v apt-get >/dev/null && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        as_root mkdir -p /etc/postgresql-common &&
            echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
    fi
    install postgresql postgresql-server postgresql postgresql@17
}

# Whether packages can be installed: as root, with sudo (without a password or interactively), or with
# Homebrew.
may_install() {
    [ "$(id -u)" = 0 ] || command -v brew >/dev/null ||
        { command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; }
}

if [ -z "${DATABASE_URL:-}" ] && ! has_postgres; then
    if may_install; then
        say "installing PostgreSQL's programs (Tasker starts a private server; no system server is set up)"
        # In a subshell: an error there must not end this script.
        (install_postgres) || say "the package could not be installed"
    fi
    has_postgres || say "no PostgreSQL is installed; Tasker will download it when it first needs it"
fi
