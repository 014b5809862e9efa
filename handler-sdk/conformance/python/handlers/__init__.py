"""The handlers of the conformance suite, in Python. `../README.md` says what each does."""

from . import context, execution, failures, http, json, key_value, outcomes

__all__ = ["context", "execution", "failures", "http", "json", "key_value", "outcomes"]
