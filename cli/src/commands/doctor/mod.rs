//! `tasker doctor`: looks at the configuration, the project, the machine, the database and the server, and says what is wrong and what to
//! do. Changes nothing.

mod database;
mod finding;
mod machine;
mod project;
mod server;

use std::path::Path;

use anyhow::Result;
use serde_json::json;

use self::finding::{Area, Finding, Verdict};
use super::{config::line, ending::Ending};
use crate::{
    config::{ProjectConfig, check::check},
    output::{Output, Style},
};

/// Looks at everything. A configuration that cannot be read is a finding, too.
pub(crate) async fn run(
    start: &Path,
    server: Option<String>,
    profile: Option<&str>,
    output: &Output,
) -> Result<Ending> {
    let mut findings = configuration(start)?;
    match ProjectConfig::of_server(start, server, profile) {
        Ok(project) => {
            findings.extend(project::look(&project));
            findings.extend(machine::look(&project).await);
            findings.extend(database::look(&project).await);
            findings.extend(server::look(&project).await);
        }
        Err(error) if findings.iter().all(|finding| finding.verdict != Verdict::Error) => {
            let mut area = Area::new("configuration");
            area.error(format!("{error:#}"), "correct it; `tasker config explain` says what each key does");
            findings.extend(area.into_findings());
        }
        // The findings say why already.
        Err(_) => {}
    }
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let (errors, warnings) = (count(Verdict::Error), count(Verdict::Warning));
    let report = json!({ "errors": errors, "warnings": warnings, "findings": findings });
    output.result(&report, || {
        let mut lines: Vec<String> = findings.iter().map(|finding| words(finding, output)).collect();
        lines.push(match (errors, warnings) {
            (0, 0) => output.style(Style::Good, "nothing is wrong"),
            (0, warnings) => format!("nothing is wrong; {warnings} to look at"),
            (errors, warnings) => format!("{errors} wrong; {warnings} more to look at"),
        });
        lines.join("\n")
    })?;
    Ok(if errors == 0 { Ending::Done } else { Ending::TaskDidNotComplete })
}

fn configuration(start: &Path) -> Result<Vec<Finding>> {
    let mut area = Area::new("configuration");
    let checked = check(start)?;
    for fault in &checked.faults {
        area.error(line(fault), "correct it; `tasker config explain` says what each key does");
    }
    match (&checked.file, checked.faults.is_empty()) {
        (Some(file), true) => area.ok(format!("{} is valid", file.display())),
        (None, true) => {
            area.skipped("there is no tasker.toml here or above: the defaults apply", "run it in a project");
        }
        (_, false) => {}
    }
    Ok(area.into_findings())
}

fn words(finding: &Finding, output: &Output) -> String {
    let (mark, style) = match finding.verdict {
        Verdict::Ok => ("✓", Style::Good),
        Verdict::Skipped => ("-", Style::Faint),
        Verdict::Warning => ("!", Style::Waiting),
        Verdict::Error => ("✗", Style::Bad),
    };
    let area = output.style(Style::Faint, &format!("{:<13}", finding.area));
    let mut text = format!(
        "{} {area} {}",
        output.style(style, mark),
        finding.detail.replace('\n', "\n                ")
    );
    if let Some(remedy) = &finding.remedy {
        text += &format!("\n                {} {remedy}", output.style(Style::Faint, "→"));
    }
    text
}
