"""Counts the warnings and errors that are logged, whatever room they come from."""

import logging

from bot.watching.metrics import LOG_RECORDS


class CountingHandler(logging.Handler):
    """Counts records, and writes nothing."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        """Count one."""
        LOG_RECORDS.labels(record.levelname.lower(), record.name).inc()
