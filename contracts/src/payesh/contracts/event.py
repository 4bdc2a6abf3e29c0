"""The base of every event: its topic, its key and its deterministic id."""

from typing import Any, ClassVar, Self
from uuid import UUID, uuid5

from pydantic import Field

from payesh.contracts.values import (
    ClockSource,
    Identifier,
    NonNegative,
    PlaceClass,
    RoadClass,
    UtcTime,
    Value,
)

EVENT_NAMESPACE = UUID("6a0d6f0e-8f0b-5f0e-9d3c-9a2c1f1f7b11")
"""Namespace of every UUIDv5 in Payesh; changing it would make every redelivery a new fact."""

EVENTS: dict[str, type["Event"]] = {}
"""Topic to model, for every event of `asyncapi.yaml`."""


def deterministic_id(*parts: object) -> UUID:
    """UUIDv5 (RFC 9562) of what makes a fact unique."""
    return uuid5(EVENT_NAMESPACE, "|".join(str(part) for part in parts))


class Event(Value):
    """A past-tense fact. Subclasses name their topic; one topic carries one event."""

    topic: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "topic" in cls.__dict__:
            EVENTS[cls.topic] = cls

    def key(self) -> str:
        """The partition key; order is promised within it only."""
        raise NotImplementedError

    def event_id(self) -> UUID:
        """The same fact has the same id however often it is computed."""
        raise NotImplementedError

    def to_json(self) -> bytes:
        return self.model_dump_json().encode()

    @classmethod
    def from_json(cls, body: bytes | str) -> Self:
        """Read as a consumer: unknown fields are ignored. Raises pydantic.ValidationError."""
        return cls.model_validate_json(body)

    @classmethod
    def check_json(cls, body: bytes | str) -> Self:
        """Read as a producer must write: unknown fields are refused."""
        return cls.model_validate_json(body, extra="forbid")


class CameraEvent(Event):
    """An event about a camera or a vehicle it saw, with the place it belongs to."""

    camera_id: Identifier
    county: Identifier
    road_class: RoadClass
    place_class: PlaceClass


class CapturedEvent(CameraEvent):
    """An event tied to a moment at the source, never to the time of processing."""

    captured_at: UtcTime
    clock_source: ClockSource
    clock_u95_ms: NonNegative = Field(description="95 % uncertainty of captured_at")


def event_for_topic(topic: str) -> type[Event]:
    """The model a topic carries; KeyError for a topic that no contract names."""
    return EVENTS[topic]
