//! `tasker template import`: converts a template from an earlier version of the format to the current one.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use serde_json::json;
use tasker_templates::template::{Change, import};

use super::ending::Ending;
use crate::output::{Output, print};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The template: YAML or JSON.
    file: PathBuf,
    /// The file to write; may be the same file. Default: standard output, with the changes on standard error.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, output: &Output) -> Result<Ending> {
    let file = &arguments.file;
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let name = file.display().to_string();
    let imported = import(&text).map_err(|problems| anyhow!("{}", problems.render(&name)))?;
    if let Some(path) = &arguments.output {
        std::fs::write(path, &imported.text).with_context(|| format!("writing {}", path.display()))?;
    }
    if output.json {
        let (renamed, dropped): (Vec<_>, Vec<_>) =
            imported.changes.iter().partition(|change| change.now.is_some());
        let told = json!({
            "template": imported.text, "renamed": renamed, "dropped": dropped, "warnings": imported.warnings,
            "keeps_text": imported.keeps_text,
        });
        output.result(&told, String::new)?;
        return Ok(Ending::Done);
    }
    let mut lines: Vec<String> = imported.changes.iter().map(|change| line(&name, change)).collect();
    if !imported.warnings.0.is_empty() {
        lines.push(imported.warnings.render(&name));
    }
    if !imported.keeps_text {
        lines.push(format!("{name}: rewritten, in YAML and without comments"));
    }
    if imported.changes.is_empty() {
        lines.push(format!("{name}: is already in the current format"));
    }
    let lines = lines.join("\n");
    match &arguments.output {
        Some(path) => print(&format!("{lines}\nwrote {}", path.display())),
        None => {
            eprintln!("{lines}");
            print(imported.text.trim_end());
        }
    }
    Ok(Ending::Done)
}

fn line(file: &str, Change { position, step, field, now, .. }: &Change) -> String {
    let step = step.as_ref().map_or(String::new(), |step| format!(" in step `{step}`"));
    let done = match now {
        Some(now) => format!("renamed{step}: `{field}` is now `{now}`"),
        None => format!("dropped{step}: `{field}` has no effect"),
    };
    format!("{file}:{}:{}: {done}", position.line, position.column)
}
