//! The values of labels.

use std::{borrow::Cow, sync::Arc};

use opentelemetry::{KeyValue, StringValue, Value};

/// The value of a label: a text that costs no allocation to copy. Never an id of a task, a request, a user or a host, because
/// each value is a series of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label(StringValue);

impl Label {
    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl From<&'static str> for Label {
    fn from(text: &'static str) -> Self {
        Self(text.into())
    }
}

impl From<Arc<str>> for Label {
    fn from(text: Arc<str>) -> Self {
        Self(text.into())
    }
}

impl From<&Arc<str>> for Label {
    fn from(text: &Arc<str>) -> Self {
        Arc::clone(text).into()
    }
}

impl From<String> for Label {
    /// Allocates; for what is rare.
    fn from(text: String) -> Self {
        Self(Arc::<str>::from(text).into())
    }
}

impl From<Cow<'static, str>> for Label {
    fn from(text: Cow<'static, str>) -> Self {
        match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}

/// The values of the labels of an instrument, in its order.
pub type Labels<const N: usize> = [Label; N];

/// The label that [`crate::MetricsSettings::step_labels`] drops.
const STEP: &str = "step";

/// The names of an instrument's labels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<const N: usize> {
    names: [&'static str; N],
    /// The position of the label that is dropped.
    dropped: Option<usize>,
}

impl<const N: usize> Names<N> {
    pub(crate) fn new(names: [&'static str; N], has_steps: bool) -> Self {
        let dropped = names.iter().position(|name| *name == STEP).filter(|_| !has_steps);
        Self { names, dropped }
    }

    /// Calls `record` with the labels that count.
    pub(crate) fn with(&self, values: Labels<N>, record: impl FnOnce(&[KeyValue])) {
        let mut position = 0;
        let mut pairs = values.map(|value| {
            let name = self.names[position];
            position += 1;
            KeyValue::new(name, Value::String(value.0))
        });
        match self.dropped {
            None => record(&pairs),
            Some(dropped) => {
                pairs[dropped..].rotate_left(1);
                record(&pairs[..N - 1]);
            }
        }
    }
}
