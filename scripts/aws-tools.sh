#!/usr/bin/env bash
# Installs an AWS emulator and SAM's command line for the tests of the AWS deployment, and the infrastructure
# checkers that `make lint` uses.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=${TASKER_AWS_TOOLS:-target/aws-tools}
# Pinned: the tests depend on the emulator's behaviour, and cfn-lint 1.54 checks less of SAM than 1.53.
emulator=('ministack[full]==1.5.33')
# In separate folders, because they need different versions of boto3.
sam=('aws-sam-cli==1.170.0' 'cfn-lint<1.54')
checkov=('checkov==3.3.30')
wanted=$(printf '%s\n' "${emulator[@]}" "${sam[@]}" "${checkov[@]}")

# Downloads Terraform from HashiCorp if it is not installed.
if ! command -v terraform >/dev/null && [ ! -x "$tools/sam/bin/terraform" ]; then
    version=1.11.4
    system=$(uname -s | tr '[:upper:]' '[:lower:]')
    case $(uname -m) in x86_64) processor=amd64 ;; *) processor=arm64 ;; esac
    echo "aws-tools: downloading Terraform $version into $tools"
    mkdir -p "$tools/sam/bin"
    archive=$(mktemp)
    curl --fail --silent --show-error --location --output "$archive" \
        "https://releases.hashicorp.com/terraform/$version/terraform_${version}_${system}_$processor.zip"
    python3 -c 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract("terraform", sys.argv[2])' \
        "$archive" "$tools/sam/bin"
    chmod +x "$tools/sam/bin/terraform"
    rm -f "$archive"
fi
if [ "$(cat "$tools/packages" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi
if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
    echo "aws-tools: the AWS emulator needs Python 3 with venv"
    if command -v apt-get >/dev/null; then
        sudo=$([ "$(id -u)" = 0 ] || echo sudo)
        $sudo apt-get update -qq && $sudo apt-get install -y -qq python3-venv
    else
        echo "aws-tools: install it and run this again" >&2
        exit 1
    fi
fi
echo "aws-tools: installing an AWS emulator, SAM's command line and checkov into $tools (about 800 MB)"
install() {
    python3 -m venv "$1"
    "$1/bin/pip" install --quiet --disable-pip-version-check "${@:2}"
}
install "$tools" "${emulator[@]}"
install "$tools/sam" "${sam[@]}"
install "$tools/checkov" "${checkov[@]}"
echo "$wanted" > "$tools/packages"
