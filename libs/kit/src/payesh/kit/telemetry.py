"""One trace across services, from the camera to the citation; sets up traces and logs."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

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

from payesh.kit.logs import configure_logs
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
        own = span.get_span_context()
        record = {
            "name": span.name,
            "service": self._service,
            "trace_id": f"{own.trace_id:032x}" if own else None,
            "span_id": f"{own.span_id:016x}" if own else None,
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
    configure_logs(service, settings.log_level)
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: f"payesh-{service}"}))
    if settings.trace_file is not None:
        provider.add_span_processor(SimpleSpanProcessor(SpanFile(settings.trace_file, service)))
    if settings.otlp_endpoint is not None:
        provider.add_span_processor(BatchSpanProcessor(_otlp(settings.otlp_endpoint)))
    trace.set_tracer_provider(provider)


def _otlp(endpoint: str) -> SpanExporter:
    # Imported here: it loads protobuf and an HTTP client, which a process without it never needs.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(endpoint=endpoint)


def current_traceparent() -> str | None:
    """The running span as a W3C `traceparent`, or None outside any trace."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")


def current_trace_id() -> str | None:
    """The running trace's id in hexadecimal, or None outside any trace."""
    span = trace.get_current_span().get_span_context()
    return f"{span.trace_id:032x}" if span.is_valid else None


@contextmanager
def use_traceparent(traceparent: str | None) -> Iterator[None]:
    """Spans started inside continue that trace; None or a malformed value starts a new trace."""
    carrier = {"traceparent": traceparent} if traceparent else {}
    token = context.attach(_propagator.extract(carrier, context=context.Context()))
    try:
        yield
    finally:
        context.detach(token)
