#!/usr/bin/env bash
# Checks this folder without an AWS account: formatting, validity, tests, lints. Lists skipped checks.
#
#   TASKER_TERRAFORM_MIRROR  a folder with Terraform's providers, if they cannot be downloaded
#   TASKER_AWS_TOOLS         the folder of `make aws-tools`, default target/aws-tools
set -euo pipefail
cd "$(dirname "$0")"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tools=${TASKER_AWS_TOOLS:-$PWD/../target/aws-tools}
PATH="$tools/sam/bin:$tools/checkov/bin:$PATH"
left_out=()

say() { printf '\n== %s\n' "$*"; }

# Finds a provider mirror that Terraform does not find itself.
find_mirror() {
  if [ -n "${TASKER_TERRAFORM_MIRROR:-}" ]; then
    echo "$TASKER_TERRAFORM_MIRROR"
    return
  fi
  local folder
  for folder in "$HOME/.terraform.d/plugins" "$HOME/.local/share/terraform/plugins" /usr/local/share/terraform/plugins; do
    if [ -d "$folder/registry.terraform.io/hashicorp/aws" ]; then
      echo "$folder"
      return
    fi
  done
  find / -maxdepth 2 -type d -name tf-plugins 2>/dev/null | head -n 1 || true
}

use_mirror() {
  local mirror
  mirror=$(find_mirror)
  if [ -n "$mirror" ]; then
    echo "providers from $mirror"
    cat > "$scratch/terraformrc" <<CONFIG
provider_installation {
  filesystem_mirror {
    path    = "$mirror"
    include = ["registry.terraform.io/*/*"]
  }
}
CONFIG
    export TF_CLI_CONFIG_FILE="$scratch/terraformrc"
  elif [ -n "${TF_CLI_CONFIG_FILE:-}" ] && [ ! -e "$TF_CLI_CONFIG_FILE" ]; then
    unset TF_CLI_CONFIG_FILE
  fi
}

# Works on a copy, so that no lock file or provider is left behind.
check_terraform() {
  say "terraform fmt"
  terraform fmt -check -recursive terraform

  cp -r terraform "$scratch/terraform"
  find "$scratch/terraform" \( -name .terraform -o -name '.terraform.lock.hcl' -o -name '*.tfstate*' \) -prune -exec rm -rf {} +

  local folder
  for folder in . $(cd terraform && ls -d examples/*/); do
    folder=${folder%/}
    (
      cd "$scratch/terraform/$folder"
      say "terraform validate: ${folder/#./module}"
      terraform init -backend=false -input=false > "$scratch/init.log" 2>&1 || { cat "$scratch/init.log"; exit 1; }
      terraform validate
    )
  done

  say "the variables and outputs that tasker deploy needs"
  local needed
  for folder in terraform/examples/*/; do
    for needed in 'variable "publication"' 'output "blobs_bucket"' 'output "publisher_key_arn"'; do
      grep -q --no-filename -F "$needed" "$folder"*.tf || { echo "$folder has no $needed"; exit 1; }
    done
  done
  echo "no faults"

  say "terraform test"
  (cd "$scratch/terraform" && terraform test)
}

check_rules() {
  say "the rules that SAM, Terraform and the host's image share"
  ./same-rules.py

  say "other root certificates than those of Amazon RDS are refused"
  echo "no certificate" > "$scratch/other.pem"
  if ../scripts/rds-authorities.sh "$scratch/authorities.pem" "file://$scratch/other.pem" 2> "$scratch/refusal" ||
    ../scripts/rds-authorities.sh "$scratch/other.pem" 2>> "$scratch/refusal"; then
    echo "scripts/rds-authorities.sh accepts any file"
    exit 1
  fi
  [ "$(grep -c SHA-256 "$scratch/refusal")" = 2 ] && [ ! -e "$scratch/authorities.pem" ] || { cat "$scratch/refusal"; exit 1; }
  echo "no faults"
}

check_sam() {
  if command -v cfn-lint > /dev/null; then
    say "cfn-lint"
    cfn-lint sam/template.yaml
    echo "no faults"
  else
    left_out+=("cfn-lint (pip install 'cfn-lint<1.54')")
  fi

  if command -v sam > /dev/null; then
    say "sam validate --lint"
    SAM_CLI_TELEMETRY=0 sam validate --lint --template sam/template.yaml --region us-east-1
  else
    left_out+=("sam validate (pip install aws-sam-cli)")
  fi
}

check_checkov() {
  if command -v checkov > /dev/null; then
    say "checkov"
    checkov --directory . --config-file .checkov.yaml --skip-download
    echo "no findings"
  else
    left_out+=("checkov (make aws-tools)")
  fi
}

if command -v terraform > /dev/null; then
  use_mirror
  check_terraform
else
  left_out+=("terraform fmt, validate and test (terraform 1.9 or later)")
fi
check_rules
check_sam
check_checkov

if [ ${#left_out[@]} -gt 0 ]; then
  say "skipped, because the tool is missing"
  printf '  %s\n' "${left_out[@]}"
fi
say "done"
