"""The envelope: CloudEvents 1.0 in Kafka's binary mode, attributes in headers."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from payesh.contracts import Event, event_for_topic
from payesh.contracts.schemas import SchemaViolation, check
from payesh.contracts.values import format_utc
from payesh.kit.bus.delivery import Delivery
from payesh.kit.errors import MessageFault
from payesh.kit.telemetry import current_traceparent

DEAD_LETTER_SUFFIX = ".dlq"
BODY_DROPPED = "payesh-body-dropped"
"""Header of a dead letter without its body: how many bytes it had."""
MAX_MESSAGE_BYTES = 1024 * 1024 - 4096
"""Kafka's default limit of 1 MiB, less room for headers and framing."""

Headers = Sequence[tuple[str, bytes]]


@dataclass(frozen=True)
class Message:
    """A message as it goes onto the bus."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    event_id: UUID

    def text_headers(self) -> Iterator[tuple[str, str]]:
        for name, value in self.headers:
            yield name, value.decode()


def envelope(
    event: Event, *, event_id: UUID | None = None, traceparent: str | None = None
) -> Message:
    """The event as a message, checked against the schema that its producer has to keep.

    `ce_source` is added by the producer, which knows its service.
    Raises SchemaViolation, or MessageFault when it is larger than MAX_MESSAGE_BYTES.
    """
    body = event.to_json()
    check(event.topic, json.loads(body), producing=True)
    if len(body) > MAX_MESSAGE_BYTES:
        raise MessageFault(
            f"{event.topic}: {len(body)} bytes, at most {MAX_MESSAGE_BYTES} fit", retry=False
        )
    identity = event_id or event.event_id()
    key = event.key()
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(identity),
        "ce_type": event.topic,
        "ce_time": format_utc(datetime.now(UTC)),
        "ce_subject": key,
        "content-type": "application/json",
    }
    trace = traceparent or current_traceparent()
    if trace:
        headers["traceparent"] = trace
    return Message(
        topic=event.topic,
        key=key.encode(),
        value=body,
        headers=tuple((name, value.encode()) for name, value in headers.items()),
        event_id=identity,
    )


def open_envelope(record: Any) -> Delivery[Any]:
    """A consumed record as a delivery.

    Raises MessageFault (retry=False); its reason names places in the message, never values.
    """
    headers = dict(record.headers)
    event_id, published_at = _check_headers(record.topic, headers)
    if not record.value:
        raise MessageFault("the body is empty", retry=False)
    try:
        body = json.loads(record.value)
    except (ValueError, RecursionError) as error:  # the latter for lists in lists without end
        raise MessageFault("the body is not JSON", retry=False) from error
    try:
        check(record.topic, body, producing=False)
        event = event_for_topic(record.topic).from_json(record.value)
    except SchemaViolation as error:
        raise MessageFault(f"schema: {error}", retry=False) from None
    except ValidationError as error:
        places = ["/".join(map(str, each["loc"])) for each in error.errors(include_input=False)]
        raise MessageFault(f"model: {', '.join(places[:5])}", retry=False) from None
    if record.key != event.key().encode():
        raise MessageFault("the key is not the event's", retry=False)
    return Delivery(
        event=event,
        event_id=event_id,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        published_at=published_at,
        traceparent=_text(headers, "traceparent"),
    )


def _check_headers(topic: str, headers: Mapping[str, bytes]) -> tuple[UUID, datetime | None]:
    if _text(headers, "ce_specversion") != "1.0":
        raise MessageFault("header ce_specversion is not 1.0", retry=False)
    if _text(headers, "ce_type") != topic:
        raise MessageFault("header ce_type is not the topic", retry=False)
    try:
        event_id = UUID(_text(headers, "ce_id") or "")
    except ValueError:
        raise MessageFault("header ce_id is not a UUID", retry=False) from None
    time = _text(headers, "ce_time")
    try:
        published_at = datetime.fromisoformat(time) if time else None
    except ValueError:
        raise MessageFault("header ce_time is not a time", retry=False) from None
    return event_id, published_at


def _text(headers: Mapping[str, bytes], name: str) -> str | None:
    value = headers.get(name)
    return value.decode("utf-8", errors="replace") if value is not None else None


def dead_letter(record: Any, *, reason: str, group: str) -> Message:
    """The unchanged record, addressed to its dead-letter topic, with the reason in its headers."""
    added = {
        "payesh-reason": reason[:1000],
        "payesh-topic": record.topic,
        "payesh-partition": str(record.partition),
        "payesh-offset": str(record.offset),
        "payesh-group": group,
        "payesh-failed-at": format_utc(datetime.now(UTC)),
    }
    kept = [(name, value) for name, value in record.headers if name not in added]
    return Message(
        topic=record.topic + DEAD_LETTER_SUFFIX,
        key=record.key,
        value=record.value,
        headers=(*kept, *((name, text.encode()) for name, text in added.items())),
        event_id=UUID(int=0),
    )
