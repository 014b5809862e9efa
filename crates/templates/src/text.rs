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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_may_have_several_lines_and_nothing_that_a_terminal_obeys() {
        assert_eq!(text_fault("two\r\n\tlines, é"), None);
        for obeyed in ["\u{1b}]52;c;x\u{7}", "\0", "\u{9b}2J"] {
            assert_eq!(text_fault(obeyed), Some("must not contain control characters"), "{obeyed:?}");
        }
        assert_eq!(name_fault("two\nlines"), Some("must not contain control characters"));
    }

    #[test]
    fn texts_and_names_have_a_longest_length() {
        for (longest, fault) in [
            (4096, text_fault as fn(&str) -> Option<&'static str>),
            (256, name_fault),
            (256, identifier_fault),
        ] {
            assert_eq!(fault(&"x".repeat(longest)), None);
            let refused = fault(&"x".repeat(longest + 1)).unwrap();
            assert!(refused.contains(&format!("longer than {longest} bytes")), "{refused}");
        }
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        assert_eq!(cut_name("short"), "short");
        assert_eq!(cut_name(&"é".repeat(200)), "é".repeat(128));
        assert_eq!(cut_name(&format!("a{}", "é".repeat(200))).len(), 255);
    }

    #[test]
    fn an_identifier_stands_alone_in_urls_and_shells() {
        for valid in ["a", "order_fulfillment", "v1.2-x:y", "検証", "Größe"] {
            assert_eq!(identifier_fault(valid), None, "{valid}");
        }
        for wrong in
            ["a/b", "a b", "a@1", "a?x", "a#y", "-a", ".a", ":a", "a\u{200b}b", "a\u{202e}b", "a\u{ad}"]
        {
            assert!(identifier_fault(wrong).is_some(), "{wrong:?}");
        }
    }
}
