//! `tasker template validate --remote`: lets a server check template files.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::json;
use tasker_client::types::TemplateVerdict;

use super::ending::Ending;
use crate::{
    client::{Client, told},
    config::ProjectConfig,
    output::{Output, printable},
    project::templates::files_of,
};

pub(super) async fn run(project: &ProjectConfig, files: &[PathBuf], output: &Output) -> Result<Ending> {
    let client = Client::of(project)?;
    let files = if files.is_empty() { files_of(project)? } else { files.to_vec() };
    let (mut report, mut lines, mut is_valid) = (Vec::new(), Vec::new(), true);
    for file in files {
        let shown = file.display().to_string();
        let text = std::fs::read_to_string(&file).with_context(|| format!("reading {shown}"))?;
        let verdict = client.post_as("/v1/templates/validate", "application/yaml", text).await?;
        let verdict: TemplateVerdict = verdict.map_err(told)?;
        for problem in &verdict.problems {
            let place = format!("{shown}:{}:{}", problem.line, problem.column);
            lines.push(printable(&format!("{place}: {}: {}", problem.severity, problem.message)));
        }
        if verdict.valid {
            lines.push(format!("{shown}: is valid"));
        }
        is_valid &= verdict.valid;
        report.push(json!({ "file": file, "valid": verdict.valid, "problems": verdict.problems }));
    }
    output.result(&report, || lines.join("\n"))?;
    Ok(if is_valid { Ending::Done } else { Ending::Failed })
}
