"""The step handlers of {{name}}."""

import logging
from dataclasses import dataclass

from tasker_handler import Context, PermanentError, handler


@dataclass
class Guest:
    """The person to greet."""

    name: str


@dataclass
class Greeting:
    """A greeting."""

    text: str


@handler
def compose(_ctx: Context, guest: Guest) -> Greeting:
    """Composes a greeting for a guest."""
    if not guest.name.strip():
        raise PermanentError("the guest has no name", error_type="NoName")
    return Greeting(f"Hello, {guest.name}!")


@handler
def announce(ctx: Context) -> Greeting:
    """Announces the greeting in capitals."""
    composed = ctx.dependency("compose", Greeting)
    logging.info("announcing %r", composed.text)
    return Greeting(composed.text.upper())
