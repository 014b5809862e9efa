//! The `tasker` command.
#![forbid(unsafe_code)]

mod access;
mod auth;
mod client;
mod commands;
mod completion;
mod config;
mod credentials;
mod environment;
mod explain;
mod generate;
mod graph;
mod json;
mod jwt;
mod nearest;
mod output;
mod parts;
mod plugin;
mod profiles;
mod project;
#[cfg(test)]
mod reference;
mod signature;
mod telemetry;
mod view;

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{CommandFactory, Parser, Subcommand};

use crate::{
    commands::ending::Ending,
    config::{LogFormat, ProjectConfig},
    output::{Output, print},
    telemetry::start_logging,
};

/// Workflows whose steps are WebAssembly components.
///
/// Exit codes: 0 success, 1 the command failed, 2 invalid arguments or settings, 3 a task did not complete or was refused, the tested event
/// would not start one, or a service is not well.
#[derive(Debug, Parser)]
#[command(name = "tasker", version, propagate_version = true, max_term_width = 100)]
struct Arguments {
    /// The project's folder, or any folder in it.
    #[arg(long, global = true, default_value = ".", value_name = "FOLDER")]
    project: PathBuf,
    /// The URL of the API. Default: `TASKER_URL`, or `server.url` of tasker.toml.
    #[arg(long, global = true, value_name = "URL")]
    server: Option<String>,
    /// The profile with the server and the credentials for it: see `tasker profile`. Default: `TASKER_PROFILE`.
    #[arg(long, global = true, value_name = "NAME", conflicts_with = "server")]
    profile: Option<String>,
    /// Print JSON instead of text for people.
    #[arg(long, global = true)]
    json: bool,
    /// Log more: -v, -vv. `RUST_LOG` overrides it.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    #[command(subcommand)]
    command: Command,
}

impl Arguments {
    /// Takes the server or the profile from the environment, if no argument names one. An argument wins over both variables.
    fn or_environment(mut self) -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        if self.server.is_none() && self.profile.is_none() {
            self.server = variable("TASKER_URL");
            self.profile = if self.server.is_none() { variable("TASKER_PROFILE") } else { None };
        }
        self
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run database, orchestrator, host and API on this machine; build again on every change.
    Dev,
    /// Run the orchestrator and the API over PostgreSQL and PGMQ.
    Serve(commands::serve::Arguments),
    /// Run a host that runs steps from PGMQ.
    Worker,
    /// Build the project and publish its components, templates and triggers to a database, or through the API of a server.
    Publish(commands::publish::Arguments),
    /// Deploy on AWS, with Terraform or SAM, and publish the project there.
    Deploy(commands::deploy::Arguments),
    /// Create a new project.
    New(commands::new::Arguments),
    /// Build the project's components, and check them, its templates and its triggers.
    Build,
    /// Check, list, draw and import templates, and print their format.
    #[command(subcommand)]
    Template(commands::template::Command),
    /// Write code and pages from templates: types in other languages, documentation.
    #[command(subcommand)]
    Generate(commands::generate::Command),
    /// Create, follow and operate tasks.
    #[command(subcommand)]
    Task(Box<commands::task::Command>),
    /// List, show and stop bulk operations, which `tasker task bulk` begins.
    #[command(subcommand)]
    Bulk(commands::bulk::Command),
    /// Show the steps of a task, and reset, resolve or complete them.
    #[command(subcommand)]
    Step(commands::step::Command),
    /// List, inspect and resolve dead letters: tasks that failed for good, or that make no progress.
    #[command(subcommand)]
    Dlq(commands::dlq::Command),
    /// List handlers and their versions, or run one alone.
    #[command(subcommand)]
    Handler(commands::handler::Command),
    /// Send events and test them on triggers; watch domain events and subscribe to them.
    #[command(subcommand)]
    Event(commands::event::Command),
    /// Check, list, enable and disable triggers, which start tasks from events.
    #[command(subcommand)]
    Trigger(commands::trigger::Command),
    /// Log in at a server: in the browser, or with an API key. Commands for that server then use the login.
    Login(commands::login::Arguments),
    /// End the login at a server.
    Logout,
    /// Make key pairs and tokens, verify tokens, and list the permissions.
    #[command(subcommand)]
    Auth(commands::auth::Command),
    /// Create, list, rotate and revoke API keys.
    Key(commands::key::Arguments),
    /// List who is logged in at a server, and end such logins.
    #[command(subcommand)]
    Session(commands::session::Command),
    /// Serve the Model Context Protocol on standard input and output, for assistants: tools over a server's API.
    Mcp {
        /// Offer tools that change something, too. Each asks for confirmation first.
        #[arg(long)]
        write: bool,
    },
    /// List who changed what through the API, and who was refused.
    Audit(commands::audit::Arguments),
    /// List the namespaces of templates.
    #[command(subcommand)]
    Namespace(commands::namespace::Command),
    /// Show what happened: performance, bottlenecks, throughput, steps, tasks, errors, retries, costs, health.
    #[command(subcommand)]
    Analytics(commands::analytics::Command),
    /// Show the condition of a server, its configuration, its workers and its queues.
    #[command(subcommand)]
    System(commands::system::Command),
    /// List, add and remove profiles: servers with the credentials for them.
    #[command(subcommand)]
    Profile(commands::profile::Command),
    /// Show, explain and check the configuration.
    #[command(subcommand)]
    Config(commands::config::Command),
    /// Look at the configuration, the project, the machine, the database and the server, and say what is wrong and what to do. Exits
    /// with 3 if something is.
    Doctor,
    /// Print a completion script: `source <(tasker completions bash)`, `tasker completions fish | source`. It also completes what
    /// a server has: tasks, templates, steps and so on.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// `tasker foo` runs the program `tasker-foo` of the PATH.
    #[command(external_subcommand)]
    Plugin(Vec<OsString>),
    /// Compile a component, as a separate process for a host.
    #[command(hide = true)]
    CompileComponent {
        /// The component.
        input: PathBuf,
        /// The file for the compiled component.
        output: PathBuf,
    },
}

impl Command {
    /// Whether it reads no configuration.
    fn needs_no_project(&self) -> bool {
        matches!(
            self,
            Self::CompileComponent { .. }
                | Self::Completions { .. }
                | Self::New(_)
                | Self::Profile(_)
                | Self::Plugin(_)
        )
    }
}

fn main() -> ExitCode {
    if completion::answered(Arguments::command) {
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::parse().or_environment();
    let output = Output::new(arguments.json);
    if let Command::Plugin(plugin) = &arguments.command {
        let known: Vec<String> =
            Arguments::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
        return plugin::run(plugin, arguments.server.as_deref(), arguments.profile.as_deref(), &known)
            .unwrap_or_else(|error| {
                output.failure(&error);
                ExitCode::from(2)
            });
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output.failure(&anyhow::Error::from(error).context("starting the runtime")),
    };
    let ended = runtime.block_on(run(arguments, &output));
    // A blocked thread must not delay the end of the command.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    match ended {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::TaskDidNotComplete) => ExitCode::from(3),
        Ok(Ending::Failed) => ExitCode::FAILURE,
        Ok(Ending::Refused(error)) => {
            output.failure(&error);
            ExitCode::from(2)
        }
        Err(error) => output.failure(&error),
    }
}

async fn run(arguments: Arguments, output: &Output) -> Result<Ending> {
    let is_service = matches!(arguments.command, Command::Serve(_) | Command::Worker);
    let log = |format| start_logging(arguments.verbose, is_service, format);
    if arguments.command.needs_no_project() {
        log(LogFormat::Text);
    }
    match arguments.command {
        Command::CompileComponent { input, output } => {
            tasker_runtime_host::compile_command(&input, &output)?;
            return Ok(Ending::Done);
        }
        Command::Completions { shell } => {
            print(completion::script(&shell.to_string())?.trim_end());
            return Ok(Ending::Done);
        }
        Command::New(arguments) => return commands::new::run(&arguments, output),
        Command::Profile(command) => return commands::profile::run(command, arguments.server, output),
        Command::Doctor => {
            log(LogFormat::Text);
            return commands::doctor::run(
                &arguments.project,
                arguments.server,
                arguments.profile.as_deref(),
                output,
            )
            .await;
        }
        Command::Config(commands::config::Command::Validate) => {
            return commands::config::validate(
                &arguments.project,
                arguments.server,
                arguments.profile.as_deref(),
                output,
            );
        }
        _ => {}
    }
    let project =
        ProjectConfig::of_server(&arguments.project, arguments.server, arguments.profile.as_deref())?;
    log(project.config.telemetry.log_format);
    match arguments.command {
        Command::Dev => Box::pin(commands::dev::run(project, output)).await,
        Command::Serve(arguments) => commands::serve::run(project, &arguments, output).await,
        Command::Worker => commands::worker::run(project, output).await,
        Command::Publish(arguments) => commands::publish::run(project, &arguments, output).await,
        Command::Deploy(arguments) => commands::deploy::run(&project, &arguments, output).await,
        Command::Build => commands::build::run(&project, output).await,
        Command::Template(command) => commands::template::run(&project, command, output).await,
        Command::Generate(command) => commands::generate::run(&project, command, output).await,
        Command::Task(command) => Box::pin(commands::task::run(project, *command, output)).await,
        Command::Bulk(command) => commands::bulk::run(&project, command, output).await,
        Command::Step(command) => commands::step::run(&project, command, output).await,
        Command::Dlq(command) => commands::dlq::run(&project, command, output).await,
        Command::Handler(command) => commands::handler::run(&project, command, output).await,
        Command::Event(command) => commands::event::run(&project, command, output).await,
        Command::Trigger(command) => commands::trigger::run(&project, command, output).await,
        Command::Login(login) => commands::login::log_in(&project, arguments.profile, &login, output).await,
        Command::Logout => commands::login::log_out(&project, arguments.profile, output).await,
        Command::Auth(command) => commands::auth::run(project, command, output).await,
        Command::Key(arguments) => commands::key::run(&project, arguments, output).await,
        Command::Session(command) => commands::session::run(&project, command, output).await,
        Command::Mcp { write } => commands::mcp::run(&project, write).await,
        Command::Audit(arguments) => commands::audit::run(&project, arguments, output).await,
        Command::Namespace(command) => commands::namespace::run(&project, command, output).await,
        Command::Analytics(command) => commands::analytics::run(&project, command, output).await,
        Command::System(command) => commands::system::run(&project, command, output).await,
        Command::Config(command) => commands::config::run(&project, &command, output),
        Command::New(_)
        | Command::Doctor
        | Command::Profile(_)
        | Command::Plugin(_)
        | Command::Completions { .. }
        | Command::CompileComponent { .. } => Ok(Ending::Done),
    }
}
