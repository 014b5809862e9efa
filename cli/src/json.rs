//! JSON on several lines, with everything as it was written: no number loses a digit.

use serde::Serialize;

/// Formats a value.
pub(crate) fn pretty(value: &impl Serialize) -> serde_json::Result<String> {
    Ok(indented(&serde_json::to_string(value)?))
}

/// Formats valid JSON.
pub(crate) fn indented(json: &str) -> String {
    let mut text = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    // The last character outside of strings.
    let mut last = ' ';
    for character in json.chars() {
        if in_string {
            in_string = character != '"' || is_escaped;
            is_escaped = character == '\\' && !is_escaped;
            text.push(character);
            continue;
        }
        if character.is_ascii_whitespace() {
            continue;
        }
        let (opens, closes) = (matches!(last, '[' | '{'), matches!(character, ']' | '}'));
        if closes {
            depth = depth.saturating_sub(1);
        }
        // Nothing stands between the brackets of an empty array or object.
        if opens != closes || last == ',' {
            text.push('\n');
            text.push_str(&"  ".repeat(depth));
        }
        text.push(character);
        match character {
            '[' | '{' => depth += 1,
            ':' => text.push(' '),
            '"' => in_string = true,
            _ => {}
        }
        last = character;
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_indented_and_nothing_else_changes() {
        let value = json!({ "a": [1, [], {}, { "b": "[{,: \"\\" }], "c": {}, "d": [[""]], "é\n": null });
        assert_eq!(pretty(&value).unwrap(), format!("{value:#}"));
        assert_eq!(indented(&format!("{value:#}")), format!("{value:#}"));
        assert_eq!(
            indented("[1.10,123456789012345678901234567890 ]"),
            "[\n  1.10,\n  123456789012345678901234567890\n]"
        );
        assert_eq!(indented("1e400"), "1e400");
    }
}
