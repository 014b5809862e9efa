#!/usr/bin/env python3
"""Writes proto/tasker/v1/types.proto and services.proto from the document of the REST API.

    grpc/generate.py api/openapi.json

Fields keep their numbers: those of the files as they are. A new field gets the next number; the number of one that went is
reserved. What old clients could not read is refused: another type under the same number, and a message that went, unless
GONE says so.
"""

import json
import re
import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "proto/tasker/v1"
HANDWRITTEN = (FOLDER / "streams.proto").read_text()

# The service of each operation, and its method where that is not the operation's name.
SERVICES = {
    "TaskService": {
        "create_task": "", "create_tasks": "", "validate_task": "", "get_task": "", "list_tasks": "", "count_tasks": "", "cancel_task": "",
        "operate_on_task": "OperateTask", "clone_task": "", "get_task_context": "", "get_task_input": "", "get_task_graph": "", "get_task_summary": "",
        "list_task_audit": "ListAudit", "list_timeline": "ListTimeline", "list_task_logs": "ListLogs",
        "follow_task": "StreamTaskStatus", "follow_tasks": "WatchTasks", "bulk_operate": "", "list_bulk": "", "get_bulk": "", "stop_bulk": "",
        "list_bulk_failures": "",
    },
    "StepService": {
        "get_step": "", "list_steps": "", "operate_on_step": "ResolveStep", "list_step_audit": "GetStepAudit",
        "list_attempts": "", "get_attempt": "", "get_step_result": "", "list_step_logs": "ListLogs",
    },
    "TemplateService": {
        "list_templates": "", "list_template_versions": "", "get_template": "", "get_template_schema": "", "get_template_graph": "", "validate_template": "", "publish": "",
    },
    "HandlerService": {
        "list_namespaces": "ListNamespaceSummaries", "get_namespace": "", "list_handlers": "ListNamespaces", "list_handlers_of_namespace": "ListHandlers", "get_handler": "",
        "list_callables": "", "list_callable_versions": "ListVersions", "operate_on_callable": "OperateCallable",
    },
    "DlqService": {
        "list_dlq_entries": "ListEntries", "list_dlq_entries_of_task": "GetEntriesByTask", "get_dlq_entry": "GetEntry",
        "add_dlq_entry": "AddEntry", "update_dlq_entry": "UpdateInvestigation", "update_dlq_entries": "UpdateInvestigations", "get_dlq_statistics": "GetStats",
        "list_investigation_queue": "GetInvestigationQueue", "list_stale_tasks": "GetStalenessMonitoring",
    },
    "EventService": {
        "send_events": "", "list_events": "ListReceived", "get_event": "GetReceived", "replay_event": "Replay", "replay_events": "ReplayAll",
        "list_domain_events": "", "follow_domain_events": "WatchEvents", "subscribe": "", "list_subscriptions": "",
        "get_subscription": "", "list_deliveries": "", "retry_delivery": "", "unsubscribe": "",
    },
    "TriggerService": {
        "list_triggers": "", "get_trigger": "", "switch_trigger": "", "remove_trigger": "", "test_triggers": "",
    },
    "HealthService": {
        "get_health": "CheckHealth", "get_liveness": "CheckLiveness", "get_readiness": "CheckReadiness",
        "get_detailed_health": "CheckDetailedHealth",
    },
    "AdminService": {
        "get_me": "WhoAmI", "get_meta": "", "list_keys": "", "get_key": "", "create_key": "", "rotate_key": "",
        "revoke_key": "", "list_access": "ListAudit", "list_workers": "", "list_queues": "", "list_sessions": "",
        "end_session": "",
    },
    "AnalyticsService": {
        "get_performance": "GetPerformanceMetrics", "get_bottlenecks": "", "get_throughput": "", "get_step_statistics": "",
        "get_task_statistics": "", "get_error_statistics": "", "get_retry_statistics": "", "get_costs": "", "get_health_score": "",
    },
    "ConfigService": {
        "get_config": "",
    },
}
# The events of streams.
STREAMS = {"follow_task": "TaskEvent", "follow_tasks": "TaskListEvent", "follow_domain_events": "DomainEventMessage"}
# Cookies are for browsers, metrics for Prometheus, and components are longer than messages may be.
NOT_OFFERED = {"get_metrics", "log_in", "log_out", "store_component"}
# Requests whose body is a document: its field and content type.
DOCUMENTS = {
    "send_events": ("events", "application/cloudevents-batch+json"),
    "validate_template": ("template", "application/yaml"),
    "test_triggers": ("event", "application/cloudevents+json"),
}
# Parameters for pages of old clients, and for forms that are not messages.
LEFT_OUT = {"page", "per_page", "format"}
# Messages that old clients may still know.
GONE: set[str] = set()
# Types as REST names them, where another name says more here.
RENAMED = {"Health": "HealthVerdict"}
# Lists where a field cannot be repeated.
LISTS = {"string": "Strings", "double": "Numbers"}
TIMESTAMP = "google.protobuf.Timestamp"
# What generators for other languages need.
LANGUAGES = ['option go_package = "tasker/v1;taskerv1";', 'option java_multiple_files = true;', 'option java_package = "tasker.v1";']
EMPTY = "google.protobuf.Empty"

document = json.loads(Path(sys.argv[1]).read_text())
schemas = document["components"]["schemas"]
messages: dict[str, tuple[str, list]] = {}


def capitals(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def kinds(schema: dict) -> set:
    kind = schema.get("type", [])
    return set(kind if isinstance(kind, list) else [kind])


def is_free(schema: dict) -> bool:
    """Whether this stands for any JSON."""
    if schema.keys() & {"$ref", "oneOf", "allOf", "enum", "properties", "additionalProperties", "items"}:
        return False
    return kinds(schema) <= {"object", "null"}


def resolved(schema: dict) -> dict:
    return schemas[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema


def fields_of(schema: dict) -> dict:
    """The properties of an object, and of all its parts or variants: name -> (schema, whether it is required)."""
    schema = resolved(schema)
    found = {name: (field, name in schema.get("required", [])) for name, field in schema.get("properties", {}).items()}
    for part in schema.get("allOf", []):
        for name, field in fields_of(part).items():
            found.setdefault(name, field)
    variants = [fields_of(variant) for variant in schema.get("oneOf", [])]
    for variant in variants:
        for name, (field, required) in variant.items():
            known = found.get(name)
            if known and "enum" in field and "enum" in known[0]:
                merged = {**known[0], "enum": list(dict.fromkeys([*known[0]["enum"], *field["enum"]]))}
                found[name] = (merged, known[1])
            elif not known:
                found[name] = (field, required and all(name in other for other in variants))
    return found


def nullable(schema: dict) -> tuple[dict, bool]:
    """The schema without `null`, and whether it had that."""
    if "oneOf" in schema and any(kinds(option) == {"null"} for option in schema["oneOf"]):
        return next(option for option in schema["oneOf"] if kinds(option) != {"null"}), True
    kind = kinds(schema)
    return {**schema, "type": next(iter(kind - {"null"}), None)} if "null" in kind else schema, "null" in kind


def type_of(schema: dict, in_request: bool = False) -> tuple[str, bool]:
    """The type of a value, and whether it is JSON text."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        target = schemas[name]
        return ("string", False) if "enum" in target else (message(RENAMED.get(name, name), target, in_request), False)
    if is_free(schema):
        return "string", True
    if schema.get("type") == "array":
        item, is_json = type_of(schema["items"])
        if item not in LISTS:
            sys.exit(f"there is no message for a list of {item} in lists.proto")
        return LISTS[item], is_json
    formats = {"date-time": TIMESTAMP, "int32": "int32", "int64": "int64"}
    plain = {"string": "string", "integer": "int64", "number": "double", "boolean": "bool"}
    return formats.get(schema.get("format")) or plain[schema["type"]], False


def field(
    name: str, schema: dict, required: bool, option: str = "", in_request: bool = False
) -> tuple[str, str, str, str]:
    """A field: its name, its type with its label, its options, and its description.

    A field of a request is `optional` even if it is required: one that was forgotten must not look like an empty one.
    """
    if name == "values" or name.endswith("_json"):
        sys.exit(f"a field cannot have the name {name}, which has a meaning here")
    plain, may_be_null = nullable(schema)
    about = schema.get("description", plain.get("description", ""))
    enum = resolved(plain).get("enum")
    if enum:
        about = f"{about} One of: {', '.join(f'`{value}`' for value in enum)}.".strip()
    if "additionalProperties" in plain:
        value, value_may_be_null = nullable(plain["additionalProperties"])
        kind, is_json = ("string", True) if value_may_be_null else type_of(value)
        label = f"map<string, {kind}>"
    elif plain.get("type") == "array" and not may_be_null:
        kind, is_json = type_of(plain["items"], in_request)
        label = f"repeated {kind}"
    else:
        kind, is_json = type_of(plain, in_request)
        has_presence = kind[0].isupper() or kind == TIMESTAMP
        is_plain = required and not may_be_null and not in_request
        label = kind if has_presence or is_plain else f"optional {kind}"
    return name + ("_json" if is_json else ""), label, option, about


def message(name: str, schema: dict, in_request: bool = False) -> str:
    if name not in messages:
        messages[name] = (schema.get("description", ""), fields := [])
        for key, (value, required) in fields_of(schema).items():
            fields.append(field(key, value, required, in_request=in_request))
    return name


def response_of(operation: dict) -> str:
    name = operation["operationId"]
    if name in STREAMS:
        return STREAMS[name]
    schema = next(
        (content["schema"] for code, response in operation["responses"].items() if code.startswith("2")
         for kind, content in response.get("content", {}).items() if kind == "application/json"), None)
    if schema is None:
        return EMPTY
    if schema.get("type") == "array":
        item, _ = type_of(schema["items"])
        messages[f"{item}List"] = ("", [("values", f"repeated {item}", "", "")])
        return f"{item}List"
    if is_free(schema):
        return "Document"
    target = schema["$ref"].rsplit("/", 1)[1]
    if not target.startswith("Page_"):
        return message(RENAMED.get(target, target), schemas[target])
    item = message(target.removeprefix("Page_"), schemas[target.removeprefix("Page_")])
    applied = "The filters in force."
    messages[f"{item}Page"] = ("", [
        ("items", f"repeated {item}", "", ""), ("next_cursor", "optional string", "", "Missing in the last page."),
        ("applied_json", "string", "", applied)])
    return f"{item}Page"


def request_of(verb: str, method: str, operation: dict) -> str:
    fields = []
    for parameter in operation.get("parameters", []):
        name, place = parameter["name"], parameter["in"]
        # The path of a step's logs names the step.
        if name in LEFT_OUT or name in [key for key, *_ in fields]:
            continue
        option = f'(header) = "{name.lower()}"' if place == "header" else ""
        if place == "query" and verb in ("POST", "PATCH"):
            option = "(query) = true"
        schema = {"description": parameter.get("description", ""), **parameter.get("schema", {})}
        # An empty one is as good as none.
        schema["type"] = nullable(schema)[0].get("type")
        name = name.lower().replace("-", "_")
        fields.append(field(name, schema, place == "path", option))
    content = operation.get("requestBody", {}).get("content", {})
    if operation["operationId"] in DOCUMENTS:
        name, kind = DOCUMENTS[operation["operationId"]]
        about = "The text of a list of CloudEvents." if "batch" in kind else "The document, as text."
        fields.append((name if "yaml" in kind else f"{name}_json", "string", f'(body) = "{kind}"', about))
    elif content:
        for key, (schema, required) in fields_of(content["application/json"]["schema"]).items():
            fields.append(field(key, schema, required, in_request=True))
    name = f"{method}Request"
    if name in messages and messages[name][1] != fields:
        sys.exit(f"two requests have the name {name}")
    if not fields:
        return EMPTY
    messages[name] = ("", fields)
    return name


def comment(text: str, indent: str) -> list[str]:
    words, lines, line = text.replace("\n", " ").split(), [], ""
    for word in words:
        if line and len(indent) + 4 + len(line) + len(word) > 120:
            lines, line = [*lines, line], ""
        line = f"{line} {word}".strip()
    return [f"{indent}// {line}" for line in [*lines, line] if line]


def committed() -> dict[str, tuple[dict[str, tuple[str, int]], set[int]]]:
    """The types and numbers of the fields of each message, and the numbers that are reserved."""
    found = {}
    for file in ("types.proto", "services.proto"):
        text = (FOLDER / file).read_text() if (FOLDER / file).exists() else ""
        for name, body in re.findall(r"^message (\w+) \{\n(.*?)^\}", text, re.M | re.S):
            field = r"^  (?!//)(.*?) (\w+) = (\d+)(?: \[[^\n]*\])?;"
            numbers = {key: (kind, int(number)) for kind, key, number in re.findall(field, body, re.M)}
            reserved = {int(n) for line in re.findall(r"reserved ([\d, ]+);", body) for n in line.split(",")}
            found[name] = (numbers, reserved)
    return found


def write_message(name: str) -> list[str]:
    about, fields = messages[name]
    known, reserved = COMMITTED.get(name, ({}, set()))
    kept = {key for key, *_ in fields}
    reserved = reserved | {number for key, (_, number) in known.items() if key not in kept}
    last = max([0, *(number for _, number in known.values()), *reserved])
    lines = [*comment(about, ""), f"message {name} {{"]
    if reserved:
        lines.append(f"  reserved {', '.join(map(str, sorted(reserved)))};")
    for key, label, option, text in fields:
        before, number = known.get(key, (label, last + 1))
        if before.removeprefix("optional ") != label.removeprefix("optional "):
            sys.exit(f"{name}.{key} was {before} and is {label}: give it another name")
        last = max(last, number)
        option = f" [{option}]" if option else ""
        lines += [*comment(text, "  "), f"  {label} {key} = {number}{option};"]
    return [*lines, "}", ""]


COMMITTED = committed()
of_service = {operation: (service, method or capitals(operation)) for service, methods in SERVICES.items()
              for operation, method in methods.items()}
services: dict[str, list[str]] = {service: [] for service in SERVICES}
requests = []
for path, operations in document["paths"].items():
    for verb, operation in operations.items():
        name = operation["operationId"]
        if name in NOT_OFFERED:
            continue
        if name not in of_service:
            sys.exit(f"{name} is in no service: say in SERVICES of {sys.argv[0]} in which")
        service, method = of_service.pop(name)
        # Requests are named after their methods, which two services may both have.
        unique = method if method != "ListLogs" and method != "ListAudit" else f"{method}Of{service.removesuffix('Service')}"
        request = request_of(verb.upper(), unique, operation)
        if request != EMPTY and request not in requests:
            requests.append(request)
        response = response_of(operation)
        stream = "stream " if name in STREAMS else ""
        permission = operation.get("x-required-permission")
        about = operation.get("description") or operation.get("summary", "")
        about += f" Needs `{permission}`." if permission else ""
        services[service] += [
            *comment(about, "  "), f"  rpc {method}({request}) returns ({stream}{response}) {{",
            f'    option (route) = "{verb.upper()} {path}";', "  }"]
if of_service:
    sys.exit(f"the document has no operations {', '.join(of_service)}")

# Events of streams name these.
for name in ("TaskDetail", "Transition", "LogEntry", "TaskChanges"):
    message(name, schemas[name])
written = re.findall(r"^message (\w+)", HANDWRITTEN, re.M)
types = [name for name in messages if name not in requests and name not in written]
gone = COMMITTED.keys() - messages.keys() - GONE
if gone:
    sys.exit(f"messages went that clients may know: {', '.join(sorted(gone))}; add them to GONE if that is meant")


def write(file: str, about: str, imports: list[str], body: list[str]) -> None:
    text = "\n".join(body)
    used = [name for name in imports if not name.startswith("google") or f"google.protobuf.{name[16:-6].capitalize()}" in text]
    head = [f"// {about} Written by generate.py.", 'syntax = "proto3";', "", "package tasker.v1;", "", *LANGUAGES, ""]
    (FOLDER / file).write_text("\n".join([*head, *(f'import "{name}";' for name in used), "", text]))


google = ["google/protobuf/empty.proto", "google/protobuf/timestamp.proto"]
lines = [line for name in sorted(types) for line in write_message(name)]
write("types.proto", "What the services return.", [*google, "tasker/v1/lists.proto"], lines)
lines = [line for service in SERVICES
         for line in (f"service {service} {{", *services[service], "}", "")]
lines += [line for name in sorted(requests) for line in write_message(name)]
write("services.proto", "The services: the REST API's operations, and their requests.",
      [*google, "tasker/v1/lists.proto", "tasker/v1/options.proto", "tasker/v1/streams.proto", "tasker/v1/types.proto"], lines)
