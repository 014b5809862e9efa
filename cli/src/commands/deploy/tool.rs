//! Terraform and SAM: applies a deployment with either, and reads its outputs.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use serde::Deserialize;
use serde_json::Value;
use tokio::process::Command;

use super::release::release;

/// The tool that applies the deployment.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Tool {
    Terraform,
    Sam,
}

/// A deployment, and the tool that applies it.
#[derive(Debug, clap::Args)]
pub(super) struct Deployer {
    /// The tool that applies the deployment.
    #[arg(long, value_enum)]
    via: Tool,
    /// The folder of the Terraform configuration that calls the module, or of the SAM template.
    #[arg(long, value_name = "FOLDER")]
    directory: PathBuf,
    /// With SAM: the name of the stack.
    #[arg(long, default_value = "tasker")]
    stack: String,
    /// Additional arguments of the tool: `-- -var functions_dir=...`; with SAM, parameters, then options: `--
    /// DatabaseUrl=... --resolve-s3`. Parameters in a samconfig.toml are ignored.
    #[arg(last = true)]
    rest: Vec<String>,
}

/// The outputs of a deployment.
#[derive(Debug)]
pub(super) struct Deployment {
    /// The name of the bucket of blobs.
    pub(super) bucket: String,
    /// The ARN of the KMS key that publishers sign with.
    pub(super) publisher_key: String,
    /// All outputs, by name.
    pub(super) outputs: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct TerraformOutput {
    value: Value,
}
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StackOutput {
    output_key: String,
    output_value: Value,
}

impl Deployer {
    /// Initializes the folder, if the tool requires it.
    pub(super) async fn init(&self) -> Result<()> {
        match self.via {
            Tool::Terraform => {
                let init = ["init", "-input=false"].map(str::to_owned);
                terraform(&self.directory, &init).await
            }
            Tool::Sam => Ok(()),
        }
    }

    /// Applies the deployment with this publication.
    pub(super) async fn apply(&self, publication: Option<&str>) -> Result<()> {
        match self.via {
            Tool::Terraform => {
                let mut apply: Vec<String> =
                    ["apply", "-input=false", "-auto-approve"].map(str::to_owned).to_vec();
                apply.extend(publication.map(|publication| format!("-var=publication={publication}")));
                apply.extend(self.rest.iter().cloned());
                terraform(&self.directory, &apply).await
            }
            Tool::Sam => {
                let options = self.rest.iter().position(|one| one.starts_with('-'));
                let (parameters, options) = self.rest.split_at(options.unwrap_or(self.rest.len()));
                let mut parameters = parameters.to_vec();
                let template = template(&self.directory, options)?;
                parameters.push(format!("Release={}", release(&template, &parameters)?));
                // The publication is not part of the release, because it changes nothing that the functions run with.
                parameters.extend(publication.map(|publication| format!("Publication={publication}")));
                let mut command = tool("sam");
                command
                    .current_dir(&self.directory)
                    .args(["deploy", "--stack-name", &self.stack, "--no-confirm-changeset"])
                    .args(["--no-fail-on-empty-changeset", "--capabilities", "CAPABILITY_NAMED_IAM"])
                    .arg("CAPABILITY_AUTO_EXPAND")
                    .args(options);
                command.arg("--parameter-overrides").args(parameters);
                succeed(command).await
            }
        }
    }

    /// Reads the outputs of the deployment. None if it does not exist yet.
    pub(super) async fn outputs(&self) -> Result<Option<Deployment>> {
        let mut command = match self.via {
            Tool::Terraform => {
                let mut command = tool("terraform");
                command.arg(format!("-chdir={}", self.directory.display())).args(["output", "-json"]);
                command
            }
            Tool::Sam => {
                let mut command = tool("sam");
                command.args(["list", "stack-outputs", "--output", "json", "--stack-name", &self.stack]);
                command
            }
        };
        let asked =
            command.stdin(Stdio::null()).output().await.context("the deployment's outputs cannot be read")?;
        if !asked.status.success() {
            return Ok(None);
        }
        let outputs: BTreeMap<String, Value> = match self.via {
            Tool::Terraform => serde_json::from_slice::<BTreeMap<String, TerraformOutput>>(&asked.stdout)?
                .into_iter()
                .map(|(name, output)| (name, output.value))
                .collect(),
            Tool::Sam => serde_json::from_slice::<Vec<StackOutput>>(&asked.stdout)?
                .into_iter()
                .map(|output| (output.output_key, output.output_value))
                .collect(),
        };
        let text =
            |names: [&str; 2]| names.iter().find_map(|name| outputs.get(*name)?.as_str().map(str::to_owned));
        let (bucket, key) =
            (text(["blobs_bucket", "BlobsBucket"]), text(["publisher_key_arn", "PublisherKeyArn"]));
        Ok(bucket.zip(key).map(|(bucket, publisher_key)| Deployment { bucket, publisher_key, outputs }))
    }
}

/// Returns the path of the SAM template: from the options, or the default that SAM uses.
fn template(directory: &Path, options: &[String]) -> Result<PathBuf> {
    let option = options.iter().position(|one| matches!(&**one, "-t" | "--template" | "--template-file"));
    if let Some(named) = option.and_then(|at| options.get(at + 1)) {
        return Ok(directory.join(named));
    }
    let known = ["template.yaml", "template.yml"].map(|name| directory.join(name));
    let found = known.into_iter().find(|template| template.is_file());
    found.with_context(|| format!("{} contains no template.yaml", directory.display()))
}

/// Starts a command for the user's own tool. It gets this process's environment without Tasker's part, where handlers'
/// secrets and the database's URL may be.
fn tool(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_remove("DATABASE_URL");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TASKER_") {
            command.env_remove(name);
        }
    }
    command
}

async fn terraform(directory: &Path, arguments: &[String]) -> Result<()> {
    let mut command = tool("terraform");
    command.arg(format!("-chdir={}", directory.display())).args(arguments);
    succeed(command).await
}

/// Runs a tool. Its output goes to standard error, because standard output is for the command's own result.
async fn succeed(mut command: Command) -> Result<()> {
    let name = command.as_std().get_program().to_string_lossy().into_owned();
    command.stdout(Stdio::from(std::io::stderr())).stdin(Stdio::null()).kill_on_drop(true);
    let status =
        command.status().await.with_context(|| format!("`{name}` cannot be run; is it installed?"))?;
    if !status.success() {
        bail!("`{name}` failed ({status}); see its output above");
    }
    Ok(())
}
