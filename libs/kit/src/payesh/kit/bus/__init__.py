"""The bus: publishing events with acknowledgement, and consuming them in order without loss."""

from payesh.kit.bus.consumer import Consumer
from payesh.kit.bus.delivery import BatchHandler, Delivery, Disposition, Handler
from payesh.kit.bus.envelope import DEAD_LETTER_SUFFIX, MAX_MESSAGE_BYTES, Message
from payesh.kit.bus.producer import Producer, PublishOutcome

__all__ = [
    "DEAD_LETTER_SUFFIX",
    "MAX_MESSAGE_BYTES",
    "BatchHandler",
    "Consumer",
    "Delivery",
    "Disposition",
    "Handler",
    "Message",
    "Producer",
    "PublishOutcome",
]
