"""Sends the records of `logging` to the host, with their levels."""

import logging

from wit_world.imports import logging as host
from wit_world.imports.logging import Level

LEVELS = (
    (logging.CRITICAL, Level.CRITICAL),
    (logging.ERROR, Level.ERROR),
    (logging.WARNING, Level.WARN),
    (logging.INFO, Level.INFO),
)


class HostLog(logging.Handler):
    """A handler of the root logger."""

    def emit(self, record: logging.LogRecord) -> None:
        level = next((level for least, level in LEVELS if record.levelno >= least), Level.DEBUG)
        try:
            message = self.format(record)
        except Exception as error:  # A record whose arguments do not fit its message must not end the handler.
            message = f"{record.msg} (the record cannot be formatted: {error})"
        host.log(level, "" if record.name == "root" else record.name, message.encode(errors="replace").decode())


def start() -> None:
    """Replaces the handlers of the root logger. Its level is DEBUG, unless the project has set one."""
    root = logging.getLogger()
    root.handlers[:] = [HostLog()]
    if root.level == logging.WARNING:
        root.setLevel(logging.DEBUG)
