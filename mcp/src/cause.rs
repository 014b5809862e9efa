//! Names the cause for which a task stands where it stands. Pure: from what was read about it.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use crate::untrusted::identifier;

/// Hosts take a step within moments. After these seconds in the queue, none does.
const PATIENCE: i64 = 5;
/// The most steps that are listed as evidence of one kind.
const MOST: usize = 20;

/// Whether only an operator can move a task in this state.
pub(crate) fn is_at_rest(status: &str) -> bool {
    status == "blocked_by_failures" || is_ended(status)
}

/// Whether a task in this state has ended.
pub(crate) fn is_ended(status: &str) -> bool {
    matches!(status, "complete" | "error" | "cancelled" | "resolved_manually")
}

/// The runs of a task that matter: the last failure of each step, and what has not ended.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    /// By step.
    pub(crate) failures: Map<String, Value>,
    pub(crate) open: Vec<Value>,
}

/// `{"cause", "paragraph", "evidence", "next"}`
pub(crate) fn explain(task: &Value, graph: &Value, runs: &Runs, now: DateTime<Utc>) -> Map<String, Value> {
    let facts = Facts::new(task, graph, runs, now);
    let (cause, sentences, next) = facts.cause();
    let name = ["namespace", "name"].map(|field| text(&task[field]));
    let opening = format!(
        "The task of {}/{} version {} is in state `{}`.",
        name[0],
        name[1],
        text(&task["version"]),
        facts.status
    );
    let paragraph = std::iter::once(opening).chain(sentences).collect::<Vec<_>>().join(" ");
    let evidence = json!({
        "status": facts.status, "paused_at": task["paused_at"], "completed_at": task["completed_at"],
        "steps": task["steps"], "blocked_by": first(&facts.blockers), "ready": first(&facts.ready),
        "running": first(&facts.running), "waiting_for_retry": first(&facts.waiting),
    });
    Map::from_iter([
        ("cause".to_owned(), cause.into()),
        ("paragraph".to_owned(), paragraph.into()),
        ("evidence".to_owned(), evidence),
        ("next".to_owned(), next.into()),
    ])
}

/// A text that prose may contain.
fn text(value: &Value) -> String {
    identifier(value.as_str().unwrap_or_default())
}

fn first(items: &[Value]) -> &[Value] {
    &items[..items.len().min(MOST)]
}

fn time(value: &Value) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc3339(value.as_str()?).ok()?.to_utc())
}

struct Facts {
    status: String,
    is_paused: bool,
    /// `{step, attempt, max_attempts, error_type}` of steps that failed for good.
    blockers: Vec<Value>,
    /// `{step, enqueued_at, seconds}` of steps in the queue.
    ready: Vec<Value>,
    /// `{step, attempt, host, started_at}`
    running: Vec<Value>,
    /// `{step, attempt, next_retry_at, in_seconds, error_type}` of steps in back-off, the earliest first.
    waiting: Vec<Value>,
    /// How many steps are enqueued or run, and wait for a retry: known without the timeline.
    at_work: i64,
    retrying: i64,
}

impl Facts {
    fn new(task: &Value, graph: &Value, runs: &Runs, now: DateTime<Utc>) -> Self {
        // Without runs, the graph knows the states, but not since when.
        let open = if runs.open.is_empty() { open_nodes(graph) } else { runs.open.clone() };
        let of_state = |state: &'static str| open.iter().filter(move |run| run["state"] == state);
        let ready = of_state("enqueued")
            .map(|run| {
                let since = time(&run["enqueued_at"]);
                let seconds = since.map(|since| (now - since).num_seconds().max(0));
                json!({ "step": text(&run["step"]), "enqueued_at": run["enqueued_at"], "seconds": seconds })
            })
            .collect();
        let running = of_state("in_progress")
            .map(|run| {
                json!({
                    "step": text(&run["step"]), "attempt": run["attempt"], "started_at": run["started_at"],
                    "host": run["host"].as_str().map(identifier),
                })
            })
            .collect();
        let mut waiting: Vec<Value> = of_state("waiting_for_retry")
            .map(|run| {
                let due = time(&run["next_retry_at"]);
                json!({
                    "step": text(&run["step"]), "attempt": run["attempt"],
                    "next_retry_at": due.map(|due| due.to_rfc3339_opts(SecondsFormat::Millis, true)),
                    "in_seconds": due.map(|due| (due - now).num_seconds()),
                    "error_type": run["error_type"],
                })
            })
            .collect();
        waiting.sort_by_key(|step| step["in_seconds"].as_i64().unwrap_or(i64::MAX));
        let blockers = graph["analysis"]["blocked_by"].as_array().map_or(&[][..], Vec::as_slice);
        let blockers = blockers.iter().map(|blocker| blocker_of(blocker, graph, runs)).collect();
        Self {
            status: text(&task["status"]),
            is_paused: task["paused_at"].is_string(),
            blockers,
            ready,
            running,
            waiting,
            at_work: task["steps"]["running"].as_i64().unwrap_or_default(),
            retrying: task["steps"]["retrying"].as_i64().unwrap_or_default(),
        }
    }

    /// The cause, what to say about it, and what to do next.
    fn cause(&self) -> (&'static str, Vec<String>, &'static str) {
        if is_ended(&self.status) {
            return self.ended();
        }
        if self.is_paused {
            let mut said =
                vec!["An operator has paused it: no step is enqueued until it is resumed.".to_owned()];
            if !self.running.is_empty() {
                said.push(format!("{} that hosts already have run to their end.", steps(self.running.len())));
            }
            said.extend(self.failed());
            return ("paused", said, "To go on, call task_operate with `resume`.");
        }
        if self.status == "blocked_by_failures" {
            let next = "Call step_inspect for the failure. After the cause is mended, call task_operate with `redrive`, or \
                        step_retry for one step; or step_resolve, step_complete, or task_operate with `give_up`.";
            let mut said = self.failed();
            said.push("No other step can run, so an operator must decide.".to_owned());
            return ("blocked_by_failures", said, next);
        }
        let (cause, mut said, next) = self.unfinished();
        said.extend(self.failed());
        (cause, said, next)
    }

    fn ended(&self) -> (&'static str, Vec<String>, &'static str) {
        let said = match self.status.as_str() {
            "complete" => {
                "It is complete: every step is complete, resolved or isolated. Nothing more will happen."
            }
            "cancelled" => "It was cancelled. Nothing more will happen.",
            "resolved_manually" => "An operator declared it done. Nothing more will happen.",
            _ => "It was given up in error. Nothing more will happen unless an operator redrives it.",
        };
        let mut sentences = vec![said.to_owned()];
        if self.status == "error" {
            sentences.extend(self.failed());
        }
        ("at_rest", sentences, "Call task_inspect for its steps, task_clone to run it once more.")
    }

    /// What each step that failed for good did.
    fn failed(&self) -> Vec<String> {
        let mut said: Vec<String> = self
            .blockers
            .iter()
            .take(3)
            .map(|blocker| {
                format!(
                    "The step {} failed for good with {} after {} of {} attempts.",
                    text(&blocker["step"]),
                    blocker["error_type"].as_str().unwrap_or("an error of unknown type"),
                    blocker["attempt"],
                    blocker["max_attempts"],
                )
            })
            .collect();
        if self.blockers.len() > 3 {
            said.push(format!("{} more failed for good.", steps(self.blockers.len() - 3)));
        }
        said
    }

    /// Of a task that has not ended, and that nobody paused.
    fn unfinished(&self) -> (&'static str, Vec<String>, &'static str) {
        let longest = self.ready.iter().filter_map(|step| step["seconds"].as_i64()).max();
        if !self.running.is_empty() {
            let step = &self.running[0];
            let since = step["started_at"].as_str().map(|time| format!(" since {}", identifier(time)));
            let host = step["host"].as_str().map(|host| format!(" on host {host}"));
            let mut said = vec![format!(
                "It moves: {} in progress, such as {}{}{}.",
                are(self.running.len()),
                text(&step["step"]),
                host.unwrap_or_default(),
                since.unwrap_or_default()
            )];
            if let Some(seconds) = longest.filter(|seconds| *seconds >= PATIENCE) {
                let count = are(self.ready.len());
                said.push(format!(
                    "{count} in the queue, for up to {seconds} s: its workers are busy or too few."
                ));
            }
            return ("running", said, "Call task_wait, then task_explain again.");
        }
        if let Some(step) = self.ready.first() {
            let count = are(self.ready.len());
            let name = text(&step["step"]);
            if longest.is_some_and(|seconds| seconds < PATIENCE) {
                let said =
                    format!("It moves: {count} in the queue, such as {name}, since less than {PATIENCE} s.");
                return ("enqueued", vec![said], "Call task_wait, then task_explain again.");
            }
            let since = longest.map(|seconds| format!(" for {seconds} s")).unwrap_or_default();
            let said = format!(
                "No worker takes its ready steps: {count} in the queue{since}, such as {name}, and none is in progress. \
                 Either no worker runs, or the workers that run are busy with other tasks, or they cannot load the handler."
            );
            let next = "Check that a worker runs against the same database and queue (`tasker worker`), then call \
                        task_explain again.";
            return ("no_worker", vec![said], next);
        }
        if let Some(step) = self.waiting.first() {
            let name = text(&step["step"]);
            let when = match (step["next_retry_at"].as_str(), step["in_seconds"].as_i64()) {
                (Some(when), Some(seconds)) if seconds >= 0 => format!("at {when}, in {seconds} s"),
                (Some(when), Some(seconds)) => {
                    format!("at {when}, {} s ago, so that it is overdue", -seconds)
                }
                _ => "at a time that is not known here".to_owned(),
            };
            let mut said = vec![format!(
                "The step {name} is in back-off: attempt {} failed with {}, and the next is due {when}.",
                step["attempt"],
                step["error_type"].as_str().unwrap_or("an error of unknown type")
            )];
            if self.waiting.len() > 1 {
                said.push(format!("{} more in back-off.", are(self.waiting.len() - 1)));
            }
            return ("waiting_for_retry", said, "Wait, or call step_retry to run it at once.");
        }
        if self.at_work > 0 {
            let said =
                format!("{} enqueued or in progress.", are(usize::try_from(self.at_work).unwrap_or(0)));
            return ("running", vec![said], "Call task_wait, then task_explain again.");
        }
        if self.retrying > 0 {
            let said = format!("{} in back-off.", are(usize::try_from(self.retrying).unwrap_or(0)));
            return ("waiting_for_retry", vec![said], "Wait, or call step_retry.");
        }
        let said = "No step is ready, running or waiting for a retry: those that are left wait for others."
            .to_owned();
        ("waiting_for_dependencies", vec![said], "Call task_visualize for what they wait for.")
    }
}

/// The steps of a graph that have not ended, in the form of the timeline.
fn open_nodes(graph: &Value) -> Vec<Value> {
    let nodes = graph["nodes"].as_array().map_or(&[][..], Vec::as_slice);
    let states = ["enqueued", "in_progress", "waiting_for_retry"];
    let is_in = |node: &Value, state: &str| {
        node["state"] == state || node["group"]["by_state"][state].as_i64().is_some_and(|count| count > 0)
    };
    nodes
        .iter()
        .flat_map(|node| {
            states.iter().filter(move |state| is_in(node, state)).map(move |state| (node, state))
        })
        .map(|(node, state)| json!({ "step": node["id"], "state": state, "attempt": node["attempt"] }))
        .collect()
}

/// What is known about a step that failed for good.
fn blocker_of(blocker: &Value, graph: &Value, runs: &Runs) -> Value {
    let name = blocker["step"].as_str().unwrap_or_default();
    let nodes = graph["nodes"].as_array().map_or(&[][..], Vec::as_slice);
    let node = nodes.iter().find(|node| node["id"] == name);
    let failure = runs.failures.get(name);
    let kind = failure.and_then(|run| run["error_type"].as_str()).or_else(|| {
        // Without the timeline, the reason names the type in parentheses at its end.
        blocker["because"].as_str()?.strip_suffix(')')?.rsplit_once('(').map(|(_, kind)| kind)
    });
    json!({
        "step": identifier(name),
        "error_type": kind.map(identifier),
        "attempt": node.map_or(Value::Null, |node| node["attempt"].clone()),
        "max_attempts": node.map_or(Value::Null, |node| node["max_attempts"].clone()),
    })
}

fn steps(count: usize) -> String {
    if count == 1 { "1 step".to_owned() } else { format!("{count} steps") }
}

fn are(count: usize) -> String {
    if count == 1 { "1 step is".to_owned() } else { format!("{count} steps are") }
}
