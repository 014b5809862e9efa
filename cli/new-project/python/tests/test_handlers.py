"""The handlers as functions."""

import unittest

from handlers import Greeting, Guest, announce, compose
from tasker_handler import PermanentError
from tasker_handler.testing import build_context


class Greetings(unittest.TestCase):
    def test_a_greeting_is_announced_in_capitals(self) -> None:
        composed = compose(build_context(), Guest("Ada"))
        self.assertEqual(announce(build_context(dependencies={"compose": composed})), Greeting("HELLO, ADA!"))

    def test_a_guest_without_name_is_refused(self) -> None:
        with self.assertRaises(PermanentError):
            compose(build_context(), Guest(" "))
