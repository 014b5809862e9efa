//! How deep JSON from outside may be nested: the data of events, and the inputs of tasks.

/// The deepest nesting of JSON that comes from outside. Parsers of JSON commonly allow 128 levels, and what comes
/// is one level deep in what is stored or sent.
pub const MAX_DEPTH: usize = 127;

/// Returns whether valid JSON is nested deeper than [`MAX_DEPTH`] levels.
pub fn is_too_deep(json: &str) -> bool {
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}
