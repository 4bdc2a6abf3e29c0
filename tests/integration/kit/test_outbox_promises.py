import asyncio
import json
import random
import time
from collections import defaultdict
from uuid import uuid4

from sqlalchemy import func, select, text

from payesh.contracts import AuditReadRecorded
from payesh.kit import outbox
from payesh.kit.bus import Consumer, Delivery, Producer
from payesh.kit.bus.envelope import envelope
from payesh.kit.errors import BusUnavailable, DependencyFault
from payesh.kit.inbox import transactional
from payesh.kit.relay import Relay
from payesh.kit.tables import inbox
from payesh.kit.tables import outbox as outbox_table


async def waiting(database) -> int:
    async with database.transaction() as session:
        return await session.scalar(select(func.count()).select_from(outbox_table)) or 0


class Received:
    """What one test received from the bus: a list of sequences for each key."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.sequences: dict[str, list[int]] = defaultdict(list)

    async def __call__(self, delivery: Delivery[AuditReadRecorded]) -> None:
        if delivery.event.service.startswith(self.prefix):
            self.sequences[delivery.event.service].append(delivery.event.sequence)

    @property
    def count(self) -> int:
        return sum(len(each) for each in self.sequences.values())


async def test_two_relays_and_transactions_out_of_order_neither_skip_nor_reorder_a_key(
    bus, producer, database, name, build, wait_until
):
    keys = [f"{name}-{number}" for number in range(8)]
    written: dict[str, list[int]] = defaultdict(list)
    locks = {key: asyncio.Lock() for key in keys}

    async def write(seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - reproducible traffic
        for _ in range(30):
            first, second = chance.sample(keys, 2)
            # The lock is the test's own order of facts; commits of other keys overtake freely.
            low, high = sorted((first, second))
            async with locks[low], locks[high], database.transaction() as session:
                for key in (first, second):
                    await outbox.add(session, build(key, len(written[key]) + 1))
                    written[key].append(len(written[key]) + 1)
                await asyncio.sleep(chance.random() * 0.01)

    relays = [Relay(database, producer, batch_size=20, poll_s=0.05) for _ in range(2)]
    received = Received(name)
    consumer = Consumer(bus, group=name, handlers={AuditReadRecorded: received}, producer=producer)
    await consumer.start()
    for relay in relays:
        await relay.start()
    await asyncio.gather(*(write(seed) for seed in range(6)))
    await wait_until(lambda: received.count >= 360)
    for relay in relays:
        await relay.stop()
    await consumer.stop()
    assert received.sequences == written
    assert await waiting(database) == 0


async def test_an_id_taken_early_and_committed_late_is_not_skipped(producer, database, name, build):
    relay = Relay(database, producer)
    late = database.transaction()
    session = await late.__aenter__()
    message = envelope(build(f"{name}-late", 1))
    await session.execute(
        outbox_table.insert().values(
            topic=message.topic,
            key=message.key,
            event_id=message.event_id,
            body=message.value,
            headers=dict(message.text_headers()),
        )
    )
    async with database.transaction() as other:
        await outbox.add(other, build(f"{name}-early", 1))
    assert await relay.publish_batch() == 1
    await late.__aexit__(None, None, None)
    assert await relay.publish_batch() == 1
    assert await waiting(database) == 0


async def test_an_id_is_drawn_only_once_the_lock_of_its_key_is_held(database, name, build):
    key = text("SELECT pg_advisory_xact_lock(:class, :key)")
    lock = {"class": outbox._KEY_LOCKS, "key": outbox._key_hash(envelope(build(name, 1)))}

    async def write() -> None:
        async with database.transaction() as session:
            for each in (f"{name}-a", name, f"{name}-b"):
                await outbox.add(session, build(each, 1))

    async with database.transaction() as holder:
        await holder.execute(key, lock)
        waiting_for_the_lock = asyncio.create_task(write())
        await asyncio.sleep(0.3)
        assert not waiting_for_the_lock.done()
        async with database.transaction() as session:
            await outbox.add(session, build(f"{name}-c", 1))
    await waiting_for_the_lock
    async with database.transaction() as session:
        rows = (await session.execute(select(outbox_table).order_by(outbox_table.c.id))).all()
        await session.execute(outbox_table.delete())
    assert [bytes(row.key).decode() for row in rows] == [
        f"{name}-c", f"{name}-a", name, f"{name}-b",
    ]  # fmt: skip


async def test_a_rolled_back_transaction_publishes_nothing(database, name, build):
    before = await waiting(database)
    try:
        async with database.transaction() as session:
            await outbox.add(session, build(name, 1))
            raise RuntimeError("no")
    except RuntimeError:
        pass
    assert await waiting(database) == before


async def test_a_savepoint_rolled_back_takes_only_its_own_events_along(database, name, build):
    async with database.transaction() as session:
        await outbox.add(session, build(name, 1))
        async with session.begin_nested():
            await outbox.add(session, build(name, 2))
        try:
            async with session.begin_nested():
                async with session.begin_nested():
                    await outbox.add(session, build(name, 3))
                raise RuntimeError("no")
        except RuntimeError:
            pass
        await outbox.add(session, build(name, 4))
    async with database.transaction() as session:
        rows = (await session.execute(select(outbox_table).order_by(outbox_table.c.id))).all()
        await session.execute(outbox_table.delete())
    assert [json.loads(row.body)["sequence"] for row in rows] == [1, 2, 4]


async def test_what_the_bus_did_not_take_stays_in_order_and_is_published_later(
    bus, producer, database, name, build, settings_for, engines, wait_until
):
    async with database.transaction() as session:
        for sequence in (1, 2, 3):
            await outbox.add(session, build(name, sequence))
    nowhere = Producer(
        settings_for(engines, kafka_bootstrap="127.0.0.1:1", kafka_publish_timeout_ms=1000)
    )
    try:
        await Relay(database, nowhere).publish_batch()
        raise AssertionError("published into nothing")
    except DependencyFault as fault:
        assert isinstance(fault, BusUnavailable)
    assert await waiting(database) == 3
    received = Received(name)
    consumer = Consumer(bus, group=name, handlers={AuditReadRecorded: received}, producer=producer)
    await consumer.start()
    await Relay(database, producer).publish_batch()
    await wait_until(lambda: received.sequences[name] == [1, 2, 3])
    await consumer.stop()


async def test_a_duplicate_has_one_effect(bus, producer, database, name, build, wait_until):
    effects: list[int] = []

    async def handle(session, delivery) -> None:
        if delivery.event.service == name:
            effects.append(delivery.event.sequence)
            # Its own outbox row shares the transaction, and so is not doubled either.
            await outbox.add(session, build(f"{name}-out", delivery.event.sequence))

    received = Received(f"{name}-out")
    consumer = Consumer(
        bus,
        group=name,
        handlers={AuditReadRecorded: transactional(database, handle)},
        producer=producer,
    )
    listener = Consumer(
        bus, group=f"{name}-l", handlers={AuditReadRecorded: received}, producer=producer
    )
    relay = Relay(database, producer)
    event = build(name, 1)
    for each in (event, event, build(name, 2), event):
        await producer.publish(each)
    for started in (consumer, listener, relay):
        await started.start()
    await wait_until(lambda: received.count >= 2)
    await asyncio.sleep(0.5)
    for started in (consumer, listener, relay):
        await started.stop()
    assert effects == [1, 2]
    assert received.sequences == {f"{name}-out": [1, 2]}


async def test_a_commit_wakes_the_relay_at_once(bus, producer, database, name, build, wait_until):
    relay = Relay(database, producer, poll_s=30)
    await relay.start()
    await asyncio.sleep(0.2)
    started = time.perf_counter()
    async with database.transaction() as session:
        await outbox.add(session, build(name, 1))

    async def drained() -> bool:
        return await waiting(database) == 0

    await wait_until(drained)
    assert time.perf_counter() - started < 1
    await relay.stop()


async def test_old_inbox_rows_are_forgotten(producer, database):
    old = uuid4()
    async with database.transaction() as session:
        await session.execute(
            inbox.insert().values(event_id=old, handled_at=text("now() - interval '9 days'"))
        )
    relay = Relay(database, producer, poll_s=0.05)
    await relay.start()
    await asyncio.sleep(0.3)
    await relay.stop()
    async with database.transaction() as session:
        kept = await session.scalar(select(inbox.c.event_id).where(inbox.c.event_id == old))
    assert kept is None


async def test_the_relay_keeps_up_with_a_province(producer, database, name, build):
    async with database.transaction() as session:
        for number in range(4000):
            await outbox.add(session, build(f"{name}-{number % 100}", number // 100 + 1))
    relay = Relay(database, producer)
    started = time.perf_counter()
    while await relay.publish_batch():
        pass
    rate = 4000 / (time.perf_counter() - started)
    assert await waiting(database) == 0
    print(f"relay: {rate:.0f} messages/s")
    assert rate > 500  # 2,000 and more on an idle machine; a test must also pass on a busy one
