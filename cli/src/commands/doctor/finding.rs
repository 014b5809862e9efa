//! What the doctor has found.

use serde::Serialize;

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Ok,
    /// It was not looked at, because something that it needs is not there.
    Skipped,
    /// It works, and will hurt.
    Warning,
    /// It does not work.
    Error,
}

/// Something that was looked at.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Finding {
    /// What was looked at: `configuration`, `project`, `machine`, `database`, `server`.
    pub(super) area: &'static str,
    pub(super) verdict: Verdict,
    /// What is so.
    pub(super) detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remedy: Option<String>,
}

/// The findings of one area.
pub(super) struct Area {
    name: &'static str,
    findings: Vec<Finding>,
}

impl Area {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, findings: Vec::new() }
    }

    pub(super) fn ok(&mut self, detail: impl Into<String>) {
        self.add(Verdict::Ok, detail, None);
    }

    pub(super) fn skipped(&mut self, detail: impl Into<String>, remedy: &str) {
        self.add(Verdict::Skipped, detail, Some(remedy.to_owned()));
    }

    pub(super) fn warning(&mut self, detail: impl Into<String>, remedy: impl Into<String>) {
        self.add(Verdict::Warning, detail, Some(remedy.into()));
    }

    pub(super) fn error(&mut self, detail: impl Into<String>, remedy: impl Into<String>) {
        self.add(Verdict::Error, detail, Some(remedy.into()));
    }

    fn add(&mut self, verdict: Verdict, detail: impl Into<String>, remedy: Option<String>) {
        self.findings.push(Finding { area: self.name, verdict, detail: detail.into(), remedy });
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}
