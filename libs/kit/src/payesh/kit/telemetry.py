"""One trace across services, and JSON logs without personal data."""

import json
import logging
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import structlog
from opentelemetry import context, trace
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    SimpleSpanProcessor,
    SpanExporter,
    SpanExportResult,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from payesh.kit.errors import PayeshError
from payesh.kit.settings import TelemetrySettings

tracer = trace.get_tracer("payesh")
_propagator = TraceContextTextMapPropagator()


class SpanFile(SpanExporter):
    """Appends each finished span as one JSON line; several processes may share the file."""

    def __init__(self, path: Path, service: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)  # one write a line: appends do not interleave
        self._service = service
        self._lock = Lock()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        with self._lock:
            for span in spans:
                self._file.write(self._line(span))
        return SpanExportResult.SUCCESS

    def _line(self, span: ReadableSpan) -> bytes:
        spoken = span.get_span_context()
        record = {
            "name": span.name,
            "service": self._service,
            "trace_id": f"{spoken.trace_id:032x}" if spoken else None,
            "span_id": f"{spoken.span_id:016x}" if spoken else None,
            "parent": f"{span.parent.span_id:016x}" if span.parent else None,
            "start": (span.start_time or 0) / 1e9,
            "end": (span.end_time or 0) / 1e9,
            "attributes": dict(span.attributes or {}),
        }
        return (json.dumps(record, ensure_ascii=False, default=str) + "\n").encode()

    def shutdown(self) -> None:
        self._file.close()


def configure(service: str, settings: TelemetrySettings) -> None:
    """Set up logs and traces of this process, once, before anything else starts."""
    _configure_logs(service, settings.log_level)
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: f"payesh-{service}"}))
    if settings.trace_file is not None:
        provider.add_span_processor(SimpleSpanProcessor(SpanFile(settings.trace_file, service)))
    if settings.otlp_endpoint is not None:
        provider.add_span_processor(BatchSpanProcessor(_otlp(settings.otlp_endpoint)))
    trace.set_tracer_provider(provider)


def _otlp(endpoint: str) -> SpanExporter:
    # Here, because it brings protobuf and an HTTP client that no other start of a process needs.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(endpoint=endpoint)


def _configure_logs(service: str, level: str) -> None:
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _trace_ids,
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
    # Their INFO is one line a request or a heartbeat; uvicorn's access log names query strings.
    for noisy in ("aiokafka", "uvicorn.access", "urllib3", "httpx", "httpcore", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _plain_exception(_logger: Any, _name: str, event: Any) -> Any:
    """Types and places. Texts only of errors of our own, which quote no personal data: a
    database's error quotes the row, a parser's the input."""
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


def _trace_ids(_logger: Any, _name: str, event: Any) -> Any:
    spoken = trace.get_current_span().get_span_context()
    if spoken.is_valid:
        event["trace_id"] = f"{spoken.trace_id:032x}"
    return event


def current_traceparent() -> str | None:
    """The running span as a W3C `traceparent`, or None outside any trace."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")


def current_trace_id() -> str | None:
    spoken = trace.get_current_span().get_span_context()
    return f"{spoken.trace_id:032x}" if spoken.is_valid else None


@contextmanager
def use_traceparent(traceparent: str | None) -> Iterator[None]:
    """Spans started inside continue that trace; None or a malformed one starts a new trace."""
    carrier = {"traceparent": traceparent} if traceparent else {}
    token = context.attach(_propagator.extract(carrier, context=context.Context()))
    try:
        yield
    finally:
        context.detach(token)
