"""The bus: events go out keyed and acknowledged, come in one after another, and are not lost."""

from payesh.kit.bus.consumer import Consumer
from payesh.kit.bus.delivery import Delivery, Disposition, Handler
from payesh.kit.bus.envelope import DEAD_LETTER_SUFFIX, MAX_MESSAGE_BYTES, Message
from payesh.kit.bus.producer import Producer, PublishOutcome

__all__ = [
    "DEAD_LETTER_SUFFIX",
    "MAX_MESSAGE_BYTES",
    "Consumer",
    "Delivery",
    "Disposition",
    "Handler",
    "Message",
    "Producer",
    "PublishOutcome",
]
