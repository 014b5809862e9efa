//! The types of errors in metrics. Handlers choose them, so their number is bounded.

use std::{
    collections::{HashMap, HashSet},
    sync::{LazyLock, Mutex, PoisonError},
};

use tasker_telemetry::Label;

/// The maximum number of types that have a label of their own, for each step.
const MOST_OF_STEP: usize = 50;
/// Of how many steps.
const MOST_STEPS: usize = 2000;
/// The longest name of a type, in bytes. Hosts cut them, but a host is not this process.
const MOST_BYTES: usize = 128;
/// What all further ones are.
const OTHER: &str = "other";

/// The types of each step that were seen, by its labels.
#[derive(Debug, Default)]
struct Seen(HashMap<[String; 3], HashSet<Label>>);

static SEEN: LazyLock<Mutex<Seen>> = LazyLock::new(Mutex::default);

/// Returns the label for the type of an error of a step.
pub(super) fn label(step: &[Label; 3], error_type: &str) -> Label {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner).label(step, error_type)
}

impl Seen {
    fn label(&mut self, step: &[Label; 3], error_type: &str) -> Label {
        let step = step.each_ref().map(|label| label.as_str().to_owned());
        if self.0.len() >= MOST_STEPS && !self.0.contains_key(&step) {
            return OTHER.into();
        }
        let seen = self.0.entry(step).or_default();
        let label = Label::from(error_type[..error_type.floor_char_boundary(MOST_BYTES)].to_owned());
        if seen.contains(&label) {
            return label;
        }
        if seen.len() >= MOST_OF_STEP {
            return OTHER.into();
        }
        seen.insert(label.clone());
        label
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_the_51st_on_they_are_others() {
        let mut seen = Seen::default();
        let step = |name: &'static str| [Label::from("shop"), "order".into(), name.into()];
        let mut of =
            |name, number: usize| seen.label(&step(name), &format!("Type{number}")).as_str().to_owned();
        for number in 0..MOST_OF_STEP {
            assert_eq!(of("pay", number), format!("Type{number}"));
        }
        assert_eq!(of("pay", MOST_OF_STEP), OTHER);
        assert_eq!(of("pay", 0), "Type0", "known ones stay");
        assert_eq!(of("ship", MOST_OF_STEP), format!("Type{MOST_OF_STEP}"), "each step has its own");
        assert_eq!(seen.label(&step("ship"), &"é".repeat(1000)).as_str().len(), MOST_BYTES);
    }
}
