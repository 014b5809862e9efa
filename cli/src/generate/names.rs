//! Names in the style of a language.

use std::collections::BTreeSet;

/// `order_fulfillment` as `OrderFulfillment`. Begins with a letter.
pub(super) fn pascal(text: &str) -> String {
    let name: String = words(text).iter().map(|word| capital(word)).collect();
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) { name } else { format!("T{name}") }
}

/// `orderId` as `order_id`. Begins with a letter.
pub(super) fn snake(text: &str) -> String {
    let name = words(text).join("_").to_lowercase();
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) { name } else { format!("_{name}") }
}

/// The first of `name`, `name2`, `name3` ... that is not taken. Takes it.
pub(super) fn unique(taken: &mut BTreeSet<String>, name: String) -> String {
    let numbered = (2..).map(|number| format!("{name}{number}"));
    let free = std::iter::once(name.clone()).chain(numbered).find(|name| !taken.contains(name));
    let free = free.unwrap_or(name);
    taken.insert(free.clone());
    free
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

/// The words of a name: between other characters than ASCII letters and digits, and from a small letter to a capital.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut was_small) = (vec![String::new()], false);
    for letter in text.chars() {
        let is_part = letter.is_ascii_alphanumeric();
        if !is_part || letter.is_ascii_uppercase() && was_small {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| is_part) {
            word.push(letter);
        }
        was_small = letter.is_ascii_lowercase() || letter.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_becomes_a_name() {
        for (text, as_type, as_field) in [
            ("order_fulfillment", "OrderFulfillment", "order_fulfillment"),
            ("orderId", "OrderId", "order_id"),
            ("Payments::Refund", "PaymentsRefund", "payments_refund"),
            ("2fast", "T2fast", "_2fast"),
            ("é", "T", "_"),
            ("SKU", "SKU", "sku"),
        ] {
            assert_eq!((pascal(text).as_str(), snake(text).as_str()), (as_type, as_field));
        }
        let mut taken = BTreeSet::new();
        let names: Vec<String> = (0..3).map(|_| unique(&mut taken, "A".to_owned())).collect();
        assert_eq!(names, ["A", "A2", "A3"]);
    }
}
