//! Contains only tests: see `handler-sdk/conformance/README.md`.
