#!/usr/bin/env bash
# Builds the functions and packs each for Lambda: target/functions/NAME/bootstrap.zip.
#
#   scripts/build-functions.sh [arm64|x86_64]    for AWS, with cargo-lambda
#   scripts/build-functions.sh here              for this machine, quickly: for tests
set -euo pipefail
cd "$(dirname "$0")/.."

for_whom=${1:-arm64}
functions=(orchestrate run-steps api ingest deliver sweep migrate)
packages=("${functions[@]/#/tasker-function-}")

# Built separately, so that none gets features that only another one needs: the host has no compiler and no
# database access. For tests only the hosts, because the tests build everything else anyway.
case $for_whom in
    here)
        cargo build --locked --workspace --bins
        cargo build --locked --package tasker-function-run-steps --package tasker-function-run-long-steps
        built=target/debug/tasker-function-
        ;;
    arm64 | x86_64)
        if ! command -v cargo-lambda >/dev/null; then
            echo "build-functions: building for Lambda needs cargo-lambda: pip install cargo-lambda" >&2
            exit 1
        fi
        for package in "${packages[@]}"; do
            cargo lambda build --locked --profile function "--${for_whom/_/-}" --package "$package"
        done
        built=target/lambda/tasker-function-
        ;;
    *)
        echo "build-functions: the target must be arm64, x86_64 or here" >&2
        exit 1
        ;;
esac

# RDS signs its own certificates: a function needs its root certificates to verify the database.
authorities=target/functions/rds-authorities.pem
mkdir -p target/functions
if [ "$for_whom" != here ]; then
    scripts/rds-authorities.sh "$authorities"
fi

for function in "${functions[@]}"; do
    folder=target/functions/$function
    mkdir -p "$folder"
    rm -f "$folder/bootstrap.zip"
    program=$built$function
    [ -d "$program" ] && program=$program/bootstrap
    if [ "$for_whom" = here ]; then
        strip -o "$folder/bootstrap" "$program"
    else
        cp "$program" "$folder/bootstrap"
    fi
    files=()
    [ -s "$authorities" ] && files=("$authorities")
    scripts/pack-function.py "$folder/bootstrap.zip" "$folder/bootstrap" "${files[@]}"
    printf '%-12s %5d KB, packed %5d KB\n' "$function" \
        $(($(wc -c <"$folder/bootstrap") / 1000)) $(($(wc -c <"$folder/bootstrap.zip") / 1000))
done
