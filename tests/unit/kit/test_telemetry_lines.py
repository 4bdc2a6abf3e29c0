"""Spans are JSON lines or reach a collector, and logs quote no values."""

import json
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

SCRIPT = """
import pathlib, sys
import structlog
from payesh.kit.errors import MessageFault
from payesh.kit.settings import TelemetrySettings
from payesh.kit.telemetry import configure, current_traceparent, tracer, use_traceparent
configure("detect", TelemetrySettings(trace_file=pathlib.Path(sys.argv[1])))
with tracer.start_as_current_span("cut") as outer:
    carried = current_traceparent()
with use_traceparent(carried):
    with tracer.start_as_current_span("read", attributes={"count": 2}):
        try:
            plate = "12B34567"
            raise ValueError(plate)
        except ValueError as error:
            structlog.get_logger("x").exception("failed")
with use_traceparent("rubbish"):
    with tracer.start_as_current_span("alone"):
        pass
"""


def test_spans_are_json_lines_of_one_trace_and_logs_quote_no_values(tmp_path: Path) -> None:
    path = tmp_path / "traces" / "spans.jsonl"
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path)], capture_output=True, text=True, check=True
    )
    cut, read, alone = [json.loads(line) for line in path.read_text().splitlines()]
    assert (cut["name"], cut["service"], cut["parent"]) == ("cut", "detect", None)
    assert read["trace_id"] == cut["trace_id"]
    assert read["parent"] == cut["span_id"]
    assert read["attributes"] == {"count": 2}
    assert read["end"] >= read["start"] > 0
    assert alone["trace_id"] != cut["trace_id"]
    logged = json.loads(run.stderr)
    assert (logged["event"], logged["level"], logged["service"]) == ("failed", "error", "detect")
    assert logged["trace_id"] == cut["trace_id"]
    assert logged["exception"][0]["type"] == "builtins.ValueError"
    assert "12B34567" not in run.stderr


SENDING = """
import sys
from payesh.kit.settings import TelemetrySettings
from payesh.kit.telemetry import configure, tracer
configure("plates", TelemetrySettings(otlp_endpoint=sys.argv[1]))
with tracer.start_as_current_span("read"):
    pass
"""


def test_a_collector_has_every_span_once_the_process_has_ended() -> None:
    received: list[tuple[str, bytes, str | None]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.path, body, self.headers["Content-Encoding"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.server_port}/v1/traces"
        subprocess.run([sys.executable, "-c", SENDING, endpoint], check=True)
        server.shutdown()
    ((path, body, encoding),) = received
    assert (path, encoding) == ("/v1/traces", None)
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    named = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert named["service.name"] == "payesh-plates"
    assert [span.name for scope in resource.scope_spans for span in scope.spans] == ["read"]
