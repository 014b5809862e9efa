//! Validation of short texts: names, reasons, tags.
//!
//! Control characters are refused: a terminal obeys them, and PostgreSQL cannot store NUL.

/// The maximum length of a text, in bytes.
const MAX_TEXT: usize = 4096;
/// The maximum length of a name or an id, in bytes.
const MAX_NAME: usize = 256;

/// Why a text of several lines is rejected; None if it is valid.
pub fn text_fault(text: &str) -> Option<&'static str> {
    if text.chars().any(|character| character.is_control() && !"\n\r\t".contains(character)) {
        Some("must not contain control characters")
    } else if text.len() > MAX_TEXT {
        Some("is longer than 4096 bytes")
    } else {
        None
    }
}

/// Returns as much of a name as [`name_fault`] allows, for names that are derived from longer texts.
pub fn cut_name(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_NAME)]
}

/// Why a name, an id or a tag is rejected; None if it is valid.
pub fn name_fault(text: &str) -> Option<&'static str> {
    if text.chars().any(char::is_control) {
        Some("must not contain control characters")
    } else if text.len() > MAX_NAME {
        Some("is longer than 256 bytes")
    } else {
        None
    }
}
