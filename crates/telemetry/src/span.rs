//! What is said about something that has ended. No span is open meanwhile: a task may take days.

use std::{borrow::Cow, time::SystemTime};

use crate::trace::{SpanId, TraceId};

/// What a span is to the one that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// It answers a request.
    Server,
    /// It waits for the answer of another system.
    Client,
    /// It sends messages.
    Producer,
    /// It works on a message.
    Consumer,
    /// It is a part of its parent.
    Internal,
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Attribute {
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
}

impl From<String> for Attribute {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Attribute {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Attribute {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

/// A span that has ended.
#[derive(Debug, Clone)]
pub struct Span {
    /// The trace that it is in.
    pub trace: TraceId,
    /// Its id.
    pub id: SpanId,
    /// The span that it belongs to.
    pub parent: Option<SpanId>,
    /// What it is to that.
    pub kind: SpanKind,
    /// What happened, with few different names.
    pub name: Cow<'static, str>,
    /// When it began.
    pub start: SystemTime,
    /// When it ended.
    pub end: SystemTime,
    /// What is known about it.
    pub attributes: Vec<(&'static str, Attribute)>,
    /// Why it failed, if it did.
    pub error: Option<String>,
    /// Other spans that it has to do with.
    pub links: Vec<Link>,
}

/// A span that another one has to do with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The trace that it is in.
    pub trace: TraceId,
    /// Its id.
    pub span: SpanId,
    /// Why: `retry`, `resume`, `task`.
    pub why: &'static str,
}
