//! Validation of short texts: names, reasons, tags.

/// The maximum length of a text field, in bytes.
const MAX_BYTES: usize = 4096;

/// Why a text is rejected; None if it is valid. PostgreSQL's text type cannot store NUL.
pub fn text_fault(text: &str) -> Option<&'static str> {
    if text.contains('\0') {
        Some("must not contain a NUL character")
    } else if text.len() > MAX_BYTES {
        Some("is longer than 4096 bytes")
    } else {
        None
    }
}
