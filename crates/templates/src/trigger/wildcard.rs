//! Wildcard patterns: `*` matches any characters, `\*` a star, `\\` a backslash.

/// A wildcard pattern, split at its stars.
#[derive(Debug, Clone)]
pub(super) struct Wildcard {
    first: String,
    /// The parts between two stars.
    middle: Vec<String>,
    /// The part after the last star. None if there is no star.
    last: Option<String>,
}

impl Wildcard {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let (mut parts, mut part) = (Vec::new(), String::new());
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '*' if characters.peek() == Some(&'*') => {
                    return Err("`wildcard` has two stars in a row; one has the same effect".to_owned());
                }
                '*' => parts.push(std::mem::take(&mut part)),
                '\\' => match characters.next() {
                    Some(escaped @ ('*' | '\\')) => part.push(escaped),
                    _ => {
                        return Err(
                            "in `wildcard`, a backslash must be followed by a star or a backslash".to_owned()
                        );
                    }
                },
                other => part.push(other),
            }
        }
        if parts.is_empty() {
            return Ok(Self { first: part, middle: Vec::new(), last: None });
        }
        let first = parts.remove(0);
        Ok(Self { first, middle: parts, last: Some(part) })
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let Some(last) = &self.last else { return text == self.first };
        let Some(mut rest) = text.strip_prefix(self.first.as_str()) else { return false };
        // Matching each part as early as possible leaves the most text for the rest.
        for part in &self.middle {
            match rest.find(part.as_str()) {
                Some(place) => rest = &rest[place + part.len()..],
                None => return false,
            }
        }
        rest.ends_with(last.as_str())
    }
}
