//! `tasker task validate`: checks requests to create tasks.

use anyhow::Result;
use serde::Serialize;
use tasker_api::CheckedTask;

use super::{
    ending::Ending,
    request::{RefusedInput, Request},
};
use crate::{
    client::Client,
    output::{Output, printable},
};

/// The results, as JSON.
#[derive(Serialize)]
struct Checked {
    valid: Vec<CheckedTask>,
    refused: Vec<RefusedInput>,
}

pub(super) async fn run(client: &Client, request: &Request, output: &Output) -> Result<Ending> {
    let mut all = Checked { valid: Vec::new(), refused: Vec::new() };
    for input in request.inputs()? {
        let body = request.body(input.text.clone())?;
        match client.post::<CheckedTask>("/v1/tasks/validate", &body).await? {
            Ok(checked) => {
                let CheckedTask { namespace, name, version } = &checked;
                let line = input.line.map_or(String::new(), |line| format!("line {line}: "));
                output.say(&format!("{line}valid for {namespace}/{name} {version}"));
                all.valid.push(checked);
            }
            Err(problem) => {
                let refused = RefusedInput::new(input, problem);
                if !output.json {
                    eprintln!("{}", printable(&refused.words(output)));
                }
                all.refused.push(refused);
            }
        }
    }
    output.result(&all, String::new)?;
    Ok(if all.refused.is_empty() { Ending::Done } else { Ending::TaskDidNotComplete })
}
