"""What becomes of a message that could not be handled: the verdict on it, and its dead letter."""

import traceback
from typing import Any

from payesh.kit.bus.envelope import BODY_DROPPED, dead_letter
from payesh.kit.bus.producer import Producer
from payesh.kit.errors import MessageFault


def judge(error: Exception) -> tuple[str, bool]:
    """The reason for a dead letter, and whether another try is pointless.

    Of an unknown exception the type and the place only: its text may quote the message, and with
    it a plate.
    """
    if isinstance(error, MessageFault):
        return error.reason, not error.retry
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}", False


async def publish_dead_letter(producer: Producer, record: Any, *, reason: str, group: str) -> None:
    """Publish the record to its dead-letter topic, without its body where that no longer fits.

    Raises BusUnavailable.
    """
    letter = dead_letter(record, reason=reason, group=group)
    try:
        await producer.publish_raw(letter.topic, letter.key, letter.value, letter.headers)
    except MessageFault:
        # Too large beside the headers of the reason. The message itself stays in its topic, at the
        # place that these headers name.
        dropped = (BODY_DROPPED, str(len(record.value or b"")).encode())
        await producer.publish_raw(letter.topic, letter.key, None, (*letter.headers, dropped))
