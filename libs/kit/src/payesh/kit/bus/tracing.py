"""The span of a message's handling: one trace runs from the first producer to the last consumer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from payesh.kit.bus.delivery import Delivery
from payesh.kit.telemetry import tracer, use_traceparent


@contextmanager
def handling_span(delivery: Delivery[Any], group: str) -> Iterator[None]:
    """A span that continues the producer's trace. Of an error it records no text: a text may
    quote the message."""
    attributes: dict[str, str | int] = {
        "messaging.destination.name": delivery.topic,
        "messaging.consumer.group.name": group,
        "messaging.kafka.offset": delivery.offset,
        "messaging.destination.partition.id": str(delivery.partition),
        "messaging.message.id": str(delivery.event_id),
    }
    with (
        use_traceparent(delivery.traceparent),
        tracer.start_as_current_span(
            f"handle {delivery.topic}", record_exception=False, attributes=attributes
        ),
    ):
        yield
