import json
import subprocess
import sys

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


def test_spans_are_json_lines_of_one_trace_and_logs_quote_no_values(tmp_path):
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
