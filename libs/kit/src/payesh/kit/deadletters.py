"""Lists, shows and resends dead letters.

`python -m payesh.kit.deadletters list|show|resend --topic T [--offset N]` reads `PAYESH_KAFKA_*`.
Bodies may hold plates: `show` prints them only with `--body`.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from typing import Any, ClassVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from payesh.kit.bus import DEAD_LETTER_SUFFIX, Producer
from payesh.kit.bus.connection import connection
from payesh.kit.bus.envelope import BODY_DROPPED
from payesh.kit.errors import BusUnavailable, MessageFault, PayeshError
from payesh.kit.settings import BusSettings

QUIET_MS = 2000


class DeadLetterSettings(BusSettings):
    service: ClassVar[str] = "deadletters"
    refuse_unknown: ClassVar[bool] = False  # run in the environment of any service


async def dead_letters(
    settings: BusSettings,
    topic: str,
    *,
    offset: int | None = None,
    partition: int | None = None,
    quiet_ms: int = QUIET_MS,
) -> AsyncIterator[Any]:
    """All records of the topic's dead-letter topic, or those of one offset, oldest first.

    Records added after the call are left out: a resent letter may be dead-lettered again at once,
    and resending all of them would never end. Raises BusUnavailable.
    """
    began_ms = time.time() * 1000
    name = topic.removesuffix(DEAD_LETTER_SUFFIX) + DEAD_LETTER_SUFFIX
    client = AIOKafkaConsumer(
        **connection(settings),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    try:
        await asyncio.wait_for(client.start(), 10)
        numbers = await _partitions(settings, name)
        chosen = [
            TopicPartition(name, number)
            for number in sorted(numbers)
            if partition is None or number == partition
        ]
        client.assign(chosen)
        for each in chosen:
            if offset is not None:
                client.seek(each, offset)
            else:
                await client.seek_to_beginning(each)
        # Until no more come or newer ones do: not every broker reports end offsets correctly.
        while chosen:
            fetched = await client.getmany(*chosen, timeout_ms=quiet_ms)
            if not fetched:
                return
            for each, records in fetched.items():
                for record in records:
                    if record.timestamp > began_ms if offset is None else record.offset > offset:
                        chosen.remove(each)
                        break
                    if offset is None or record.offset == offset:
                        yield record
            if offset is not None and partition is not None:
                return
    except (KafkaError, TimeoutError, OSError) as error:
        raise BusUnavailable(type(error).__name__) from error
    finally:
        await client.stop()


async def _partitions(settings: BusSettings, topic: str) -> set[int]:
    admin = AIOKafkaAdminClient(**connection(settings))
    try:
        await admin.start()
        described = await admin.describe_topics([topic])
    finally:
        await admin.close()
    return {each["partition"] for topic in described for each in topic["partitions"]}


async def resend(settings: BusSettings, record: Any, producer: Producer) -> None:
    """Publish a letter to its original topic, with its original headers.

    The inbox drops it by its event id if it had its effect after all. Raises BusUnavailable, and
    MessageFault for a letter whose body was dropped: without a body it would delete its key from
    a compacted topic.
    """
    headers = dict(record.headers)
    if BODY_DROPPED in headers:
        raise MessageFault(
            "its body was dropped, too large beside its reason; see the topic itself"
        )
    topic = headers.get("payesh-topic", record.topic.removesuffix(DEAD_LETTER_SUFFIX).encode())
    kept = [(name, value) for name, value in record.headers if not name.startswith("payesh-")]
    await producer.publish_raw(topic.decode(), record.key, record.value, kept)


def describe(record: Any, *, body: bool = False) -> dict[str, Any]:
    """A letter as JSON: its metadata, and with `body` its body, which may hold personal data."""
    described: dict[str, Any] = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "bytes": len(record.value or b""),
        "headers": {name: value.decode(errors="replace") for name, value in record.headers},
    }
    if body:
        described["body"] = (record.value or b"").decode(errors="replace")
    return described


async def run(arguments: argparse.Namespace) -> tuple[int, int]:
    """Carry out the command; the numbers of letters handled and of letters not resent."""
    settings = DeadLetterSettings()
    letters = dead_letters(
        settings, arguments.topic, offset=arguments.offset, partition=arguments.partition
    )
    count = refused = 0
    producer = Producer(settings)
    try:
        async for record in letters:
            if arguments.command == "resend":
                try:
                    await resend(settings, record, producer)
                except MessageFault as fault:
                    refused += 1
                    place = f"partition {record.partition}, offset {record.offset}"
                    sys.stderr.write(f"deadletters: {place} not sent: {fault.reason}\n")
                    continue
            count += 1
            line = describe(record, body=arguments.command == "show" and arguments.body)
            if arguments.command == "list":
                line["reason"] = line.pop("headers").get("payesh-reason")
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    finally:
        await producer.stop()
    return count, refused


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="payesh.kit.deadletters", description=__doc__)
    parser.add_argument("command", choices=["list", "show", "resend"])
    parser.add_argument("--topic", required=True, help="the topic, with or without .dlq")
    parser.add_argument("--offset", type=int, help="one letter; all when left out")
    parser.add_argument("--partition", type=int)
    parser.add_argument("--body", action="store_true", help="show: print the body as well")
    try:
        count, refused = asyncio.run(run(parser.parse_args(arguments)))
    except PayeshError as error:
        sys.exit(f"deadletters: {error}")
    sys.stderr.write(f"{count} dead letters\n")
    if refused:
        sys.exit(1)


if __name__ == "__main__":
    main()
