//! What a short text may hold: names, reasons, tags.

/// The longest text that a field takes, in bytes.
const MAX_BYTES: usize = 4096;

/// Why a text cannot be stored, if it cannot: a text column holds no NUL, and nobody writes a name of 4 KiB.
pub fn text_fault(text: &str) -> Option<&'static str> {
    if text.contains('\0') {
        Some("must not contain a NUL character")
    } else if text.len() > MAX_BYTES {
        Some("is longer than 4096 bytes")
    } else {
        None
    }
}
