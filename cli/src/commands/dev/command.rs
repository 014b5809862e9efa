//! `tasker dev`: runs everything in one process, and builds and publishes again on every change.

use anyhow::Result;

use super::{
    local::Local,
    watch::{Snapshot, changed},
};
use crate::{
    commands::{ending::Ending, stop::stop_signal},
    config::ProjectConfig,
    output::Output,
    project::publish::Published,
};

pub(crate) async fn run(project: ProjectConfig, output: &Output) -> Result<Ending> {
    let stop = stop_signal()?;
    let mut seen = Snapshot::of(&project);
    let local = Local::start(project, output, stop.clone()).await?;
    match local.publish(output).await {
        Ok(published) => tell(output, &published),
        // Faults of the project do not end the command; the author will correct them.
        Err(error) => drop(output.failure(&error)),
    }
    output.say(&format!("  API        {}", local.url));
    output.say(&format!("  console    {}/console/", local.url.trim_end_matches('/')));
    output.say("  create a task with `tasker task run NAME --input FILE`, stop with Ctrl-C\n");
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = changed(&local.project, &mut seen) => {}
        }
        output.say("a file changed: building");
        match local.publish(output).await {
            Ok(published) => tell(output, &published),
            Err(error) => drop(output.failure(&error)),
        }
    }
    output.say("stopping");
    local.stop().await;
    Ok(Ending::Done)
}

fn tell(output: &Output, published: &Published) {
    output.say(&format!("  templates  {}", published.templates.join(", ")));
    output.say(&format!("  handlers   {}", published.handlers.join(", ")));
    if !published.triggers.is_empty() {
        output.say(&format!("  triggers   {}", published.triggers.join(", ")));
    }
}
