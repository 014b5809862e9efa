//! `tasker event`: its subcommands and their options.

use anyhow::Result;
use uuid::Uuid;

use super::{
    events::Events,
    list::list,
    received::{Received, received},
    replay::replay,
    send::send,
    subscriptions::{Target, subscribe, subscriptions, unsubscribe},
    test_command,
    watch::watch,
};
use crate::{client::Client, commands::ending::Ending, config::ProjectConfig, output::Output};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Send events from here, as somebody outside would, and say what came of them.
    Send(Events),
    /// Hold events against the project's triggers, without a server: which match, what they would start, and why not.
    /// Exit code 3 if one would become a dead letter.
    Test(Events),
    /// List events that came from outside and what came of them, the newest first; or show one.
    Received(Received),
    /// Take dead letters once more, with the triggers as they are now.
    Replay {
        /// Which.
        #[arg(required_unless_present = "all")]
        ids: Vec<Uuid>,
        /// All of them, the oldest first; at most 1000.
        #[arg(long, conflicts_with = "ids")]
        all: bool,
    },
    /// List the domain events of the last day, the newest first, and how far each has come.
    List {
        /// How many, at most 1000.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Tell of events as they are published, until Ctrl-C. With --json each is a line.
    Watch {
        /// Only this one, or those whose names begin so: `order.*`.
        event: Option<String>,
    },
    /// Subscribe: from now on events go to a webhook, into a queue, or start a task.
    Subscribe {
        /// What to call the subscription.
        name: String,
        /// The name of an event, or the beginning of names followed by `*`.
        event: String,
        #[command(flatten)]
        target: Target,
        /// What the requests of a webhook are signed with, at least 16 characters. Default: one is made up, and printed.
        #[arg(long, env = "TASKER_WEBHOOK_SECRET", hide_env_values = true)]
        secret: Option<String>,
    },
    /// End a subscription. What is on its way to it does not arrive.
    Unsubscribe {
        /// What it is called.
        name: String,
    },
    /// List the subscriptions.
    Subscriptions,
}

pub(crate) async fn run(project: &ProjectConfig, command: Command, output: &Output) -> Result<Ending> {
    let client = &Client::of(project);
    match command {
        Command::Send(events) => send(client, &events, output).await,
        Command::Test(events) => test_command::run(project, &events, output),
        Command::Received(arguments) => received(client, arguments, output).await,
        Command::Replay { ids, all: _ } => replay(client, ids, output).await,
        Command::List { limit } => list(client, limit, output).await,
        Command::Watch { event } => watch(client, event.as_deref(), output).await,
        Command::Subscribe { name, event, target, secret } => {
            subscribe(client, name, event, &target, secret, output).await
        }
        Command::Unsubscribe { name } => unsubscribe(client, &name, output).await,
        Command::Subscriptions => subscriptions(client, output).await,
    }
}
