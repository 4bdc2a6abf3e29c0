"""JSON logs without personal data."""

import logging
import sys
import traceback
from typing import Any

import structlog
from opentelemetry import trace

from payesh.kit.errors import PayeshError


def configure_logs(service: str, level: str) -> None:
    """Write this process's logs to stderr, a JSON object a line."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _trace_id,
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _plain_exception,
                lambda _logger, _name, event: {"service": service, **event},
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # At INFO these log each request or heartbeat; uvicorn's access log includes query strings.
    for noisy in ("aiokafka", "uvicorn.access", "urllib3", "httpx", "httpcore", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _plain_exception(_logger: Any, _name: str, event: Any) -> Any:
    """Replace a traceback by types and places. Only the texts of Payesh's own errors are kept:
    they quote no personal data, while a database's error quotes the row, a parser's the input."""
    raised = event.pop("exc_info", None)
    if raised is True:
        raised = sys.exc_info()
    error = raised[1] if isinstance(raised, tuple) else raised
    causes = []
    while isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)
        own = isinstance(error, PayeshError)
        causes.append(
            {
                "type": f"{type(error).__module__}.{type(error).__qualname__}",
                "text": str(error) if own else None,
                "frames": [f"{each.filename}:{each.lineno} {each.name}" for each in frames],
            }
        )
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if causes:
        event["exception"] = causes
    return event


def _trace_id(_logger: Any, _name: str, event: Any) -> Any:
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        event["trace_id"] = f"{span.trace_id:032x}"
    return event
