//! The filters of lists, by what is listed. Each narrows the list.

use crate::{
    list::List,
    moment::Moment,
    state::TaskState,
    types::{Access, AccessOutcome, DlqEntry, LogEntry, ReceivedEvent, TaskSummary, TemplateSummary},
};

impl List<TaskSummary> {
    /// Tasks in this state. Repeat it for several.
    pub fn state(self, state: impl Into<TaskState>) -> Self {
        self.query("state", state.into())
    }

    /// Tasks that have not ended (`true`), or that have (`false`).
    pub fn open(self, open: bool) -> Self {
        self.query("open", open)
    }

    /// Tasks of this namespace.
    pub fn namespace(self, namespace: &str) -> Self {
        self.query("namespace", namespace)
    }

    /// Tasks of templates with this name.
    pub fn name(self, name: &str) -> Self {
        self.query("name", name)
    }

    /// Tasks of this version of their template.
    pub fn version(self, version: &str) -> Self {
        self.query("version", version)
    }

    /// Tasks that this initiator requested.
    pub fn initiator(self, initiator: &str) -> Self {
        self.query("initiator", initiator)
    }

    /// Tasks whose request came from this system.
    pub fn source_system(self, system: &str) -> Self {
        self.query("source_system", system)
    }

    /// Tasks with this tag. Repeat it for tasks that have all of several.
    pub fn tag(self, tag: &str) -> Self {
        self.query("tag", tag)
    }

    /// Tasks with this correlation id, if their request gave it.
    pub fn correlation_id(self, id: &str) -> Self {
        self.query("correlation_id", id)
    }

    /// Tasks with this value of a search attribute of their template. Repeat it for several that all hold.
    pub fn attribute(self, name: &str, value: &str) -> Self {
        self.query("attribute", format!("{name}={value}"))
    }

    /// Tasks that this text finds: the beginning of an id, a part of a template's name, or a whole tag, correlation id,
    /// initiator, source system or search attribute.
    pub fn text(self, text: &str) -> Self {
        self.query("q", text)
    }

    /// The oldest first.
    pub fn oldest_first(self) -> Self {
        self.query("order", "asc")
    }

    /// Tasks created at this time or later.
    pub fn created_after(self, moment: impl Into<Moment>) -> Self {
        self.query("created_after", moment.into())
    }

    /// Tasks created before this time.
    pub fn created_before(self, moment: impl Into<Moment>) -> Self {
        self.query("created_before", moment.into())
    }
}

impl List<TemplateSummary> {
    /// Templates of this namespace.
    pub fn namespace(self, namespace: &str) -> Self {
        self.query("namespace", namespace)
    }

    /// Templates with this name.
    pub fn name(self, name: &str) -> Self {
        self.query("name", name)
    }
}

impl List<LogEntry> {
    /// Lines of this step, by name or number. Of a task's list only.
    pub fn step(self, step: &str) -> Self {
        self.query("step", step)
    }

    /// Lines of this attempt.
    pub fn attempt(self, attempt: u32) -> Self {
        self.query("attempt", attempt)
    }

    /// Lines of this severity and above: `trace`, `debug`, `info`, `warn`, `error`, `critical`.
    pub fn level(self, level: &str) -> Self {
        self.query("level", level)
    }

    /// Lines whose message contains this text, in any case.
    pub fn containing(self, text: &str) -> Self {
        self.query("q", text)
    }

    /// Lines written at this time or later.
    pub fn after(self, moment: impl Into<Moment>) -> Self {
        self.query("after", moment.into())
    }

    /// Lines written before this time.
    pub fn before(self, moment: impl Into<Moment>) -> Self {
        self.query("before", moment.into())
    }
}

impl List<DlqEntry> {
    /// Entries with this resolution: `pending`, `manually_resolved`, `permanently_failed`, `cancelled`.
    pub fn resolution_status(self, status: &str) -> Self {
        self.query("resolution_status", status)
    }
}

impl List<ReceivedEvent> {
    /// Events in this state: `started`, `unmatched`, `failed`, or `dead` for the last two. Repeat it for several.
    pub fn state(self, state: &str) -> Self {
        self.query("state", state)
    }
}

impl List<Access> {
    /// Requests of principals with this name.
    pub fn principal(self, name: &str) -> Self {
        self.query("principal", name)
    }

    /// Requests that need this permission.
    pub fn permission(self, permission: &str) -> Self {
        self.query("permission", permission)
    }

    /// Requests that ended so.
    pub fn outcome(self, outcome: impl Into<AccessOutcome>) -> Self {
        self.query("outcome", outcome.into())
    }

    /// Requests at this time or later.
    pub fn after(self, moment: impl Into<Moment>) -> Self {
        self.query("after", moment.into())
    }

    /// Requests before this time.
    pub fn before(self, moment: impl Into<Moment>) -> Self {
        self.query("before", moment.into())
    }
}
