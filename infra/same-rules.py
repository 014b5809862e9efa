#!/usr/bin/env python3
"""Checks the rules that more than one of the SAM template, the Terraform module and the host's Dockerfile must keep.

Reads the files as text, so that it needs nothing but Python.
"""

import pathlib
import re

infra = pathlib.Path(__file__).parent
sam = (infra / "sam/template.yaml").read_text()
terraform = {file.name: file.read_text() for file in (infra / "terraform").glob("*.tf")}
dockerfile = (infra / "../functions/run-long-steps/Dockerfile").read_text()
faults = []


def rule(kept, text):
    if not kept:
        faults.append(text)


# The text of each resource, and of each function by its name without the prefix.
resources = dict(re.findall(r"^  (\w+):\n((?:    .*\n|\n)+)", sam.split("\nResources:\n", 1)[1], re.M))
functions = {
    re.search(r'FunctionName: !Sub "\$\{Name\}-([\w-]+)"', body)[1]: body
    for body in resources.values()
    if "Type: AWS::Serverless::Function" in body
}
rule(len(functions) == 7, f"the template has the functions {sorted(functions)}")

# --- loops ---

allowed = re.search(r'contains\((\[.*?\]), settings\.source\)\]\)\n\n.*\n  recursive_loop = "Allow"', terraform["functions.tf"])
rule(allowed, "functions.tf allows no loop")
looping = sorted(re.findall(r'"([\w-]+)"', allowed[1] if allowed else ""))
rule(
    sorted(name for name, body in functions.items() if "\n      RecursiveLoop: Allow" in body) == looping,
    f"SAM and Terraform allow a recursive loop to different functions; Terraform: {looping}",
)
alarm = resources.get("LoopsAlarm", "")
rule(
    sorted(re.findall(r"RecursiveInvocationsDropped, .*!Ref (\w+)Function", alarm)) == ["Deliver", "Ingest", "Orchestrate", "RunSteps"],
    "LoopsAlarm must watch the functions of the queues",
)

# --- who is where ---

outside = re.search(r"outside_vpc = (\[.*?\])", terraform["functions.tf"])
rule(
    outside and sorted(name for name, body in functions.items() if "VpcConfig:" not in body) == sorted(re.findall(r'"([\w-]+)"', outside[1])),
    "SAM and Terraform put different functions into the VPC",
)
rule(
    sorted(queue.lower() for queue in re.findall(r"^  (\w+)Queue:$", sam, re.M) if not queue.endswith("Dead"))
    == sorted(re.findall(r"^      (\w+) +=? *= \{ visibility", terraform["queues.tf"], re.M)),
    "SAM and Terraform make different queues",
)

# --- who may call the API ---

ways = re.search(r"ApiAuthorization:\n(?:    .*\n)*?    AllowedValues: \[(.*)\]", sam)
allowed = re.search(r"contains\(\[(.*?)\], var\.api\.authorization\)\n    error_message = \"api\.authorization must", terraform["variables.tf"])
rule(
    ways and allowed and ways[1] == allowed[1].replace('"', ""),
    "SAM and Terraform let the API be called in different ways",
)
rule(
    "TASKER_AUTHENTICATION: !If [PublicApi, own, gateway]" in functions["api"]
    and 'TASKER_AUTHENTICATION = var.api.authorization == "NONE" ? "own" : "gateway"' in terraform["functions.tf"],
    "an API that anybody reaches must authenticate its callers itself",
)
rule(
    re.search(r"TASKER_AUTH_IAM: !If \[SignedApi,", functions["api"])
    and 'var.api.authorization == "AWS_IAM" ? { TASKER_AUTH_IAM' in terraform["functions.tf"],
    "only an API with IAM may map ARNs: behind another authorizer, they come from elsewhere",
)

# --- asynchronous calls ---

for name in ["sweep", "migrate"]:
    rule("EventInvokeConfig: {MaximumRetryAttempts: 0," in functions[name], f"Lambda would repeat {name}")

# --- small accounts ---

sizes = dict(re.findall(r"^    (\w+): \{Steps: (\d+, Reports: \d+, Events: \d+, Deliveries: \d+), Api", sam, re.M))
default = re.search(r"\n  Size:\n    Type: String\n    Default: (\w+)", sam)[1]
rule(
    sum(int(number) for number in re.findall(r"\d+", sizes[default])) + 2 <= 10,
    f"the size {default} and one execution each of sweep and api do not fit into an account with 10",
)

# --- the host's container ---

mounts = re.findall(r'containerPath = "([^"]+)"', terraform["long_steps.tf"])
volumes = re.findall(r"^VOLUME (\S+)$", dockerfile, re.M)
rule(
    mounts and set(mounts) <= set(volumes),
    f"Fargate gives a volume to root unless the image declares it: mounted are {mounts}, declared {volumes}",
)
cache = re.search(r"^ENV TASKER_CACHE_DIR=(\S+)$", dockerfile, re.M)[1]
rule(any(cache.startswith(f"{mount}/") for mount in mounts), f"the cache {cache} is in no writable folder: {mounts}")

if faults:
    raise SystemExit("\n".join(faults))
print("no faults")
