"""What a handler receives and what it answers."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Generic, TypeVar
from uuid import UUID

from payesh.contracts import Event

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
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


class BatchHandler(ABC):
    """A handler that can also give several deliveries of a partition their effects at once.

    The consumer hands over what waits in the partition. If a batch fails, none of its deliveries
    had an effect, and each is handed over again by itself.
    """

    @abstractmethod
    async def __call__(self, delivery: Delivery[Any]) -> Disposition | None:
        """Handle one delivery, as any `Handler` does."""

    @abstractmethod
    def batch(
        self, deliveries: Sequence[Delivery[Any]]
    ) -> AbstractAsyncContextManager[Callable[[Delivery[Any]], Awaitable[None]]]:
        """A context whose value handles one of `deliveries`, which it is given in order.

        Leaving the context makes the effects lasting, of those handled until then: the consumer
        may leave it before the last. An error leaves nothing behind.
        """
