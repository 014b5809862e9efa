//! Which argument is completed with what.

use clap_complete::CompletionCandidate;

use super::local;

/// Where candidates come from.
#[derive(Clone, Copy)]
pub(super) enum Source {
    File,
    Folder,
    /// What this machine has.
    Local(fn() -> Vec<CompletionCandidate>),
    Server(&'static List),
}

/// A list of a server.
pub(super) struct List {
    /// The path. `{task}` is the task in the words before the cursor: without one, there are no candidates.
    pub(super) path: &'static str,
    /// The fields that a value is made of, with a slash between them.
    pub(super) value: &'static [&'static str],
    /// The fields that say more about it.
    pub(super) about: &'static [&'static str],
}

const TASKS: List =
    List { path: "/v1/tasks?limit=50", value: &["task_id"], about: &["namespace", "name", "status"] };
const STEPS: List = List {
    path: "/v1/tasks/{task}/workflow_steps?fields=summary&limit=200",
    value: &["name"],
    about: &["state"],
};
const TEMPLATES: List =
    List { path: "/v1/templates?limit=200", value: &["namespace", "name"], about: &["description"] };
const TEMPLATE_NAMES: List =
    List { path: "/v1/templates?limit=200", value: &["name"], about: &["namespace"] };
const NAMESPACES: List = List { path: "/v1/namespaces?limit=200", value: &["name"], about: &[] };
const TRIGGERS: List = List { path: "/v1/triggers?limit=200", value: &["namespace", "name"], about: &[] };
const HANDLERS: List =
    List { path: "/v1/callables?limit=200", value: &["callable"], about: &["description"] };
const DEAD_LETTERS: List = List {
    path: "/v1/dlq?limit=50&resolution_status=pending",
    value: &["dlq_entry_id"],
    about: &["namespace", "name", "dlq_reason"],
};
const KEYS: List = List { path: "/v1/keys?limit=200", value: &["key_id"], about: &["name"] };
const BULK: List = List { path: "/v1/bulk?limit=50", value: &["bulk_id"], about: &["action", "state"] };
const SUBSCRIPTIONS: List = List { path: "/v1/subscriptions?limit=200", value: &["name"], about: &["event"] };
const RECEIVED: List = List {
    path: "/v1/events?limit=50&state=dead",
    value: &["received_id"],
    about: &["event_type", "reason"],
};
const SESSIONS: List = List { path: "/v1/sessions?limit=50", value: &["session_id"], about: &["user_agent"] };
const WORKERS: List = List { path: "/v1/workers?limit=200", value: &["name"], about: &["status"] };

/// What an argument of a command is completed with. None: with what it says itself.
pub(super) fn source(path: &str, argument: &str) -> Option<Source> {
    let (first, last) =
        (path.split(' ').next().unwrap_or_default(), path.rsplit(' ').next().unwrap_or_default());
    Some(match (first, argument) {
        ("", "project") => Source::Folder,
        ("", "profile") => Source::Local(local::profiles),
        ("", "server") => Source::Local(local::servers),
        ("profile", "name") if last == "remove" => Source::Local(local::profiles),
        ("config", "key") => Source::Local(local::keys),
        ("generate", "template") => Source::Local(local::templates),
        ("template", "template") if ["graph", "types", "docs"].contains(&last) => {
            Source::Local(local::templates)
        }
        (_, "template") => Source::Server(&TEMPLATES),
        ("event", "task") => Source::Server(&TEMPLATES),
        (_, "task_id" | "tasks") => Source::Server(&TASKS),
        (_, "step" | "from") => Source::Server(&STEPS),
        (_, "trigger") => Source::Server(&TRIGGERS),
        (_, "handler") => Source::Server(&HANDLERS),
        ("dlq", "id" | "entries") => Source::Server(&DEAD_LETTERS),
        ("event", "id" | "ids") => Source::Server(&RECEIVED),
        (_, "bulk_id") => Source::Server(&BULK),
        (_, "key_id") => Source::Server(&KEYS),
        (_, "session_id") => Source::Server(&SESSIONS),
        ("event", "name") if last != "subscribe" => Source::Server(&SUBSCRIPTIONS),
        (_, "namespace") | ("namespace", "name") => Source::Server(&NAMESPACES),
        ("task" | "dlq", "name") => Source::Server(&TEMPLATE_NAMES),
        ("system", "name") => Source::Server(&WORKERS),
        (_, "input" | "files" | "inputs" | "out" | "file" | "data") => Source::File,
        _ => return None,
    })
}
