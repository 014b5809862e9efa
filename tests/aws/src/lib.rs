//! Contains only tests: see `tests/deployment`.
