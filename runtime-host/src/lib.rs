//! Runs step handlers.
