//! Filters of tasks, for lists, counts and bulk operations.

use anyhow::{Result, bail};
use serde_json::{Map, Value};

use super::paging::Paging;
use crate::client::query;

/// Which tasks to list or to act on.
#[derive(Debug, clap::Args)]
pub(crate) struct Filters {
    /// Only tasks in this state.
    #[arg(long, alias = "status", conflicts_with = "open")]
    state: Option<String>,
    /// Only tasks that have not ended.
    #[arg(long)]
    open: bool,
    /// Only tasks of this namespace.
    #[arg(long)]
    namespace: Option<String>,
    /// Only tasks of this template.
    #[arg(long)]
    name: Option<String>,
    /// Only tasks of this version of their template.
    #[arg(long)]
    version: Option<String>,
    /// Only tasks of this initiator.
    #[arg(long)]
    initiator: Option<String>,
    /// Only tasks of this source system.
    #[arg(long)]
    source_system: Option<String>,
    /// Only tasks with this correlation id.
    #[arg(long)]
    correlation_id: Option<String>,
    /// Only tasks with this parent correlation id.
    #[arg(long)]
    parent_correlation_id: Option<String>,
    /// Only tasks with this tag. Repeat it for tasks that have all of several.
    #[arg(long)]
    tag: Vec<String>,
    /// Only tasks with one of these tags.
    #[arg(long)]
    tag_any: Vec<String>,
    /// Only tasks with this value of a search attribute. Repeat it for several.
    #[arg(long, value_name = "NAME=VALUE")]
    attribute: Vec<String>,
    /// Only tasks that this text finds: the beginning of an id, a part of a template's name, or a whole tag, correlation id,
    /// initiator, source system or search attribute.
    #[arg(long, short, value_name = "TEXT")]
    q: Option<String>,
    /// Only tasks created at this time or later: RFC 3339, or how long ago (15m, 2h, 7d).
    #[arg(long, value_name = "TIME")]
    created_after: Option<String>,
    /// Only tasks created before this time.
    #[arg(long, value_name = "TIME")]
    created_before: Option<String>,
    /// Only tasks that ended at this time or later.
    #[arg(long, value_name = "TIME")]
    ended_after: Option<String>,
    /// Only tasks that ended before this time.
    #[arg(long, value_name = "TIME")]
    ended_before: Option<String>,
    /// Only tasks that are paused.
    #[arg(long)]
    paused: bool,
    /// Only tasks that have or had a DLQ entry.
    #[arg(long)]
    has_dlq_entry: bool,
    /// Only tasks in which this step has failed for good.
    #[arg(long, value_name = "STEP")]
    failed_step: Option<String>,
    /// Only tasks in which a step's last failure has this type.
    #[arg(long, value_name = "TYPE")]
    error_type: Option<String>,
    /// The oldest first.
    #[arg(long)]
    oldest_first: bool,
}

/// What a filter asks for.
enum Wanted {
    Text(String),
    Texts(Vec<String>),
    Yes,
}

impl Filters {
    /// All filters that are given. Lists and bulk operations have the same, so that none is forgotten by either.
    fn given(self) -> Vec<(&'static str, Wanted)> {
        let text = |value: Option<String>| value.map(Wanted::Text);
        let texts = |values: Vec<String>| (!values.is_empty()).then_some(Wanted::Texts(values));
        let yes = |is_set: bool| is_set.then_some(Wanted::Yes);
        let all = [
            ("state", texts(self.state.into_iter().collect())),
            ("open", yes(self.open)),
            ("namespace", text(self.namespace)),
            ("name", text(self.name)),
            ("version", text(self.version)),
            ("initiator", text(self.initiator)),
            ("source_system", text(self.source_system)),
            ("correlation_id", text(self.correlation_id)),
            ("parent_correlation_id", text(self.parent_correlation_id)),
            ("tag", texts(self.tag)),
            ("tag_any", texts(self.tag_any)),
            ("attribute", texts(self.attribute)),
            ("q", text(self.q)),
            ("created_after", text(self.created_after)),
            ("created_before", text(self.created_before)),
            ("ended_after", text(self.ended_after)),
            ("ended_before", text(self.ended_before)),
            ("paused", yes(self.paused)),
            ("has_dlq_entry", yes(self.has_dlq_entry)),
            ("failed_step", text(self.failed_step)),
            ("error_type", text(self.error_type)),
            ("order", self.oldest_first.then(|| Wanted::Text("asc".to_owned()))),
        ];
        all.into_iter().filter_map(|(name, wanted)| Some((name, wanted?))).collect()
    }

    /// The filter of a bulk operation. Null without any.
    ///
    /// # Errors
    /// They ask for an order, which a bulk operation does not have.
    pub(super) fn filter(self) -> Result<Value> {
        if self.oldest_first {
            bail!("a bulk operation goes from the newest task to the oldest: leave out --oldest-first");
        }
        let given: Map<String, Value> = self
            .given()
            .into_iter()
            .map(|(name, wanted)| {
                let value = match wanted {
                    Wanted::Text(text) => Value::from(text),
                    Wanted::Texts(texts) => Value::from(texts),
                    Wanted::Yes => Value::from(true),
                };
                (name.to_owned(), value)
            })
            .collect();
        Ok(if given.is_empty() { Value::Null } else { Value::Object(given) })
    }

    /// The query of a request with these filters.
    pub(super) fn query(self, paging: Option<Paging>) -> String {
        let of_page =
            [("limit", paging.as_ref().map(Paging::limit)), ("cursor", paging.and_then(Paging::cursor))];
        let given = self.given().into_iter().flat_map(|(name, wanted)| {
            let values = match wanted {
                Wanted::Text(text) => vec![text],
                Wanted::Texts(texts) => texts,
                Wanted::Yes => vec!["true".to_owned()],
            };
            values.into_iter().map(move |value| (name, Some(value)))
        });
        query(of_page.into_iter().chain(given))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::{CommandFactory, Parser};
    use serde_json::json;

    use super::*;

    #[derive(Parser)]
    #[command(disable_version_flag = true)]
    struct Arguments {
        #[command(flatten)]
        filters: Filters,
    }

    fn of(arguments: &str) -> Filters {
        Arguments::parse_from(["x"].into_iter().chain(arguments.split_whitespace())).filters
    }

    #[test]
    fn bulk_operations_take_every_filter_of_lists() {
        let every = "--state error --namespace shop --name order --version 1.0.0 --initiator ada --source-system till
            --correlation-id c --parent-correlation-id p --tag web --tag new --tag-any a --attribute id=1 -q text
            --created-after 2h --created-before 1h --ended-after 2h --ended-before 1h --paused --has-dlq-entry
            --failed-step a --error-type Broken";
        let filter = of(every).filter().unwrap();
        assert_eq!(filter["tag"], json!(["web", "new"]));
        assert_eq!((&filter["state"], &filter["paused"]), (&json!(["error"]), &json!(true)));
        let query = of(every).query(None);
        let in_query: BTreeSet<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
        let in_filter: BTreeSet<&str> = filter.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(in_query, in_filter);
        // With `--open`, which excludes `--state`, and the order, which lists alone have, these are all arguments.
        assert_eq!(in_filter.len() + 2, Arguments::command().get_arguments().count());
        assert_eq!(of("").filter().unwrap(), Value::Null);
        assert!(of("--oldest-first").filter().is_err());
        assert_eq!(of("--open").filter().unwrap(), json!({ "open": true }));
    }
}
