"""The log: one line an event, as text for a terminal or as JSON, without personal data.

Ours and every library's lines go the same way. Whatever looks like an e-mail address, the DETAIL line in which
PostgreSQL repeats the row that it refused, and the value that its driver repeats when it cannot send it, are taken out
of every line, tracebacks included.
"""

import logging
import re
import sys
from functools import partial
from typing import TextIO

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

EMAIL = re.compile(r"[^\s@<>\"'(=]+@[^\s@<>\"'),]+\.[^\s@<>\"'),]+")
DETAIL = re.compile(r"^(\s*DETAIL:).*$", re.MULTILINE)
ARGUMENT = re.compile(r"(invalid input for query argument \$\d+:).*$", re.MULTILINE)
# These repeat statements with their values, or every request with its address, at the levels that they are held below.
TALKATIVE = {
    "tortoise": logging.WARNING,
    "uvicorn.access": logging.ERROR,
    "uvicorn.error": logging.WARNING,
    "multipart": logging.WARNING,
    "python_multipart": logging.WARNING,
}


def scrub(text: str) -> str:
    """`text` without e-mail addresses, and without rows and values that PostgreSQL or its driver refused."""
    return EMAIL.sub("<e-mail>", ARGUMENT.sub(r"\1 <removed>", DETAIL.sub(r"\1 <removed>", text)))


def _scrubbed(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if isinstance(value, str) and any(mark in value for mark in ("@", "DETAIL", "query argument")):
            event[key] = scrub(value)
    return event


SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


class LineWriter:
    """Writes our own lines. They do not pass Python's `logging`, which takes longer over a line than all else."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self._stream = stream
        self.name = name

    def write(self, line: str) -> None:
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except (OSError, ValueError):  # nobody reads the log any more, or its disk is full: that fails no request
            pass

    debug = info = warning = error = critical = write


def set_up_logging(form: str, level: int = logging.INFO) -> None:
    """Log to stderr in `form`: console or json."""
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    last: list[Processor] = [structlog.processors.format_exc_info, _scrubbed, renderer]
    structlog.configure(
        processors=[*SHARED, *last],
        logger_factory=partial(LineWriter, sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,  # tests look at the log through another set-up
    )
    handler = logging.StreamHandler(sys.stderr)
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=SHARED, processors=[remove_meta, *last]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "pgqueuer"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name, least in TALKATIVE.items():
        logging.getLogger(name).setLevel(max(level, least))


def get_logger(name: str) -> FilteringBoundLogger:
    """A module's logger: `log.info("routed", case=17)`. Never give it a text or an address that a person wrote."""
    logger: FilteringBoundLogger = structlog.get_logger(name)
    return logger
