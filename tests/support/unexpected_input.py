"""Input that nobody expected, at every operation of a service's OpenAPI document.

Schemathesis makes requests that fit the document and requests that do not; to them come values that
databases choke on, one parameter at a time. No answer may be a 5xx, one that the operation does not
list, or a body of another shape.
"""

import json
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

Operation = APIOperation[Any, Any, Any, Any]
DOCUMENTS = Path(__file__).parents[2] / "contracts/openapi"
EXAMPLES = 8
"""Requests of each kind for an operation: all operations take about 40 s of one core."""
NASTY = (
    "\0",
    "a\0b",
    "",
    " ",
    "é" * 300,
    "x" * 3000,
    "\u202e\U0010ffff",
    "-1",
    "1e400",
    "NaN",
    str(2**31),
    str(2**63),
    str(2**64),
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999999-14:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "2026-11-26T00:00:00",
    "WyIAIl0=",  # a cursor that holds a NUL
    "WyI5OTk5OTk5OTk5OTk5OTk5OTk5OTk5Il0=",  # one that holds a number of 22 digits
    "%00",
    "../../etc/passwd",
)


def attack(
    service: str, url: str, headers: Mapping[str, str], *, without: Container[str] = ()
) -> None:
    """Send all of it, but to the operations `without`. Raises AssertionError with the answers that
    may not be."""
    document = json.loads((DOCUMENTS / f"{service}.json").read_text("utf-8"))
    schema = schemathesis.openapi.from_dict(document)
    faults: list[str] = []
    with httpx.Client(base_url=url, headers=headers, timeout=60) as http:
        for found in schema.get_all_operations():
            assert isinstance(found, Ok), found
            operation = found.ok()
            if operation.label in without:
                continue
            for mode in _modes(operation):
                faults += _generated(operation, mode, url, headers)
            for sent in _nasty(operation):
                answer = http.request(operation.method.upper(), **sent)
                faults += _faults(operation, answer.status_code, str(sent))
    assert not faults, "\n".join(sorted(set(faults))[:40])


def _modes(operation: Operation) -> list[GenerationMode]:
    """Where nothing is sent, nothing can be wrong with it."""
    sends = operation.body or operation.query or operation.path_parameters or operation.headers
    return list(GenerationMode) if sends else [GenerationMode.POSITIVE]


def _generated(
    operation: Operation, mode: GenerationMode, url: str, headers: Mapping[str, str]
) -> list[str]:
    faults: list[str] = []

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode))
    def send(case: Case[Any]) -> None:
        answer = case.call(base_url=url, headers=dict(headers))
        faults.extend(_faults(operation, answer.status_code, case.as_curl_command()[:300]))
        if not faults:
            case.validate_response(
                answer,
                checks=[not_a_server_error, content_type_conformance, response_schema_conformance],
            )

    send()
    return faults


def _nasty(operation: Operation) -> Iterator[dict[str, Any]]:
    """Each query and path parameter with each value, the others plain."""
    plain = {parameter.name: "7" for parameter in operation.path_parameters}
    for name in plain:
        for value in NASTY:
            if value and "/" not in value:  # else it is another route's path
                yield {"url": _filled(operation, {**plain, name: value})}
    for parameter in operation.query:
        for value in NASTY:
            yield {"url": _filled(operation, plain), "params": {parameter.name: value}}


def _filled(operation: Operation, values: Mapping[str, str]) -> str:
    return operation.path.format(**{name: quote(each, safe="") for name, each in values.items()})


def _faults(operation: Operation, status: int, sent: str) -> list[str]:
    listed = operation.definition.raw["responses"]
    # 429 would hide every answer that comes after it.
    if status < 500 and status != 429 and str(status) in listed:
        return []
    return [f"{operation.label}: {status} is not listed; {sent[:300]}"]
