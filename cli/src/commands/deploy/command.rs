//! `tasker deploy`: creates the deployment with Terraform or SAM, uploads the project, and publishes it there.

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde_json::json;
use tasker_transport::s3::{open_bucket, sdk_config};

use super::{
    encrypted::check_endpoints,
    signing::Publisher,
    tool::Deployer,
    upload::{ToUpload, upload},
};
use crate::{
    commands::ending::Ending,
    config::ProjectConfig,
    output::Output,
    parts,
    project::{components::build, templates::read_templates, triggers::read_triggers},
};

/// The processor architecture of the functions.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Architecture {
    Arm64,
    #[value(name = "x86_64")]
    X86_64,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    deployer: Deployer,
    /// The processor architecture of the functions.
    #[arg(long, value_enum, default_value = "arm64")]
    architecture: Architecture,
    /// Publish new versions of handlers without making them current.
    #[arg(long)]
    no_promote: bool,
}

pub(crate) async fn run(project: &ProjectConfig, arguments: &Arguments, output: &Output) -> Result<Ending> {
    // Report faults of the project before creating anything.
    let (templates, triggers) = (read_templates(project)?, read_triggers(project)?);
    let components = build(project).await?;

    let deployer = &arguments.deployer;
    deployer.init().await?;
    let deployment = match deployer.outputs().await? {
        Some(deployment) => deployment,
        None => {
            output.say("creating the deployment");
            deployer.apply(None).await?;
            deployer.outputs().await?.context(
                "the deployment has no outputs `blobs_bucket` and `publisher_key_arn` (with SAM: `BlobsBucket` and \
                 `PublisherKeyArn`): pass them on from the module",
            )?
        }
    };
    output.say(&format!("uploading to {}", deployment.bucket));
    let config = sdk_config().await;
    check_endpoints(config.endpoint_url())?;
    let blobs = open_bucket(&config, &deployment.bucket).await?;
    let publisher = Publisher::new(&config, &deployment.publisher_key);
    let local = parts::open_blobs(project)?;
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
    let publication = upload(project, to_upload, &parts::open_host(project, &local)?, &blobs).await?;
    output.say(&format!("applying with the publication {publication}"));
    deployer.apply(Some(&publication)).await?;
    let deployment = deployer.outputs().await?.unwrap_or(deployment);
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
