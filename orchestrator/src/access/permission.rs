//! Permissions: an action on a kind of resource.

use std::fmt;

macro_rules! permissions {
    ($($name:ident $text:literal $reach:ident $doc:literal)*) => {
        /// An action on a kind of resource.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission { $(#[doc = $doc] $name,)* }

        impl Permission {
            /// All permissions.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name: `resource:action`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What it allows, in a sentence.
            pub fn description(self) -> &'static str {
                match self { $(Self::$name => $doc,)* }
            }

            /// Whether the resources belong to namespaces, so that the permission can be limited to some.
            pub fn is_of_namespaces(self) -> bool {
                match self { $(Self::$name => permissions!(@ $reach),)* }
            }
        }
    };
    (@ namespaces) => { true };
    (@ system) => { false };
}

permissions! {
    TasksCreate "tasks:create" namespaces "Create tasks."
    TasksRead "tasks:read" namespaces "Read a task and its audit, without its documents."
    TasksList "tasks:list" namespaces "List tasks."
    TasksContextRead "tasks:context_read" namespaces "Read documents: inputs, results, checkpoints, failures in detail, logs."
    TasksOperate "tasks:operate" namespaces "Pause, resume, redrive, rerun, upgrade, tag, resolve or give up a task."
    TasksCancel "tasks:cancel" namespaces "Cancel a task."
    StepsRead "steps:read" namespaces "Read the steps of a task."
    StepsResolve "steps:resolve" namespaces "Reset, resolve or complete a step by hand."
    DlqRead "dlq:read" namespaces "Read dead letters and stale tasks."
    DlqUpdate "dlq:update" namespaces "Add dead letters and set their resolution."
    DlqStats "dlq:stats" namespaces "Count dead letters."
    TemplatesRead "templates:read" namespaces "Read published templates."
    TemplatesValidate "templates:validate" namespaces "Check templates without publishing them."
    TemplatesPublish "templates:publish" namespaces "Publish templates and triggers; with all namespaces, components too."
    SystemHandlersRead "system:handlers_read" namespaces "Discover templates."
    TriggersRead "triggers:read" namespaces "Read triggers."
    TriggersUpdate "triggers:update" namespaces "Enable, disable and remove triggers."
    CallablesRead "callables:read" system "Read the handlers of steps and their versions."
    HandlersPromote "handlers:promote" system "Change the current version of a handler."
    WorkersRead "workers:read" system "List the hosts that run steps."
    QueuesRead "queues:read" system "Read how much waits in the queues."
    MetricsRead "metrics:read" system "Read what a server measures."
    EventsRead "events:read" system "Read received events, domain events and subscriptions."
    EventsSend "events:send" system "Send events, which start tasks of any namespace."
    EventsReplay "events:replay" system "Replay received events."
    EventsSubscribe "events:subscribe" system "Subscribe to domain events."
    SystemConfigRead "system:config_read" system "Read the configuration, without its secrets."
    SystemAnalyticsRead "system:analytics_read" namespaces "Read analytics."
    SystemHealthRead "system:health_read" system "Read the health in detail."
    AuditRead "audit:read" system "Read who did what through the API."
    KeysRead "keys:read" system "List API keys and sessions."
    KeysCreate "keys:create" system "Create API keys, with no more than one's own permissions."
    KeysRevoke "keys:revoke" system "Revoke API keys, and end sessions."
}

impl Permission {
    /// The permission with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|permission| permission.as_str() == name)
    }

    /// The kind of resource: what stands before the colon.
    pub(super) fn resource(self) -> &'static str {
        self.as_str().split(':').next().unwrap_or_default()
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
