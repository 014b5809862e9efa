//! Ids of traces and spans. They are computed, not stored: every process knows the ids of spans that another one exports.
//!
//! A task whose request came without a trace has its own id as its trace's.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// The bytes of a trace's id.
pub type TraceId = [u8; 16];
/// The bytes of a span's id.
pub type SpanId = [u8; 8];

/// The trace that a task belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    /// Its id.
    pub id: TraceId,
    /// The span that the task was requested in, if its request named one.
    pub parent: Option<SpanId>,
    /// Whether its spans are exported.
    pub is_sampled: bool,
}

impl Trace {
    /// The trace of a task, from its id and from the `traceparent` of its request. One that is not valid counts as none. The
    /// request decides whether the trace is sampled; without one, `ratio` of all tasks are.
    pub fn of_task(task: [u8; 16], traceparent: Option<&str>, ratio: f64) -> Self {
        if let Some((id, parent, is_sampled)) = traceparent.and_then(parse) {
            return Self { id, parent: Some(parent), is_sampled };
        }
        Self { id: task, parent: None, is_sampled: is_among(task, ratio) }
    }

    /// The `traceparent` (W3C) of what a span calls.
    pub fn traceparent(&self, span: SpanId) -> String {
        let flags = if self.is_sampled { "01" } else { "00" };
        format!("00-{}-{}-{flags}", Hex(&self.id), Hex(&span))
    }
}

/// The span of a task, from its creation to its end: the random half of its id.
pub fn task_span(task: [u8; 16]) -> SpanId {
    std::array::from_fn(|index| task[index + 8])
}

/// The span of an execution of a step.
pub fn execution_span(task: [u8; 16], step_index: u32, execution: u32) -> SpanId {
    let hash = Sha256::new()
        .chain_update(task)
        .chain_update(step_index.to_be_bytes())
        .chain_update(execution.to_be_bytes());
    let hash = <[u8; 32]>::from(hash.finalize());
    std::array::from_fn(|index| hash[index])
}

/// Whether an id is among this share of all ids, by its random half. Every process decides alike.
pub(crate) fn is_among(id: TraceId, ratio: f64) -> bool {
    // The first two bits are the same in all UUIDs.
    let random = u64::from_be_bytes(task_span(id)) & ((1 << 62) - 1);
    (random as f64) < ratio.clamp(0.0, 1.0) * (1_u64 << 62) as f64
}

/// The id, the span and the sampled flag of a `traceparent`.
pub fn parse(text: &str) -> Option<(TraceId, SpanId, bool)> {
    let mut parts = text.trim().split('-');
    let version = parts.next()?;
    let (trace, span, flags) = (bytes(parts.next()?)?, bytes(parts.next()?)?, bytes::<1>(parts.next()?)?);
    let is_known =
        version == "00" && parts.next().is_none() || version != "00" && version != "ff" && version.len() == 2;
    let is_some = trace != [0; 16] && span != [0; 8];
    (is_known && is_some).then_some((trace, span, flags[0] & 1 == 1))
}

/// Bytes in lower-case hexadecimal.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != 2 * N || !text.bytes().all(is_hex) {
        return None;
    }
    let mut found = [0; N];
    for (index, byte) in found.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(found)
}

/// Bytes as lower-case hexadecimal.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK: [u8; 16] = [1, 0x99, 2, 3, 4, 5, 0x76, 7, 0x80, 9, 10, 11, 12, 13, 14, 15];

    #[test]
    fn a_trace_that_came_in_goes_on_and_others_are_named_after_their_tasks() {
        let came = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let trace = Trace::of_task(TASK, Some(came), 0.0);
        assert!(trace.is_sampled, "the caller decides");
        assert_eq!(trace.traceparent(trace.parent.unwrap()), came);
        let own = Trace::of_task(TASK, None, 1.0);
        assert_eq!(
            own.traceparent(task_span(TASK)),
            "00-01990203040576078009 0a0b0c0d0e0f-80090a0b0c0d0e0f-01".replace(' ', "")
        );
        assert!(!Trace::of_task(TASK, Some(&came.replace("-01", "-00")), 1.0).is_sampled);
    }

    #[test]
    fn what_is_no_traceparent_counts_as_none() {
        for text in [
            "",
            "00",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319ü-b7ad6b7169203331-01",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert!(
            parse("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more").is_some(),
            "a later version"
        );
    }

    #[test]
    fn executions_have_spans_of_their_own() {
        let spans = [(0, 1), (0, 2), (1, 1)].map(|(step, execution)| execution_span(TASK, step, execution));
        assert!(spans[0] != spans[1] && spans[0] != spans[2]);
        assert_eq!(spans[0], execution_span(TASK, 0, 1));
    }

    #[test]
    fn a_share_of_the_tasks_is_sampled() {
        let sampled = |ratio: f64| {
            let is_among = |number: u64| {
                let mut id = TASK;
                let random = Sha256::digest(number.to_be_bytes());
                id[8..].copy_from_slice(&random[..8]);
                // As the variant of a UUID.
                id[8] = id[8] & 0x3f | 0x80;
                is_among(id, ratio)
            };
            (0..10_000).filter(|number| is_among(*number)).count()
        };
        assert_eq!((sampled(0.0), sampled(1.0)), (0, 10_000));
        assert!((900..1100).contains(&sampled(0.1)), "{}", sampled(0.1));
    }
}
