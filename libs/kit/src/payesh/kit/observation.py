"""Observes each request: a span, a log line, metrics and security headers. Never its query."""

import time

import structlog
from opentelemetry.trace import SpanKind
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from payesh.kit import metrics
from payesh.kit.telemetry import current_trace_id, tracer, use_traceparent

log = structlog.get_logger("payesh.http")

_NOT_OBSERVED = {"/healthz", "/readyz"}
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}
_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'; object-src 'none'",
    "Cache-Control": "no-store",
}


class Observation:
    """ASGI middleware, the outermost. A header that a route has set is kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Probes come every few seconds and would hide all other lines.
        if scope["type"] != "http" or scope["path"] in _NOT_OBSERVED:
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500
        # A caller may send any method, and each would become a time series, even without a token.
        method = scope["method"] if scope["method"] in _METHODS else "other"

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                trace_id = current_trace_id()
                if trace_id:
                    headers["Payesh-Trace-Id"] = trace_id
            await send(message)

        traceparent = dict(scope["headers"]).get(b"traceparent", b"").decode("ascii", "replace")
        with (
            use_traceparent(traceparent or None),
            tracer.start_as_current_span(
                f"{method} request", kind=SpanKind.SERVER, record_exception=False
            ) as span,
        ):
            try:
                await self._app(scope, receive, observed)
            finally:
                # The template, not the path: a path may hold a plate or a person.
                route = getattr(scope.get("route"), "path", "unrouted")
                seconds = time.perf_counter() - started
                span.update_name(f"{method} {route}")
                span.set_attribute("http.response.status_code", status)
                metrics.http_requests.labels(method, route, str(status)).inc()
                metrics.http_seconds.labels(method, route).observe(seconds)
                log.info(
                    "request",
                    method=method,
                    route=route,
                    status=status,
                    duration_ms=round(seconds * 1000, 1),
                )
