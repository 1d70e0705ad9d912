"""The log: one line an event, as text for a terminal or as JSON, without personal data.

Ours and every library's lines go the same way. Whatever looks like an e-mail address, the DETAIL line in which
PostgreSQL repeats the row that it refused, and the value that its driver repeats when it cannot send it, are taken out
of every line, tracebacks included.
"""

import logging
import re
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

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


def set_up_logging(form: str, level: int = logging.INFO) -> None:
    """Log to stderr in `form`: console or json."""
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # tests look at the log through another set-up
    )
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    last += [structlog.processors.format_exc_info, _scrubbed]
    last += [
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=SHARED, processors=last))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "pgqueuer"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name, least in TALKATIVE.items():
        logging.getLogger(name).setLevel(max(level, least))


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A module's logger: `log.info("routed", case=17)`. Never give it a text or an address that a person wrote."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
