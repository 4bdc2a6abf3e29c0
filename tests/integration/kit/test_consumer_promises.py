import asyncio
import json
import subprocess
import sys
from collections import Counter

from aiokafka import AIOKafkaConsumer

from payesh.contracts import AuditReadRecorded
from payesh.kit.bus import Consumer, Delivery, Disposition, Producer
from payesh.kit.bus.envelope import envelope
from payesh.kit.deadletters import dead_letters, describe, resend
from payesh.kit.errors import BusUnavailable, MessageFault, StoreUnavailable
from payesh.kit.settings import BusSettings

TOPIC = AuditReadRecorded.topic


class Handled:
    """Records the sequences of a test's own events, after the effect that the test gives."""

    def __init__(self, name: str, effect=None) -> None:
        self.name = name
        self.sequences: list[int] = []
        self._effect = effect

    async def __call__(self, delivery: Delivery[AuditReadRecorded]) -> Disposition | None:
        if delivery.event.service != self.name:
            return None
        answer = await self._effect(delivery.event.sequence) if self._effect else None
        self.sequences.append(delivery.event.sequence)
        return answer


def consumer_of(bus: BusSettings, group: str, handled: Handled, producer: Producer, **options):
    return Consumer(
        bus, group=group, handlers={AuditReadRecorded: handled}, producer=producer, **options
    )


async def letters_of(bus: BusSettings, name: str) -> list:
    """A test's group and its key have one name; other tests' poison lies in the topic too."""
    return [
        record
        async for record in dead_letters(bus, TOPIC, quiet_ms=600)
        if dict(record.headers)["payesh-group"] == name.encode() and record.key == name.encode()
    ]


async def test_a_poisoned_message_is_dead_lettered_with_its_reason_and_the_next_is_handled(
    bus, producer, name, build, wait_until
):
    good = envelope(build(name, 2))
    await producer.publish(build(name, 1))
    await producer.publish_raw(TOPIC, name.encode(), b"{not json", good.headers)
    await producer.publish_raw(TOPIC, name.encode(), b'{"service": 5}', good.headers)
    await producer.publish_raw(TOPIC, name.encode(), good.value, [])
    await producer.publish_raw(TOPIC, name.encode(), b"[" * 99_999, good.headers)
    await producer.publish(build(name, 2))
    handled = Handled(name)
    consumer = consumer_of(bus, name, handled, producer)
    await consumer.start()
    await wait_until(lambda: handled.sequences == [1, 2])
    await consumer.stop()
    letters = await letters_of(bus, name)
    reasons = [dict(each.headers)["payesh-reason"].decode() for each in letters]
    assert reasons[0] == "the body is not JSON"
    assert reasons[1].startswith("schema: ")
    assert reasons[2] == "header ce_specversion is not 1.0"
    assert reasons[3] == "the body is not JSON"
    assert dict(letters[0].headers)["payesh-topic"] == TOPIC.encode()


async def test_a_message_that_keeps_failing_is_dead_lettered_and_can_be_sent_again(
    bus, producer, name, build, wait_until
):
    attempts: Counter[int] = Counter()
    broken = True

    async def effect(sequence: int) -> None:
        attempts[sequence] += 1
        if sequence == 1 and broken:
            raise ValueError("a plate, perhaps")
        if sequence == 2:
            raise MessageFault("never", retry=False)

    for sequence in (1, 2, 3):
        await producer.publish(build(name, sequence))
    handled = Handled(name, effect)
    consumer = consumer_of(bus, name, handled, producer)
    await consumer.start()
    await wait_until(lambda: handled.sequences == [3])
    assert attempts == {1: 3, 2: 1, 3: 1}
    letters = await letters_of(bus, name)
    reasons = [dict(each.headers)["payesh-reason"].decode() for each in letters]
    assert [reason.split(" ")[0] for reason in reasons] == ["ValueError", "never"]
    assert "plate" not in reasons[0]
    broken = False
    await resend(bus, letters[0], producer)
    await wait_until(lambda: handled.sequences == [3, 1])
    await consumer.stop()


async def test_a_dependency_fault_pauses_and_resumes_without_losing(
    bus, producer, name, build, wait_until
):
    away = True

    async def effect(sequence: int) -> None:
        if away:
            raise StoreUnavailable

    for sequence in range(1, 51):
        await producer.publish(build(name, sequence))
    handled = Handled(name, effect)
    consumer = consumer_of(bus, name, handled, producer)
    await consumer.start()
    await wait_until(lambda: consumer.paused_for == "store")
    assert not consumer.ready
    await asyncio.sleep(4)  # longer than the session's timeout: the membership must survive
    held_before = consumer.partitions
    assert handled.sequences == []
    away = False
    await wait_until(lambda: handled.sequences == list(range(1, 51)))
    assert consumer.paused_for is None
    assert consumer.ready
    assert consumer.partitions == held_before
    await consumer.stop()
    assert await letters_of(bus, name) == []


async def test_held_messages_come_again_after_a_restart_until_a_later_one_releases_them(
    bus, producer, name, build, wait_until
):
    async def hold(sequence: int) -> Disposition:
        return Disposition.DONE if sequence in (1, 4) else Disposition.HELD

    for sequence in range(1, 7):
        await producer.publish(build(name, sequence))
    first = Handled(name, hold)
    consumer = consumer_of(bus, name, first, producer)
    await consumer.start()
    await wait_until(lambda: first.sequences == [1, 2, 3, 4, 5, 6])
    await consumer.stop()
    second = Handled(name)
    consumer = consumer_of(bus, name, second, producer)
    await consumer.start()
    await wait_until(lambda: second.sequences == [5, 6])
    await consumer.stop()


async def test_a_dead_lettered_message_does_not_release_those_held_before_it(
    bus, producer, name, build, wait_until
):
    async def hold(sequence: int) -> Disposition:
        if sequence == 3:
            raise MessageFault("never", retry=False)
        return Disposition.DONE if sequence == 1 else Disposition.HELD

    good = envelope(build(name, 2))
    await producer.publish(build(name, 1))
    await producer.publish(build(name, 2))
    await producer.publish_raw(TOPIC, name.encode(), b"{not json", good.headers)
    await producer.publish(build(name, 3))
    await producer.publish(build(name, 4))
    first = Handled(name, hold)
    consumer = consumer_of(bus, name, first, producer)
    await consumer.start()
    await wait_until(lambda: first.sequences == [1, 2, 4])
    await consumer.stop()
    second = Handled(name)
    consumer = consumer_of(bus, name, second, producer)
    await consumer.start()
    await wait_until(lambda: second.sequences == [2, 3, 4])
    await consumer.stop()


async def test_a_rebalance_finishes_the_message_in_hand_and_loses_nothing(
    bus, producer, name, build, wait_until
):
    keys = [f"{name}-{number}" for number in range(12)]
    effects: Counter[str] = Counter()
    in_hand: set[str] = set()
    abandoned: list[str] = []

    async def handle(delivery: Delivery[AuditReadRecorded]) -> None:
        key = f"{delivery.event.service}/{delivery.event.sequence}"
        if not key.startswith(name):
            return
        in_hand.add(key)
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            abandoned.append(key)
            raise
        effects[key] += 1
        in_hand.discard(key)

    revoked: list[set] = []

    async def on_revoked(partitions: set) -> None:
        assert not in_hand
        revoked.append(partitions)

    for sequence in range(1, 21):
        for key in keys:
            await producer.publish(build(key, sequence))
    first = Consumer(
        bus,
        group=name,
        handlers={AuditReadRecorded: handle},
        producer=producer,
        on_revoked=on_revoked,
    )
    second = Consumer(bus, group=name, handlers={AuditReadRecorded: handle}, producer=producer)
    await first.start()
    await wait_until(lambda: len(effects) > 10)
    await second.start()
    await wait_until(lambda: len(effects) == 240)
    await wait_until(lambda: bool(second.partitions))
    assert not first.partitions & second.partitions
    await asyncio.gather(first.stop(), second.stop())
    assert revoked
    assert abandoned == []
    assert set(effects.values()) == {1}


async def test_bus_stopped_and_started_loses_no_message(
    breakable_engines, settings_for, name, build, wait_until
):
    from payesh.local.topics import create_topics

    await create_topics(breakable_engines.bus.bootstrap)
    bus = settings_for(breakable_engines, kafka_publish_timeout_ms=2000)
    producer = Producer(bus)
    await producer.start()
    handled = Handled(name)
    consumer = consumer_of(bus, name, handled, producer)
    await consumer.start()
    await producer.publish(build(name, 1))
    await wait_until(lambda: handled.sequences == [1])
    await breakable_engines.bus.stop()
    try:
        await producer.publish(build(name, 2))
        raise AssertionError("published into nothing")
    except BusUnavailable:
        pass
    await breakable_engines.bus.start()
    for sequence in (2, 3):
        await wait_until(lambda sequence=sequence: published(producer, build(name, sequence)))
    await wait_until(lambda: {2, 3} <= set(handled.sequences), 30)
    await consumer.stop()
    await producer.stop()


async def published(producer: Producer, event: AuditReadRecorded) -> bool:
    try:
        await producer.publish(event)
    except BusUnavailable:
        return False
    return True


async def test_the_command_lists_shows_and_sends_dead_letters_again(
    bus, producer, name, build, wait_until
):
    good = envelope(build(name, 1))
    await producer.publish_raw(TOPIC, name.encode(), b"plate", good.headers)
    handled = Handled(name)
    consumer = consumer_of(bus, name, handled, producer)
    await consumer.start()

    async def are_dead_lettered(count: int) -> bool:
        return len(await letters_of(bus, name)) == count

    await wait_until(lambda: are_dead_lettered(1))
    letter = (await letters_of(bus, name))[0]
    place = ("--partition", str(letter.partition), "--offset", str(letter.offset))
    listed = await deadletters_command(bus, "list", *place)
    assert listed["reason"] == "the body is not JSON"
    shown = describe(letter)
    assert shown["headers"]["ce_id"] == str(good.event_id)
    assert "body" not in shown
    assert describe(letter, body=True)["body"] == "plate"
    await deadletters_command(bus, "resend", *place)
    await wait_until(lambda: are_dead_lettered(2))  # it is still at fault
    await consumer.stop()


async def deadletters_command(bus: BusSettings, *arguments: str) -> dict:
    command = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "payesh.kit.deadletters", *arguments, "--topic", TOPIC),
        env={
            "PAYESH_KAFKA_BOOTSTRAP": bus.kafka_bootstrap,
            "PAYESH_KAFKA_IDEMPOTENCE": str(bus.kafka_idempotence),
            "PAYESH_DATABASE_URL": "the service's, of no interest here",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await command.communicate()
    assert command.returncode == 0, err.decode()
    return json.loads(out)


async def test_offsets_are_committed_after_the_effect_only(bus, producer, name, build, wait_until):
    release = asyncio.Event()

    async def effect(sequence: int) -> None:
        if sequence == 2:
            await release.wait()

    for sequence in (1, 2):
        await producer.publish(build(name, sequence))
    handled = Handled(name, effect)
    consumer = consumer_of(bus, name, handled, producer)
    await consumer.start()
    await wait_until(lambda: handled.sequences == [1])
    await asyncio.sleep(0.6)
    observer = AIOKafkaConsumer(
        bootstrap_servers=bus.kafka_bootstrap, group_id=name, enable_auto_commit=False
    )
    await observer.start()
    partitions = sorted(consumer.partitions)
    # What other tests left in the topic is worked off beside it: wait until only ours is held.
    before, seen = [-1], [0]
    while before != seen:
        before = seen
        await asyncio.sleep(0.6)
        seen = [await observer.committed(each) or 0 for each in partitions]
    release.set()
    await wait_until(lambda: handled.sequences == [1, 2])
    await consumer.stop()
    after = [await observer.committed(each) or 0 for each in partitions]
    await observer.stop()
    assert sum(after) - sum(before) == 1
