//! Roles: permissions that usually go together.

use super::permission::Permission as P;

/// A built-in role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Sees everything but documents.
    Viewer,
    /// Sees everything, and the API keys.
    Auditor,
    /// Creates tasks and sends events.
    Submitter,
    /// Runs the system: operates on tasks, steps, dead letters and triggers.
    Operator,
    /// Publishes.
    Publisher,
    /// Everything.
    Admin,
}

const VIEWER: &[P] = &[
    P::TasksRead,
    P::TasksList,
    P::StepsRead,
    P::DlqRead,
    P::DlqStats,
    P::TemplatesRead,
    P::SystemHandlersRead,
    P::TriggersRead,
    P::CallablesRead,
    P::EventsRead,
    P::WorkersRead,
    P::QueuesRead,
    P::MetricsRead,
    P::SystemAnalyticsRead,
];
const AUDITOR: &[P] = &[P::TasksContextRead, P::AuditRead, P::KeysRead, P::SystemConfigRead];
const SUBMITTER: &[P] = &[P::TasksCreate, P::TasksRead, P::TasksList, P::TemplatesRead, P::EventsSend];
const OPERATOR: &[P] = &[
    P::TasksContextRead,
    P::TasksOperate,
    P::TasksCancel,
    P::TasksCreate,
    P::StepsResolve,
    P::DlqUpdate,
    P::EventsReplay,
    P::TriggersUpdate,
    P::SystemHealthRead,
];
const PUBLISHER: &[P] = &[P::TemplatesValidate, P::TemplatesPublish, P::HandlersPromote];

impl Role {
    /// All roles.
    pub const ALL: [Self; 6] =
        [Self::Viewer, Self::Auditor, Self::Submitter, Self::Operator, Self::Publisher, Self::Admin];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Auditor => "auditor",
            Self::Submitter => "submitter",
            Self::Operator => "operator",
            Self::Publisher => "publisher",
            Self::Admin => "admin",
        }
    }

    /// The role with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// Its permissions.
    pub fn permissions(self) -> Vec<P> {
        let parts: &[&[P]] = match self {
            Self::Viewer => &[VIEWER],
            Self::Auditor => &[VIEWER, AUDITOR],
            Self::Submitter => &[SUBMITTER],
            Self::Operator => &[VIEWER, OPERATOR],
            Self::Publisher => &[VIEWER, PUBLISHER],
            Self::Admin => &[P::ALL],
        };
        parts.concat()
    }
}
