//! Remembers which `kid`s the key set does not have, so that they cause no more fetches.

use std::{
    collections::VecDeque,
    time::{Duration, SystemTime},
};

use crate::schedule::apart;

/// How many are remembered. The oldest is forgotten first.
const MAX_KIDS: usize = 128;
/// How long each is remembered.
const MEMORY: Duration = Duration::from_mins(5);

/// The `kid`s that a fetch did not find, and when, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Absent(VecDeque<(String, SystemTime)>);

impl Absent {
    pub(crate) fn contains(&self, kid: &str, now: SystemTime) -> bool {
        self.0.iter().any(|(known, at)| known == kid && apart(now, *at) < MEMORY)
    }

    pub(crate) fn insert(&mut self, kid: &str, now: SystemTime) {
        self.0.retain(|(known, at)| known != kid && apart(now, *at) < MEMORY);
        while self.0.len() >= MAX_KIDS {
            self.0.pop_front();
        }
        self.0.push_back((kid.to_owned(), now));
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn kids_are_remembered_for_five_minutes_and_128_at_most() {
        let mut absent = Absent::default();
        let at = |seconds: u64| UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds);
        absent.insert("0", at(0));
        assert!(absent.contains("0", at(299)));
        assert!(!absent.contains("0", at(300)));
        assert!(!absent.contains("1", at(0)));
        for number in 1..=128 {
            absent.insert(&number.to_string(), at(1));
        }
        assert!(!absent.contains("0", at(1)), "the oldest is forgotten");
        assert!(absent.contains("1", at(1)) && absent.contains("128", at(1)));
        absent.insert("128", at(2));
        assert_eq!(absent.0.len(), 128, "none is there twice");
    }
}
