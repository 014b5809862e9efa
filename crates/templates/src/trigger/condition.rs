//! Conditions of a pattern on a single value: the operators of EventBridge.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Number, Value};

use super::wildcard::Wildcard;

/// A condition on a value.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    /// Equals this string, number, boolean or null.
    Equals(Value),
    Text(TextTest),
    /// Present and equal to none of these.
    AnythingBut(Vec<Value>),
    /// Present and a string that satisfies none of these tests.
    AnythingButText(Vec<TextTest>),
    Numeric(Vec<(Comparison, f64)>),
    Cidr(IpNet),
    /// Present (true) or absent (false).
    Exists(bool),
}

/// A test of a string.
#[derive(Debug, Clone)]
pub(super) enum TextTest {
    Prefix(String),
    Suffix(String),
    PrefixIgnoringCase(String),
    SuffixIgnoringCase(String),
    EqualsIgnoringCase(String),
    Wildcard(Wildcard),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Below,
    AtMost,
    Above,
    AtLeast,
}

/// A problem with a condition: a relative JSON pointer and a message.
pub(super) type Fault = (String, String);

const OPERATORS: [&str; 8] =
    ["prefix", "suffix", "equals-ignore-case", "anything-but", "numeric", "exists", "cidr", "wildcard"];

impl Condition {
    /// Parses an element of a pattern's list.
    pub(super) fn read(element: &Value) -> Result<Self, Fault> {
        let here = |message: String| (String::new(), message);
        match element {
            Value::Array(_) => Err(here("a list in a list matches nothing; write its elements".to_owned())),
            Value::Object(operators) => {
                let mut operators = operators.iter();
                let (Some((name, argument)), None) = (operators.next(), operators.next()) else {
                    let message = "must have exactly one operator; for alternatives, list several objects";
                    return Err(here(format!("an object in a list {message}")));
                };
                let below = |(pointer, message)| (format!("/{name}{pointer}"), message);
                Self::read_operator(name, argument).map_err(below)
            }
            literal => Ok(Self::Equals(literal.clone())),
        }
    }

    fn read_operator(name: &str, argument: &Value) -> Result<Self, Fault> {
        let fault = |message: String| Err((String::new(), message));
        match name {
            "prefix" | "suffix" | "equals-ignore-case" | "wildcard" => {
                TextTest::read(name, argument).map(Self::Text)
            }
            "anything-but" => anything_but(argument),
            "numeric" => numeric(argument).map(Self::Numeric),
            "exists" => match argument {
                Value::Bool(exists) => Ok(Self::Exists(*exists)),
                other => fault(format!("`exists` must be true or false, not {other}")),
            },
            "cidr" => match argument.as_str().and_then(|text| text.parse::<IpNet>().ok()) {
                Some(network) => Ok(Self::Cidr(network)),
                None => {
                    fault(format!("`cidr` must be an address range such as \"10.0.0.0/24\", not {argument}"))
                }
            },
            other => {
                let known: Vec<String> = OPERATORS.iter().map(|&known| known.to_owned()).collect();
                let hint = crate::reading::did_you_mean(other, &known);
                fault(format!("there is no operator `{other}`{hint}"))
            }
        }
    }

    /// Whether a scalar value satisfies the condition.
    pub(super) fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Equals(wanted) => equal(wanted, value),
            Self::Text(test) => value.as_str().is_some_and(|text| test.holds(text)),
            Self::AnythingBut(refused) => !refused.iter().any(|refused| equal(refused, value)),
            Self::AnythingButText(refused) => {
                !value.as_str().is_some_and(|text| refused.iter().any(|test| test.holds(text)))
            }
            Self::Numeric(comparisons) => match value {
                Value::Number(number) => {
                    let holds = |(comparison, limit): &(Comparison, f64)| comparison.holds(number, *limit);
                    comparisons.iter().all(holds)
                }
                _ => false,
            },
            Self::Cidr(network) => value
                .as_str()
                .and_then(|text| text.parse::<IpAddr>().ok())
                .is_some_and(|address| network.contains(&address)),
            Self::Exists(wanted) => *wanted,
        }
    }

    /// Whether an absent value satisfies the condition.
    pub(super) fn holds_of_nothing(&self) -> bool {
        matches!(self, Self::Exists(false))
    }
}

/// Compares numbers by value: 300 equals 3e2.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left == right || left.as_f64() == right.as_f64(),
        _ => left == right,
    }
}

impl TextTest {
    fn read(operator: &str, argument: &Value) -> Result<Self, Fault> {
        let fault = |message: String| Err((String::new(), message));
        match (operator, argument) {
            ("prefix", Value::String(text)) => Ok(Self::Prefix(text.clone())),
            ("suffix", Value::String(text)) => Ok(Self::Suffix(text.clone())),
            ("equals-ignore-case", Value::String(text)) => Ok(Self::EqualsIgnoringCase(folded(text))),
            ("wildcard", Value::String(text)) => {
                Wildcard::read(text).map(Self::Wildcard).map_err(|message| (String::new(), message))
            }
            ("prefix" | "suffix", Value::Object(inner)) => match inner.iter().next() {
                Some((name, Value::String(text))) if name == "equals-ignore-case" && inner.len() == 1 => {
                    let kind = if operator == "prefix" {
                        Self::PrefixIgnoringCase
                    } else {
                        Self::SuffixIgnoringCase
                    };
                    Ok(kind(folded(text)))
                }
                _ => fault(format!(
                    "`{operator}` must be a string, or an object with `equals-ignore-case` and a string"
                )),
            },
            _ => fault(format!("`{operator}` must be a string, not {argument}")),
        }
    }

    fn holds(&self, text: &str) -> bool {
        match self {
            Self::Prefix(wanted) => text.starts_with(wanted),
            Self::Suffix(wanted) => text.ends_with(wanted),
            Self::EqualsIgnoringCase(wanted) => lower(text).eq(wanted.chars()),
            Self::PrefixIgnoringCase(wanted) => {
                let mut letters = lower(text);
                wanted.chars().all(|wanted| letters.next() == Some(wanted))
            }
            Self::SuffixIgnoringCase(wanted) => folded(text).ends_with(wanted),
            Self::Wildcard(wildcard) => wildcard.matches(text),
        }
    }
}

fn lower(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().flat_map(char::to_lowercase)
}

fn folded(text: &str) -> String {
    lower(text).collect()
}

fn anything_but(argument: &Value) -> Result<Condition, Fault> {
    let fault = |message: String| Err((String::new(), message));
    match argument {
        Value::Object(inner) => {
            let mut inner = inner.iter();
            let (Some((name, argument)), None) = (inner.next(), inner.next()) else {
                return fault("`anything-but` must have exactly one operator".to_owned());
            };
            if !["prefix", "suffix", "equals-ignore-case", "wildcard"].contains(&name.as_str()) {
                return fault(format!(
                    "`anything-but` takes strings, numbers, `prefix`, `suffix`, `equals-ignore-case` and `wildcard`, not \
                     `{name}`"
                ));
            }
            let tests: Result<Vec<TextTest>, Fault> = match argument {
                Value::Array(texts) if !texts.is_empty() => {
                    let test = |(index, text): (usize, &Value)| match text {
                        Value::String(_) => TextTest::read(name, text)
                            .map_err(|(_, message)| (format!("/{name}/{index}"), message)),
                        other => Err((
                            format!("/{name}/{index}"),
                            format!("`{name}` must be a string, not {other}"),
                        )),
                    };
                    texts.iter().enumerate().map(test).collect()
                }
                one => TextTest::read(name, one)
                    .map(|test| vec![test])
                    .map_err(|(_, message)| (format!("/{name}"), message)),
            };
            tests.map(Condition::AnythingButText)
        }
        Value::Array(refused) => {
            let texts = refused.iter().all(Value::is_string);
            if refused.is_empty() || !(texts || refused.iter().all(Value::is_number)) {
                return fault("`anything-but` takes a list of strings or a list of numbers".to_owned());
            }
            Ok(Condition::AnythingBut(refused.clone()))
        }
        Value::String(_) | Value::Number(_) => Ok(Condition::AnythingBut(vec![argument.clone()])),
        other => fault(format!("`anything-but` takes strings or numbers, not {other}")),
    }
}

/// Parses `["=", 5]`, `[">", 0]` or `[">=", 0, "<", 5]`.
fn numeric(argument: &Value) -> Result<Vec<(Comparison, f64)>, Fault> {
    let fault = |message: String| Err((String::new(), message));
    let form = || "`numeric` must be a list such as [\">=\", 0, \"<\", 10] or [\"=\", 5]".to_owned();
    let Some(parts) = argument.as_array().filter(|parts| [2, 4].contains(&parts.len())) else {
        return fault(form());
    };
    let mut comparisons = Vec::with_capacity(2);
    for pair in parts.chunks_exact(2) {
        let (Some(comparison), Some(limit)) =
            (pair[0].as_str().and_then(Comparison::from_symbol), pair[1].as_f64())
        else {
            return fault(form());
        };
        comparisons.push((comparison, limit));
    }
    if let [(lower, bottom), (upper, top)] = comparisons[..] {
        use Comparison::{Above, AtLeast, AtMost, Below};
        if !matches!((lower, upper), (Above | AtLeast, Below | AtMost)) {
            return fault("a range must start with its lower limit: [\">=\", 0, \"<\", 10]".to_owned());
        }
        if bottom >= top {
            return fault(format!("no number is above {bottom} and below {top}"));
        }
    }
    Ok(comparisons)
}

impl Comparison {
    fn from_symbol(symbol: &str) -> Option<Self> {
        Some(match symbol {
            "=" => Self::Equal,
            "<" => Self::Below,
            "<=" => Self::AtMost,
            ">" => Self::Above,
            ">=" => Self::AtLeast,
            _ => return None,
        })
    }

    #[allow(clippy::float_cmp)] // `=` compares exactly.
    fn holds(self, number: &Number, limit: f64) -> bool {
        let Some(number) = number.as_f64() else { return false };
        match self {
            Self::Equal => number == limit,
            Self::Below => number < limit,
            Self::AtMost => number <= limit,
            Self::Above => number > limit,
            Self::AtLeast => number >= limit,
        }
    }
}
