//! Tests of the verifier through its public interface. Every time is an argument: nothing sleeps.

mod claims;
mod random;
mod rotation;
mod settings;
mod sign;
mod tokens;
