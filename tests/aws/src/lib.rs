//! Contains only tests: see `tests/aws/tests/deployment` and `tests/aws/tests/outage`.
