//! Arguments that several tools take.

use crate::arguments::{Field, Kind, optional, required};

pub(super) const TASK: Field = required("task", Kind::Uuid, "The id of the task.");
pub(super) const STEP: Field = required("step", Kind::Text, "The step, by name or number.");
pub(super) const NAMESPACE: Field = required("namespace", Kind::Text, "The template's namespace.");
pub(super) const NAME: Field = required("name", Kind::Text, "The template's name.");
pub(super) const VERSION: Field = required("version", Kind::Text, "The template's version, such as 1.0.0.");
pub(super) const CALLABLE: Field =
    required("callable", Kind::Text, "The name that templates use for the handler.");
pub(super) const REASON: Field = required("reason", Kind::Text, "Why, for the audit.");
pub(super) const DOCUMENTS: Field = optional(
    "documents",
    Kind::Boolean,
    "Whether to return documents too (inputs, results, failures), cut to fit.",
);
