//! Contains only tests: see `tests/aws/tests/deployment`.
