//! `tasker analytics`: what happened, how fast and how well, and what to do about it.

mod sheet;
mod sheets;

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use tasker_orchestrator::{
    Newer,
    analytics::{
        AnalyticsHealth, AnalyticsPeriod, Bottlenecks, Costs, ErrorTable, Performance, RetryTable, StepTable,
        TaskTable, Throughput, recount,
    },
};

use self::sheet::Sheet;
use super::{ending::Ending, request::template_name};
use crate::{
    client::{Client, query},
    config::ProjectConfig,
    output::{Output, print},
    parts,
};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Show how much was done, how fast and how well, beside the period before.
    Performance(Arguments),
    /// Show what takes the time, and what to do about it.
    Bottlenecks {
        #[command(flatten)]
        arguments: Arguments,
        /// Leave out steps and templates with fewer executions.
        #[arg(long, default_value_t = 5)]
        min_executions: u32,
    },
    /// Show tasks and attempts over time.
    Throughput {
        #[command(flatten)]
        arguments: Arguments,
        /// The time between two rows.
        #[arg(long, default_value = "auto", value_parser = ["auto", "1m", "5m", "15m", "1h", "6h", "1d"])]
        interval: String,
        /// Show each template by itself.
        #[arg(long)]
        by_template: bool,
    },
    /// List the steps that ran.
    Steps {
        #[command(flatten)]
        arguments: Arguments,
        #[command(flatten)]
        order: Order,
    },
    /// List the templates whose tasks were created or ended.
    Tasks {
        #[command(flatten)]
        arguments: Arguments,
        #[command(flatten)]
        order: Order,
    },
    /// List failures by step and type, the most frequent first.
    Errors(Arguments),
    /// List the steps with retries, and what those bring.
    Retries(Arguments),
    /// List what executions used, and what that costs at the configured prices.
    Costs(Arguments),
    /// Show the health as a score, and its parts.
    Health(Arguments),
    /// Count the history again, from the audit in the database: what was before an upgrade, or before `analytics.enabled`.
    Rebuild {
        /// The beginning: RFC 3339, or how long ago (`30d`). The whole day (UTC) is counted.
        #[arg(long)]
        from: String,
    },
}

/// What an analysis is about.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The length of the period, in hours.
    #[arg(long, default_value_t = 24, conflicts_with = "from")]
    hours: u32,
    /// The beginning of the period: RFC 3339, or how long ago (`15m`, `2h`, `7d`).
    #[arg(long)]
    from: Option<String>,
    /// The end of the period, as the beginning. Default: now.
    #[arg(long)]
    to: Option<String>,
    /// Only this template: NAME, NAMESPACE/NAME or NAMESPACE/NAME@VERSION.
    #[arg(long)]
    template: Option<String>,
    /// Only templates of this namespace.
    #[arg(long)]
    namespace: Option<String>,
    /// The maximum number of rows.
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Print rows of comma-separated values, with times in seconds.
    #[arg(long)]
    csv: bool,
}

/// The order of rows.
#[derive(Debug, clap::Args)]
pub(crate) struct Order {
    /// What to sort by, the largest first.
    #[arg(long, default_value = "p95", value_parser = ["p95", "mean", "failures", "retries", "cpu", "wait"])]
    sort: String,
}

/// An answer with its period.
trait Answer {
    fn about(&self) -> (AnalyticsPeriod, f64);
}

macro_rules! answers {
    ($($type:ty),+) => {
        $(impl Answer for $type {
            fn about(&self) -> (AnalyticsPeriod, f64) {
                (self.period, self.lag_seconds)
            }
        })+
    };
}

answers!(
    Performance,
    Bottlenecks,
    Throughput,
    Costs,
    AnalyticsHealth,
    StepTable,
    TaskTable,
    ErrorTable,
    RetryTable
);

pub(crate) async fn run(project: &ProjectConfig, command: Command, output: &Output) -> Result<Ending> {
    match command {
        Command::Performance(arguments) => {
            show(project, "performance", arguments, &[], output, sheets::performance).await?;
        }
        Command::Bottlenecks { arguments, min_executions } => {
            let own = [("min_executions", Some(min_executions.to_string()))];
            show(project, "bottlenecks", arguments, &own, output, sheets::bottlenecks).await?;
        }
        Command::Throughput { arguments, interval, by_template } => {
            let own = [("interval", Some(interval)), ("by", by_template.then(|| "template".to_owned()))];
            show(project, "throughput", arguments, &own, output, sheets::throughput).await?;
        }
        Command::Steps { arguments, order } => {
            show(project, "steps", arguments, &[("sort", Some(order.sort))], output, sheets::steps).await?;
        }
        Command::Tasks { arguments, order } => {
            show(project, "tasks", arguments, &[("sort", Some(order.sort))], output, sheets::tasks).await?;
        }
        Command::Errors(arguments) => show(project, "errors", arguments, &[], output, sheets::errors).await?,
        Command::Retries(arguments) => {
            show(project, "retries", arguments, &[], output, sheets::retries).await?;
        }
        Command::Costs(arguments) => show(project, "costs", arguments, &[], output, sheets::costs).await?,
        Command::Health(arguments) => show(project, "health", arguments, &[], output, sheets::health).await?,
        Command::Rebuild { from } => rebuild(project, &from, output).await?,
    }
    Ok(Ending::Done)
}

/// Asks for an analysis and prints it: as JSON, as rows of values, or for people.
async fn show<T: Answer + Serialize + DeserializeOwned>(
    project: &ProjectConfig,
    what: &str,
    arguments: Arguments,
    own: &[(&str, Option<String>)],
    output: &Output,
    sheet: impl FnOnce(&T) -> Sheet,
) -> Result<()> {
    let (namespace, name, version) = match &arguments.template {
        Some(template) => {
            let (namespace, name, version) = template_name(template);
            (namespace, Some(name), version)
        }
        None => (None, None, None),
    };
    let text = |part: Option<&str>| part.map(str::to_owned);
    let hours = arguments.from.is_none().then(|| arguments.hours.to_string());
    let mut parameters = vec![
        ("hours", hours),
        ("from", arguments.from.clone()),
        ("to", arguments.to.clone()),
        ("namespace", text(namespace).or(arguments.namespace.clone())),
        ("name", text(name)),
        ("version", text(version)),
        ("limit", Some(arguments.limit.to_string())),
    ];
    parameters.extend(own.iter().cloned());
    let client = Client::of(project)?;
    let found: T = client.get(&format!("/v1/analytics/{what}?{}", query(parameters))).await?;
    if arguments.csv && !output.json {
        print(sheet(&found).csv().trim_end());
        return Ok(());
    }
    output.result(&found, || {
        let (period, lag) = found.about();
        let time = |time: DateTime<Utc>| time.format("%Y-%m-%d %H:%M").to_string();
        let lag = if lag >= 1.0 { format!(", counted up to {lag:.0} s ago") } else { String::new() };
        format!("{} to {} (UTC){lag}\n\n{}", time(period.from), time(period.to), sheet(&found).text())
    })
}

/// Counts the history again. If this ends early, the servers of the database go on.
async fn rebuild(project: &ProjectConfig, from: &str, output: &Output) -> Result<()> {
    let from = match DateTime::parse_from_rfc3339(from) {
        Ok(time) => time.to_utc(),
        Err(_) => tasker_api::duration(from)
            .and_then(|ago| Utc::now().checked_sub_signed(chrono::TimeDelta::from_std(ago).ok()?))
            .with_context(|| {
                format!(
                    "`{from}` is neither an RFC 3339 time (2026-11-30T08:00:00Z) nor a past duration (30d)"
                )
            })?,
    };
    let url = &project.config.database.url;
    if url.is_empty() {
        bail!("no database is configured; set DATABASE_URL, or `url` under [database] of tasker.toml");
    }
    let options = url.parse().context("`database.url` is not usable")?;
    let pool = parts::open_database(project, options, Newer::IsLeftAlone).await?;
    let mut records = 0;
    let counts_from = recount(&pool, from, |counted| {
        records += counted;
        if output.live {
            output.say(&format!("{records} records"));
        }
    })
    .await?;
    output.result(&json!({ "from": counts_from, "records": records }), || {
        format!(
            "counted {records} records again, from {} (UTC) on; what is missing, the servers count",
            counts_from.format("%Y-%m-%d %H:%M")
        )
    })
}
