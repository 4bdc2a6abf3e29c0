"""What a handler is given, and what it answers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Generic, TypeVar
from uuid import UUID

from payesh.contracts import Event

E = TypeVar("E", bound=Event)


@dataclass(frozen=True)
class Delivery(Generic[E]):
    """An event as it came off the bus. `published_at` is the producer's clock (ce_time)."""

    event: E
    event_id: UUID
    topic: str
    partition: int
    offset: int
    published_at: datetime | None
    traceparent: str | None


class Disposition(Enum):
    DONE = "done"
    HELD = "held"
    """Handled, but not to be committed until a later DONE of the same key."""


Handler = Callable[[Delivery[Any]], Awaitable[Disposition | None]]
"""None means DONE. Raises MessageFault or DependencyFault, see `payesh.kit.errors`."""
