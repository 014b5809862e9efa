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

/// Why the name of a template, namespace, step, trigger, handler or subscription is rejected; None if it is valid. Such a name
/// stands in URLs, in `NAMESPACE/NAME@VERSION`, and in shells.
pub fn identifier_fault(text: &str) -> Option<&'static str> {
    // Characters that are not seen, or that change the direction of the text around them.
    let is_invisible = |letter: char| {
        letter.is_whitespace()
            || matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let is_letter = |letter: char| {
        letter.is_ascii_alphanumeric()
            || "_-.:".contains(letter)
            || !letter.is_ascii() && !is_invisible(letter)
    };
    name_fault(text).or_else(|| {
        let is_valid = text.chars().all(is_letter) && !text.starts_with(['-', '.', ':']);
        (!is_valid).then_some(
            "may contain letters and digits of any script, `_`, `-`, `.` and `:`, and begins with none of the last three",
        )
    })
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
