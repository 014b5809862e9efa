//! In the place of `tasker deploy`, in a build that cannot.

use anyhow::{Result, bail};

use crate::{commands::ending::Ending, config::ProjectConfig, output::Output, parts::NEEDS_AWS};

/// Any: what is wrong is not the arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    any: Vec<String>,
}

pub(crate) async fn run(
    _project: &ProjectConfig,
    _arguments: &Arguments,
    _output: &Output,
) -> Result<Ending> {
    bail!("`tasker deploy` is not part of this program. {NEEDS_AWS}")
}
