//! `tasker event`: its subcommands and their options.

use anyhow::Result;

use super::{
    events::Events,
    list::list,
    published,
    received::{Received, received},
    replay::{Replay, replay},
    send::send,
    subscription,
    subscriptions::{Target, subscribe, subscriptions, unsubscribe},
    test_command,
    watch::watch,
};
use crate::{
    client::Client,
    commands::{ending::Ending, paging::Paging},
    config::ProjectConfig,
    output::Output,
};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Send events to the server and print the result of each.
    Send(Events),
    /// Match events against the project's triggers, without a server: print which triggers match, the tasks they
    /// would start, and the reasons of mismatches. Exit code 3 if an event would become a dead letter.
    Test {
        #[command(flatten)]
        events: Events,
        /// Match them against the triggers that a server has published, instead.
        #[arg(long)]
        published: bool,
    },
    /// List received events and their results, newest first; or show one.
    Received(Received),
    /// Match dead letters against the current triggers.
    Replay(Replay),
    /// List the domain events of the last day and their deliveries, newest first.
    List(Paging),
    /// Print domain events as they are published, until Ctrl-C. With --json each is a line.
    Watch {
        /// Only events with this name, or with this prefix: `order.*`.
        event: Option<String>,
    },
    /// Subscribe a webhook, a queue or a new task to events that are published from now on.
    Subscribe {
        /// The name of the new subscription.
        name: String,
        /// The name of an event, or a prefix followed by `*`.
        event: String,
        #[command(flatten)]
        target: Target,
        /// The secret that signs the requests of a webhook, at least 16 characters. Default: a random one, which is printed.
        #[arg(long, env = "TASKER_WEBHOOK_SECRET", hide_env_values = true)]
        secret: Option<String>,
    },
    /// Delete a subscription. Its pending deliveries are dropped.
    Unsubscribe {
        /// The name of the subscription.
        name: String,
    },
    /// List the subscriptions.
    Subscriptions,
    /// Show a subscription, list its deliveries that have not arrived, and try them again.
    #[command(subcommand)]
    Subscription(subscription::Command),
}

pub(crate) async fn run(project: &ProjectConfig, command: Command, output: &Output) -> Result<Ending> {
    let client = &Client::of(project)?;
    match command {
        Command::Send(events) => send(client, &events, output).await,
        Command::Test { events, published: true } => published::run(client, &events, output).await,
        Command::Test { events, published: false } => test_command::run(project, &events, output),
        Command::Received(arguments) => received(client, arguments, output).await,
        Command::Replay(arguments) => replay(client, arguments, output).await,
        Command::List(paging) => list(client, paging, output).await,
        Command::Watch { event } => watch(client, event.as_deref(), output).await,
        Command::Subscribe { name, event, target, secret } => {
            subscribe(client, name, event, &target, secret, output).await
        }
        Command::Unsubscribe { name } => unsubscribe(client, &name, output).await,
        Command::Subscriptions => subscriptions(client, output).await,
        Command::Subscription(command) => subscription::run(client, command, output).await,
    }
}
