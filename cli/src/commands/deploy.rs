//! `tasker deploy`: makes the deployment with Terraform or SAM, uploads the project, and has it published there.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use serde::Deserialize;
use serde_json::{Value, json};
use tasker_transport::{
    s3::{open_bucket, sdk_config},
    sha256_hex,
};
use tokio::process::Command;

use super::Ending;
use crate::{
    config::ProjectConfig,
    dev::{
        build, engine,
        signing::Publisher,
        triggers::read_triggers,
        upload::{ToUpload, upload},
    },
    output::Output,
};

/// Which tool makes the deployment.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Tool {
    Terraform,
    Sam,
}

/// The processors that functions run on.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Architecture {
    Arm64,
    #[value(name = "x86_64")]
    X86_64,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Which tool makes the deployment.
    #[arg(long, value_enum)]
    via: Tool,
    /// The folder of the Terraform configuration that calls the module, or of the SAM template.
    #[arg(long, value_name = "FOLDER")]
    directory: PathBuf,
    /// The processors that the functions run on.
    #[arg(long, value_enum, default_value = "arm64")]
    architecture: Architecture,
    /// With SAM: the name of the stack.
    #[arg(long, default_value = "tasker")]
    stack: String,
    /// Publish new versions of handlers without making them current.
    #[arg(long)]
    no_promote: bool,
    /// What else the tool is to be told: `-- -var functions_dir=...`; with SAM, parameters and then options:
    /// `-- DatabaseUrl=... --resolve-s3`. Parameters in a samconfig.toml do not count.
    #[arg(last = true)]
    rest: Vec<String>,
}

/// What a deployment says of itself.
#[derive(Debug)]
struct Deployment {
    bucket: String,
    publisher_key: String,
    outputs: BTreeMap<String, Value>,
}

pub(crate) async fn run(project: &ProjectConfig, arguments: &Arguments, output: &Output) -> Result<Ending> {
    // What can be wrong with the project is told before anything is made.
    let (templates, triggers) = (build::read_templates(project)?, read_triggers(project)?);
    let components = build::build(project).await?;

    if let Tool::Terraform = arguments.via {
        let init = ["init", "-input=false"].map(str::to_owned);
        terraform(&arguments.directory, &init).await?;
    }
    let deployment = match outputs(arguments).await? {
        Some(deployment) => deployment,
        None => {
            output.say("making the deployment");
            apply(arguments, None).await?;
            outputs(arguments).await?.context(
                "the deployment has no outputs `blobs_bucket` and `publisher_key_arn` (with SAM: `BlobsBucket` and \
                 `PublisherKeyArn`): pass them on from the module",
            )?
        }
    };
    output.say(&format!("uploading to {}", deployment.bucket));
    let config = sdk_config().await;
    let blobs = open_bucket(&config, &deployment.bucket).await?;
    let publisher = Publisher::new(&config, &deployment.publisher_key);
    let local = engine::open_blobs(project)?;
    let to_upload = ToUpload {
        components: &components,
        templates: &templates,
        triggers: &triggers,
        architecture: match arguments.architecture {
            Architecture::Arm64 => "aarch64",
            Architecture::X86_64 => "x86_64",
        },
        publisher: &publisher,
        promote: !arguments.no_promote,
    };
    let publication = upload(project, to_upload, &engine::open_host(project, &local)?, &blobs).await?;
    output.say(&format!("applying with the publication {publication}"));
    apply(arguments, Some(&publication)).await?;
    let deployment = outputs(arguments).await?.unwrap_or(deployment);
    let api = ["api_url", "ApiUrl"].iter().find_map(|name| deployment.outputs.get(*name)?.as_str());
    output.result(
        &json!({ "publication": publication, "bucket": deployment.bucket, "api_url": api }),
        || match api {
            Some(api) => format!("deployed; the API is at {api}"),
            None => "deployed".to_owned(),
        },
    )?;
    Ok(Ending::Done)
}

/// Brings the deployment to what is written, with this publication.
async fn apply(arguments: &Arguments, publication: Option<&str>) -> Result<()> {
    match arguments.via {
        Tool::Terraform => {
            let mut apply: Vec<String> =
                ["apply", "-input=false", "-auto-approve"].map(str::to_owned).to_vec();
            apply.extend(publication.map(|publication| format!("-var=publication={publication}")));
            apply.extend(arguments.rest.iter().cloned());
            terraform(&arguments.directory, &apply).await
        }
        Tool::Sam => {
            let options = arguments.rest.iter().position(|one| one.starts_with('-'));
            let (parameters, options) = arguments.rest.split_at(options.unwrap_or(arguments.rest.len()));
            let mut parameters = parameters.to_vec();
            let template = template(&arguments.directory, options)?;
            parameters.push(format!("Release={}", release(&template, &parameters)?));
            // The functions run with the same whatever is published.
            parameters.extend(publication.map(|publication| format!("Publication={publication}")));
            let mut command = Command::new("sam");
            command
                .current_dir(&arguments.directory)
                .args(["deploy", "--stack-name", &arguments.stack, "--no-confirm-changeset"])
                .args(["--no-fail-on-empty-changeset", "--capabilities", "CAPABILITY_NAMED_IAM"])
                .arg("CAPABILITY_AUTO_EXPAND")
                .args(options);
            command.arg("--parameter-overrides").args(parameters);
            succeed(command).await
        }
    }
}

/// The SAM template: the one that the options name, or the one that SAM looks for.
fn template(directory: &Path, options: &[String]) -> Result<PathBuf> {
    let option = options.iter().position(|one| matches!(&**one, "-t" | "--template" | "--template-file"));
    if let Some(named) = option.and_then(|at| options.get(at + 1)) {
        return Ok(directory.join(named));
    }
    let known = ["template.yaml", "template.yml"].map(|name| directory.join(name));
    let found = known.into_iter().find(|template| template.is_file());
    found.with_context(|| format!("{} holds no template.yaml", directory.display()))
}

/// What functions of a SAM template run with, as one hash: its text, the code that it names, and the parameters. SAM itself
/// sees another code, but not another value of a parameter, and would leave the alias at what ran with the old one.
fn release(template: &Path, parameters: &[String]) -> Result<String> {
    let text = std::fs::read_to_string(template)
        .with_context(|| format!("{} cannot be read", template.display()))?;
    let mut hashes = vec![sha256_hex(text.as_bytes()), sha256_hex(parameters.join("\n").as_bytes())];
    for code in text.lines().filter_map(|line| line.trim().strip_prefix("CodeUri:")) {
        let code = template.with_file_name("").join(code.trim());
        // What is not here lies in a bucket already, and its name says what it is.
        if code.exists() {
            hash_files(&code, &mut hashes).with_context(|| format!("{} cannot be read", code.display()))?;
        }
    }
    Ok(sha256_hex(hashes.join("\n").as_bytes()))
}

/// Of a file, or of all files of a folder.
fn hash_files(path: &Path, hashes: &mut Vec<String>) -> std::io::Result<()> {
    if !path.is_dir() {
        hashes.push(sha256_hex(&std::fs::read(path)?));
        return Ok(());
    }
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    entries.sort();
    for entry in entries {
        hashes.push(entry.display().to_string());
        hash_files(&entry, hashes)?;
    }
    Ok(())
}

async fn terraform(directory: &Path, arguments: &[String]) -> Result<()> {
    let mut command = Command::new("terraform");
    command.arg(format!("-chdir={}", directory.display())).args(arguments);
    succeed(command).await
}

/// Runs a tool before the user's eyes; what it prints is not our result.
async fn succeed(mut command: Command) -> Result<()> {
    let name = command.as_std().get_program().to_string_lossy().into_owned();
    command.stdout(Stdio::from(std::io::stderr())).stdin(Stdio::null()).kill_on_drop(true);
    let status =
        command.status().await.with_context(|| format!("`{name}` cannot be run; is it installed?"))?;
    if !status.success() {
        bail!("`{name}` failed ({status}); what it said stands above");
    }
    Ok(())
}

/// What the deployment says of itself; none, if it was not made yet.
async fn outputs(arguments: &Arguments) -> Result<Option<Deployment>> {
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

    let mut command = match arguments.via {
        Tool::Terraform => {
            let mut command = Command::new("terraform");
            command.arg(format!("-chdir={}", arguments.directory.display())).args(["output", "-json"]);
            command
        }
        Tool::Sam => {
            let mut command = Command::new("sam");
            command.args(["list", "stack-outputs", "--output", "json", "--stack-name", &arguments.stack]);
            command
        }
    };
    let asked = command.stdin(Stdio::null()).output().await.context("the deployment cannot be asked")?;
    if !asked.status.success() {
        return Ok(None);
    }
    let outputs: BTreeMap<String, Value> = match arguments.via {
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
