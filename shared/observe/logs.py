"""Log lines: JSON, one object a line, ours and the libraries' alike, with no personal data in them.

Promises: time, level, event and what is bound (the service, the request) in every line; every field passes
`redact`. Leaves out: bodies, query strings and the messages of errors, which quote what was being worked on.
"""

import logging
import sys
from collections.abc import Callable
from typing import Any, Final, TextIO, cast

import msgspec
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from shared.kernel import instant
from shared.observe import clock, redact

LEVELS: Final = ("debug", "info", "warning", "error")
_QUIET: Final = ("aiokafka", "asyncio", "httpcore", "httpx", "sqlalchemy.engine")
"""Libraries that put addresses, statements or parameters into their lines below warning."""


def configure(level: str = "info", stream: TextIO | None = None) -> None:
    """Send every line at or above `level` to `stream` (stderr where none is given); may be called again.

    Raises ValueError where the level is none of `LEVELS`.
    """
    if level not in LEVELS:
        raise ValueError(f"a log level is one of {', '.join(LEVELS)}")
    out = sys.stderr if stream is None else stream
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level, *_finish(), _render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level, _add_library],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_finish(), _render],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(number)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))


def logger(service: str) -> FilteringBoundLogger:
    """A logger whose lines carry the name of the service; it may be made before `configure` is called."""
    return cast("FilteringBoundLogger", structlog.get_logger(service=service))


def _finish() -> tuple[Callable[[WrappedLogger, str, EventDict], EventDict], ...]:
    return (_add_time, _tell_error, _redact)


def _add_time(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    line["time"] = instant.to_text(clock.now())
    return line


def _add_library(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Name the library that speaks, and keep its first line: what follows it are representations of objects."""
    record = line.get("_record")
    if isinstance(record, logging.LogRecord):
        line["library"] = record.name
    line["event"] = str(line["event"]).strip().partition("\n")[0]
    return line


def _tell_error(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    told = line.pop("exc_info", None)
    raised = sys.exc_info()[1] if told is True else told[1] if isinstance(told, tuple) else told
    if isinstance(raised, BaseException):
        line["error"] = redact.error(raised)
    return line


def _redact(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    return redact.fields(line)


def _render(_logger: WrappedLogger, _method: str, line: Any) -> str:
    return msgspec.json.encode(line).decode()
