//! `tasker task bulk`: shows what an action on many tasks would do, asks, and follows it to the end.

use std::time::Duration;

use anyhow::{Result, bail};
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use serde_json::{Value, json, value::RawValue};
use tasker_orchestrator::bulk::{BulkAction, BulkArguments, BulkFailure, BulkOperation, BulkState};
use uuid::Uuid;

use super::words;
use crate::{
    client::{Client, told},
    commands::{
        confirm::is_confirmed, ending::Ending, operate::Actor, request::read_json, stop::stop_signal,
    },
    output::{Output, printable},
    view::Screen,
};

/// How often a followed operation is read.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// How many failures are printed at the end.
const FAILURES: usize = 5;

/// An action on many tasks.
#[derive(Debug, clap::Args)]
pub(crate) struct Order {
    /// What to do with each task.
    #[arg(value_parser = PossibleValuesParser::new(names()).map(|name| named(&name)))]
    action: BulkAction,
    /// Only this task. May be given several times, instead of filters.
    #[arg(long = "task", value_name = "TASK_ID")]
    tasks: Vec<Uuid>,
    /// All tasks: needed if nothing else names them.
    #[arg(long, conflicts_with = "tasks")]
    all: bool,
    /// Of `rerun`: the step, by name or number.
    #[arg(long, value_name = "STEP")]
    from: Option<String>,
    /// Of `set_tags`: a new tag. Repeat it for several.
    #[arg(long)]
    to_tag: Vec<String>,
    /// Of `upgrade` and `clone`: the template version. Default: that of each task.
    #[arg(long, value_name = "VERSION")]
    to_version: Option<String>,
    /// Of `clone`: changes of the inputs, a JSON Merge Patch: JSON, a file, or - for standard input.
    #[arg(long, value_name = "JSON")]
    context: Option<String>,
    /// How many tasks are concerned at most: the newest. Default: 10,000.
    #[arg(long, value_name = "NUMBER")]
    max: Option<i64>,
    /// The reason.
    #[arg(long, value_name = "WHY")]
    reason: String,
    /// Do not ask for confirmation.
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    actor: Actor,
}

/// The actions as the commands for one task name them.
fn names() -> impl Iterator<Item = &'static str> {
    BulkAction::ALL.iter().map(|action| match action {
        BulkAction::ResolveManually => "resolve",
        BulkAction::GiveUp => "give-up",
        BulkAction::SetTags => "set-tags",
        other => other.as_str(),
    })
}

fn named(name: &str) -> BulkAction {
    let place = names().position(|other| other == name).unwrap_or_default();
    BulkAction::ALL[place]
}

impl Order {
    /// The body of the request for a preview. `filter` is null if no filter was given.
    fn body(&self, filter: Value) -> Result<Value> {
        let context = self.context.as_ref().map(|context| read_json::<Box<RawValue>>("--context", context));
        let arguments = BulkArguments {
            step: self.from.clone(),
            version: self.to_version.clone(),
            tags: (self.action == BulkAction::SetTags || !self.to_tag.is_empty())
                .then(|| self.to_tag.clone()),
            context: context.transpose()?,
        };
        let mut body = json!({
            "action": self.action, "arguments": arguments, "reason": self.reason, "actor": self.actor.name(), "max": self.max,
        });
        match (filter, self.tasks.is_empty(), self.all) {
            (Value::Null, true, false) => {
                bail!("say which tasks: with filters such as --state and --name, with --task, or with --all")
            }
            (Value::Null, true, true) => body["filter"] = json!({}),
            (Value::Null, false, _) => body["task_ids"] = json!(self.tasks),
            (_, false, _) => bail!("--task and filters exclude each other"),
            (filter, true, _) => body["filter"] = filter,
        }
        Ok(body)
    }
}

/// Begins an operation after its confirmation, and follows it.
pub(crate) async fn order(client: &Client, order: Order, filter: Value, output: &Output) -> Result<Ending> {
    let preview: BulkOperation = client.post("/v1/tasks/bulk", &order.body(filter)?).await?.map_err(told)?;
    output.say(&words::preview(&preview));
    if preview.matching.count == 0 || output.json && !order.yes {
        output.result(&preview, String::new)?;
        return Ok(Ending::Done);
    }
    let count = usize::try_from(preview.matching.count).unwrap_or_default();
    if !order.yes && !is_confirmed(&words::verb(order.action), count, "tasks")? {
        bail!("nothing was changed");
    }
    let token = json!({ "confirm": preview.confirm });
    let begun: BulkOperation = client.post("/v1/tasks/bulk", &token).await?.map_err(told)?;
    follow(client, begun, output).await
}

/// Follows an operation to its end. Ctrl-C ends only that.
async fn follow(client: &Client, begun: BulkOperation, output: &Output) -> Result<Ending> {
    let (client, stop) = (&client.patient(), stop_signal()?);
    let path = format!("/v1/bulk/{}", begun.bulk_id);
    let (mut screen, mut now) = (Screen::default(), begun);
    loop {
        let is_over = now.state != BulkState::Running;
        if output.live {
            screen.draw(&[words::progress(&now)], is_over || stop.is_cancelled());
        }
        if is_over {
            break;
        }
        if stop.is_cancelled() {
            let id = now.bulk_id;
            eprintln!(
                "It goes on. `tasker bulk show {id}` shows how far it is, `tasker bulk stop {id}` stops it"
            );
            output.result(&now, String::new)?;
            return Ok(Ending::Done);
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(LOOK_AGAIN) => now = client.get(&path).await?,
        }
    }
    if !output.live {
        output.say(&words::progress(&now));
    }
    if now.failed > 0 && !output.json {
        let failures: tasker_api::Page<BulkFailure> =
            client.get(&format!("{path}/failures?limit={FAILURES}")).await?;
        for failure in failures.items {
            output.say(&printable(&format!("  {}  {}: {}", failure.task_id, failure.code, failure.message)));
        }
        if now.failed > FAILURES as i64 {
            output.say(&format!("  all of them: tasker bulk failures {}", now.bulk_id));
        }
    }
    output.result(&now, String::new)?;
    let is_done = now.state == BulkState::Complete && now.failed == 0;
    Ok(if is_done { Ending::Done } else { Ending::TaskDidNotComplete })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_have_the_names_of_the_commands_for_one_task() {
        for (name, action) in [
            ("cancel", BulkAction::Cancel),
            ("give-up", BulkAction::GiveUp),
            ("resolve", BulkAction::ResolveManually),
        ] {
            assert_eq!(named(name), action);
        }
        assert!(names().zip(BulkAction::ALL).all(|(name, action)| named(name) == *action));
    }
}
