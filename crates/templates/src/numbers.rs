//! Numbers of JSON that a parser's 64 bits do not hold: how to tell them, and how to compare documents without losing a digit.

use serde_json::{Number, Value};

/// Returns a text that is equal for equal documents: keys are sorted, spaces dropped, and numbers compared with all
/// digits.
///
/// # Errors
/// Why it is not JSON, or that it is nested too deeply.
pub fn canonical(json: &str) -> serde_json::Result<String> {
    if tokens(json).all(|token| !matches!(token, Token::Number(number) if !is_exact(number))) {
        return Ok(serde_json::from_str::<Value>(json)?.to_string());
    }
    Ok(format!("exact {}", marked(json, |number| !is_exact(number))?))
}

/// Whether two valid documents are equal, however their numbers are written.
pub(crate) fn are_equal(one: &str, other: &str) -> bool {
    one == other
        || matches!((marked(one, |_| true), marked(other, |_| true)), (Ok(one), Ok(other)) if one == other)
}

/// Parses valid JSON with these numbers as strings. A letter in front of every string keeps them apart from the document's own.
fn marked(json: &str, is_marked: impl Fn(&str) -> bool) -> serde_json::Result<Value> {
    let marked: String = tokens(json)
        .map(|token| match token {
            Token::Number(number) if is_marked(number) => format!("\"n{}\"", spelled(number)),
            Token::String(text) => format!("\"s{}", &text[1..]),
            Token::Number(text) | Token::Other(text) => text.to_owned(),
        })
        .collect();
    serde_json::from_str(&marked)
}

/// Parses valid JSON. An integer of more than 64 bits becomes a string, with all its digits.
pub(crate) fn with_long_integers_as_text(json: &str) -> serde_json::Result<Value> {
    let is_integer = |number: &str| number.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit());
    let rewritten: String = tokens(json)
        .map(|token| match token {
            Token::Number(number) if is_integer(number) && !is_exact(number) => format!("\"{number}\""),
            Token::Number(text) | Token::String(text) | Token::Other(text) => text.to_owned(),
        })
        .collect();
    serde_json::from_str(&rewritten)
}

/// Whether [`Value`] holds the number with all its digits.
fn is_exact(number: &str) -> bool {
    // Up to 15 digits are exact.
    if number.len() <= 15 && !number.contains(['e', 'E']) {
        return true;
    }
    number.parse::<Number>().is_ok_and(|parsed| {
        let decimal = Decimal::read(number);
        decimal.is_some() && decimal == Decimal::read(&parsed.to_string())
    })
}

/// Returns a text that is equal for equal numbers.
fn spelled(number: &str) -> String {
    Decimal::read(number).map_or_else(
        || number.to_owned(),
        |Decimal { is_negative, digits, exponent }| {
            format!("{}{digits}e{exponent}", if is_negative { "-" } else { "" })
        },
    )
}

/// A number: an integer without zeros at either end, and a power of ten.
#[derive(PartialEq, Eq)]
struct Decimal {
    is_negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// None if its exponent is out of any range.
    fn read(number: &str) -> Option<Self> {
        let (is_negative, number) = match number.strip_prefix('-') {
            Some(number) => (true, number),
            None => (false, number),
        };
        let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{integer}{fraction}");
        let digits = all.trim_start_matches('0').trim_end_matches('0');
        if digits.is_empty() {
            return Some(Self { is_negative: false, digits: String::new(), exponent: 0 });
        }
        let zeros = all.len() - all.trim_end_matches('0').len();
        let exponent = exponent.parse::<i64>().ok()?;
        let exponent = exponent.checked_sub(fraction.len() as i64)?.checked_add(zeros as i64)?;
        Some(Self { is_negative, digits: digits.to_owned(), exponent })
    }
}

enum Token<'a> {
    /// A string, with its quotes.
    String(&'a str),
    Number(&'a str),
    Other(&'a str),
}

/// Splits valid JSON.
fn tokens(json: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = json;
    std::iter::from_fn(move || {
        let first = *rest.as_bytes().first()?;
        let starts_number = |byte: u8| byte == b'-' || byte.is_ascii_digit();
        let length = if first == b'"' {
            end_of_string(rest)
        } else if starts_number(first) {
            let in_number = |byte: u8| starts_number(byte) || b".+eE".contains(&byte);
            rest.bytes().take_while(|&byte| in_number(byte)).count()
        } else {
            rest.bytes().take_while(|&byte| byte != b'"' && !starts_number(byte)).count()
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        Some(match first {
            b'"' => Token::String(token),
            first if starts_number(first) => Token::Number(token),
            _ => Token::Other(token),
        })
    })
}

fn end_of_string(json: &str) -> usize {
    let mut is_escaped = false;
    let closes = |byte: u8| {
        let closes = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        closes
    };
    json.bytes().skip(1).position(closes).map_or(json.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_equal_if_their_numbers_are_to_the_last_digit() {
        let same = [
            (r#"{"a":1,"b":[2]}"#, r#"{ "b": [2], "a": 1 }"#),
            ("1.10", "1.1"),
            ("1e2", "100.0"),
            ("123456789012345678901", "1.23456789012345678901e20"),
            (r#"{"a":"é\"","b":0.12345678901234567890}"#, r#"{"b":12345678901234567890E-20,"a":"\u00e9\""}"#),
        ];
        for (one, other) in same {
            assert_eq!(canonical(one).unwrap(), canonical(other).unwrap(), "{one} {other}");
        }
        let different = [
            ("123456789012345678901", "123456789012345678902"),
            ("0.12345678901234567891", "0.12345678901234567892"),
            ("123456789012345678901", "-123456789012345678901"),
            ("1e400", "1e401"),
            ("123456789012345678901", r#""123456789012345678901""#),
            // What the marks look like is nothing special in a document.
            ("[123456789012345678901]", r#"["n123456789012345678901e0"]"#),
            (r#"[1e400,"n1e400"]"#, r#"["n1e400",1e400]"#),
        ];
        for (one, other) in different {
            assert_ne!(canonical(one).unwrap(), canonical(other).unwrap(), "{one} {other}");
        }
        assert!(are_equal(r#"{"a":[1e3,1.50]}"#, r#"{ "a": [1000, 1.5] }"#));
        assert!(!are_equal("[1000000000000000000001]", "[1e21]"));
        // As it was before numbers of more than 64 bits were told apart: tasks are found by it.
        assert_eq!(canonical(r#"{"b": 1.50, "a": "x 1"}"#).unwrap(), r#"{"a":"x 1","b":1.5}"#);
    }
}
