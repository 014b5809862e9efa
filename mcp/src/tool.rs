//! What a tool is, as data.

use std::{future::Future, pin::Pin, sync::Arc};

use rmcp::model::{MetaObject, Tool as Listed, ToolAnnotations};
use serde_json::Value;

use crate::{
    api::ApiRequest,
    arguments::{self, CONFIRM, Field},
    call::Call,
    failure::Failure,
};

/// What a tool may do at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tier {
    /// It only reads.
    Read,
    /// It changes something, after a confirmation.
    Write,
}

/// What a step of a tool returns later.
pub(crate) type Later<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// What a tool does.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// Reads, and returns its answer.
    Read(for<'a> fn(&'a Call<'a>) -> Later<'a, Value>),
    /// Reads the target, and returns what would change and the one request that changes it.
    Write(for<'a> fn(&'a Call<'a>) -> Later<'a, Plan>),
}

/// What a tool would change.
pub(crate) struct Plan {
    /// In one sentence.
    pub(crate) what: String,
    /// The target now.
    pub(crate) before: Value,
    /// The target afterwards, as far as it is known.
    pub(crate) after: Option<Value>,
    /// What it concerns.
    pub(crate) affected: Value,
    pub(crate) warnings: Vec<String>,
    /// What must still be the same when the plan is confirmed.
    pub(crate) fingerprint: Value,
    /// What changes it.
    pub(crate) request: ApiRequest,
    /// Whether the request carries an idempotency key of the caller, which no other may contradict.
    pub(crate) has_own_key: bool,
    /// Brings the response into the form of an answer.
    pub(crate) shape: fn(Value) -> Value,
}

/// What a tool does to its target, for clients that ask their user.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hints {
    /// It replaces or ends something rather than adding to it.
    pub(crate) is_destructive: bool,
    /// A second call with the same arguments changes nothing more.
    pub(crate) is_idempotent: bool,
}

/// A tool.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) description: &'static str,
    /// The main route: its method and path, as in the API's description.
    pub(crate) route: &'static str,
    /// The permission that this route needs. None: any caller may ask.
    pub(crate) permission: Option<&'static str>,
    pub(crate) fields: &'static [Field],
    pub(crate) hints: Hints,
    pub(crate) run: Run,
}

/// The hints of a tool that only reads.
pub(crate) const READS: Hints = Hints { is_destructive: false, is_idempotent: true };

impl Tool {
    pub(crate) fn tier(&self) -> Tier {
        match self.run {
            Run::Read(_) => Tier::Read,
            Run::Write(_) => Tier::Write,
        }
    }

    /// All arguments that it takes.
    pub(crate) fn all_fields(&self) -> Vec<Field> {
        let mut fields = self.fields.to_vec();
        if self.tier() == Tier::Write {
            fields.push(CONFIRM);
        }
        fields
    }

    /// The tool as clients see it. `_meta` names its route and permission.
    pub(crate) fn listed(&self) -> Listed {
        let mut meta = MetaObject::default();
        meta.insert("tasker/route".into(), self.route.into());
        meta.insert("tasker/permission".into(), self.permission.into());
        let annotations = ToolAnnotations::with_title(self.title)
            .read_only(self.tier() == Tier::Read)
            .destructive(self.hints.is_destructive)
            .idempotent(self.hints.is_idempotent)
            .open_world(false);
        let mut listed =
            Listed::new(self.name, self.description, Arc::new(arguments::schema(&self.all_fields())));
        listed.title = Some(self.title.to_owned());
        listed.annotations = Some(annotations);
        listed.meta = Some(meta);
        listed
    }
}
