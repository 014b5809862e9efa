#!/usr/bin/env bash
# Brings the root certificates of Amazon RDS, and only those that this script knows:
#
#   scripts/rds-authorities.sh FILE [URL]
#
# A file that is there is checked and kept.
set -euo pipefail

file=$1
url=${2:-https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem}
# 108 certificates, each valid for 40 or 100 years. When AWS adds a region, review the new bundle and change this line.
expected=e5bb2084ccf45087bda1c9bffdea0eb15ee67f0b91646106e466714f9de3c7e3

mkdir -p "$(dirname "$file")"
fresh=$file
if [ ! -s "$file" ]; then
    fresh=$(mktemp "$file.XXXXXX")
    trap 'rm -f "$fresh"' EXIT
    curl --fail --silent --show-error --location --output "$fresh" "$url"
fi
found=$(python3 -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$fresh")
if [ "$found" != "$expected" ]; then
    echo "rds-authorities: the SHA-256 of $file from $url is $found, not $expected." >&2
    echo "rds-authorities: if AWS has changed the bundle, review it, change \`expected\` in $0, and delete $file" >&2
    exit 1
fi
if [ "$fresh" != "$file" ]; then
    chmod 644 "$fresh"
    mv "$fresh" "$file"
fi
