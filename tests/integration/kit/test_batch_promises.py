"""What a consumer promises of messages that share a transaction."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, Identity, Integer, MetaData, Table, Text, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import registry

from payesh.contracts import AuditReadRecorded
from payesh.kit import outbox
from payesh.kit.bus import Consumer, Delivery, Producer
from payesh.kit.bus.envelope import envelope
from payesh.kit.database import Database
from payesh.kit.deadletters import dead_letters
from payesh.kit.errors import MessageFault
from payesh.kit.inbox import transactional
from payesh.kit.relay import Relay
from payesh.kit.settings import BusSettings
from tests.support.partitions import partition_of
from tests.support.tcp_proxy import TcpProxy

TOPIC = AuditReadRecorded.topic
_TEST_LOCKS = 0x7E57

effects = Table(
    "batch_effects",
    MetaData(),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("key", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("transaction", BigInteger, nullable=False, server_default=func.txid_current()),
)

Before = Callable[[AsyncSession, AuditReadRecorded], Awaitable[None]]


@pytest.fixture(scope="module", autouse=True)
async def _effects_table(kit_database_url: str) -> AsyncIterator[None]:
    database = Database(kit_database_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(effects.create)
    yield
    async with database.engine.begin() as connection:
        await connection.run_sync(effects.drop)
    await database.close()


@dataclass
class Effects:
    """An effect of one test's own events: a row, after whatever `before` does."""

    prefix: str
    before: Before | None = None
    attempts: Counter[int] = field(default_factory=Counter)

    async def __call__(self, session: AsyncSession, delivery: Delivery[Any]) -> None:
        event = delivery.event
        if not event.service.startswith(self.prefix):
            return
        self.attempts[event.sequence] += 1
        if self.before is not None:
            await self.before(session, event)
        await session.execute(effects.insert().values(key=event.service, sequence=event.sequence))

    async def rows(self, database: Database) -> list[tuple[int, int]]:
        """Sequence and transaction of each effect that was committed, oldest first."""
        async with database.transaction() as session:
            found = await session.execute(
                select(effects.c.sequence, effects.c.transaction)
                .where(effects.c.key.startswith(self.prefix))
                .order_by(effects.c.id)
            )
            return [(row.sequence, row.transaction) for row in found]

    async def sequences(self, database: Database) -> list[int]:
        return [sequence for sequence, _ in await self.rows(database)]


async def letters_of(bus: BusSettings, name: str) -> list[Any]:
    """The dead letters of the test's own group and keys: others' poison lies in the topic, too."""
    return [
        record
        async for record in dead_letters(bus, TOPIC, quiet_ms=600)
        if dict(record.headers)["payesh-group"] == name.encode()
        and record.key.startswith(name.encode())
    ]


def consumer_of(
    bus: BusSettings, group: str, database: Database, producer: Producer, effect: Effects
) -> Consumer:
    handlers = {AuditReadRecorded: transactional(database, effect)}
    return Consumer(bus, group=group, handlers=handlers, producer=producer)


async def test_messages_that_wait_share_transactions_and_keep_their_order(
    bus, producer, database, name, build, wait_until
):
    for sequence in range(1, 41):
        await producer.publish(build(name, sequence))
    effect = Effects(name)
    consumer = consumer_of(bus, name, database, producer, effect)
    await consumer.start()
    await wait_until(lambda: has_effects(effect, database, 40))
    await consumer.stop()
    rows = await effect.rows(database)
    assert [sequence for sequence, _ in rows] == list(range(1, 41))
    assert len({transaction for _, transaction in rows}) < 20


async def has_effects(effect: Effects, database: Database, count: int) -> bool:
    return len(await effect.rows(database)) >= count


async def test_neighbours_of_a_poisoned_message_have_one_effect_each_and_in_order(
    bus, producer, database, name, build, wait_until
):
    async def poisoned(session: AsyncSession, event: AuditReadRecorded) -> None:
        await outbox.add(session, build(f"out-{name}", event.sequence))
        if event.sequence == 7:
            raise ValueError("a plate, perhaps")
        if event.sequence == 9:
            raise MessageFault("never", retry=False)

    received: list[int] = []

    async def listen(delivery: Delivery[AuditReadRecorded]) -> None:
        if delivery.event.service == f"out-{name}":
            received.append(delivery.event.sequence)

    for sequence in range(1, 13):
        await producer.publish(build(name, sequence))
    effect = Effects(name, poisoned)
    consumer = consumer_of(bus, name, database, producer, effect)
    listener = Consumer(
        bus, group=f"{name}-l", handlers={AuditReadRecorded: listen}, producer=producer
    )
    relay = Relay(database, producer)
    good = [sequence for sequence in range(1, 13) if sequence not in (7, 9)]
    for part in (consumer, listener, relay):
        await part.start()
    await wait_until(lambda: len(received) >= len(good))
    for part in (consumer, listener, relay):
        await part.stop()
    assert await effect.sequences(database) == good
    assert received == good
    # Tried as often alone as any message, besides its part in batches that were rolled back.
    assert effect.attempts[7] == 3 + 1
    assert effect.attempts[9] <= 1 + 1
    reasons = [dict(each.headers)["payesh-reason"].decode() for each in await letters_of(bus, name)]
    assert [reason.split(" ")[0] for reason in reasons] == ["ValueError", "never"]


async def test_a_message_without_a_valid_body_does_not_undo_a_batch(
    bus, producer, database, name, build, wait_until
):
    headers = envelope(build(name, 2)).headers
    for sequence in range(1, 6):
        await producer.publish(build(name, sequence))
    await producer.publish_raw(TOPIC, name.encode(), b"{not json", headers)
    for sequence in range(6, 11):
        await producer.publish(build(name, sequence))
    effect = Effects(name)
    consumer = consumer_of(bus, name, database, producer, effect)
    await consumer.start()
    await wait_until(lambda: has_effects(effect, database, 10))
    await consumer.stop()
    assert await effect.sequences(database) == list(range(1, 11))
    assert set(effect.attempts.values()) == {1}
    assert len(await letters_of(bus, name)) == 1


async def test_a_duplicate_inside_a_batch_has_one_effect(
    bus, producer, database, name, build, wait_until
):
    first, second, third = (build(name, sequence) for sequence in (1, 2, 3))
    for event in (first, first, second, first, second, third):
        await producer.publish(event)
    effect = Effects(name)
    consumer = consumer_of(bus, name, database, producer, effect)
    await consumer.start()
    await wait_until(lambda: has_effects(effect, database, 3))
    await consumer.stop()
    assert await effect.sequences(database) == [1, 2, 3]
    assert effect.attempts == {1: 1, 2: 1, 3: 1}


async def test_a_database_that_goes_away_inside_a_batch_pauses_and_dead_letters_nothing(
    bus, producer, database, kit_database_url, name, build, wait_until
):
    url = make_url(kit_database_url)
    assert url.host is not None
    assert url.port is not None
    async with TcpProxy(url.host, url.port) as proxy:
        far = Database(
            url.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
        )
        cut = False

        async def outage(_session: AsyncSession, event: AuditReadRecorded) -> None:
            nonlocal cut
            if event.sequence == 8 and not cut:
                cut = True
                await proxy.cut()

        for sequence in range(1, 17):
            await producer.publish(build(name, sequence))
        effect = Effects(name, outage)
        consumer = consumer_of(bus, name, far, producer, effect)
        await consumer.start()
        await wait_until(lambda: consumer.paused_for == "database")
        assert not consumer.ready
        await asyncio.sleep(1)
        # A fetch may have ended before the message that the outage came with: what it had is kept.
        kept = await effect.sequences(database)
        assert kept == list(range(1, len(kept) + 1)) and len(kept) < 8
        await proxy.resume()
        await wait_until(lambda: has_effects(effect, database, 16))
        await wait_until(lambda: consumer.ready)
        await consumer.stop()
        await far.close()
    assert await effect.sequences(database) == list(range(1, 17))
    assert await letters_of(bus, name) == []


async def test_a_handler_that_takes_its_time_keeps_its_membership_and_short_transactions(
    engines, settings_for, producer, database, name, build, wait_until
):
    bus = settings_for(engines)

    async def slow(_session: AsyncSession, _event: AuditReadRecorded) -> None:
        await asyncio.sleep(0.2)

    count = 2 * bus.kafka_session_timeout_ms // 200
    for sequence in range(1, count + 1):
        await producer.publish(build(name, sequence))
    effect = Effects(name, slow)
    revoked: list[set[Any]] = []

    async def on_revoked(partitions: set[Any]) -> None:
        revoked.append(partitions)

    consumer = Consumer(
        bus,
        group=name,
        handlers={AuditReadRecorded: transactional(database, effect)},
        producer=producer,
        on_revoked=on_revoked,
    )
    await consumer.start()
    await wait_until(lambda: has_effects(effect, database, count), 40)
    assert revoked == []
    await consumer.stop()
    rows = await effect.rows(database)
    assert [sequence for sequence, _ in rows] == list(range(1, count + 1))
    assert max(Counter(transaction for _, transaction in rows).values()) <= 4


async def test_a_consumer_that_stops_inside_a_batch_keeps_what_it_did_and_no_more(
    bus, producer, database, name, build, wait_until
):
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def wait(_session: AsyncSession, event: AuditReadRecorded) -> None:
        if event.sequence == 5:
            reached.set()
            await go_on.wait()

    for sequence in range(1, 21):
        await producer.publish(build(name, sequence))
    first = Effects(name, wait)
    consumer = consumer_of(bus, name, database, producer, first)
    await consumer.start()
    await asyncio.wait_for(reached.wait(), 20)
    stopping = asyncio.create_task(consumer.stop())
    await wait_until(lambda: not consumer.partitions)
    go_on.set()
    await stopping
    assert await first.sequences(database) == [1, 2, 3, 4, 5]
    second = Effects(name)
    consumer = consumer_of(bus, name, database, producer, second)
    await consumer.start()
    await wait_until(lambda: has_effects(second, database, 20))
    await consumer.stop()
    assert await second.sequences(database) == list(range(1, 21))
    assert sorted(second.attempts) == list(range(6, 21))


class EffectRow:
    """A row of `effects`, for what the session's own memory of objects may do."""

    id: int
    sequence: int


registry().map_imperatively(EffectRow, effects)


async def test_an_effect_sees_what_others_committed_since_an_earlier_effect_of_its_batch(
    bus, producer, database, name, build, wait_until
):
    async with database.transaction() as session:
        row_id = await session.scalar(
            effects.insert().values(key="row", sequence=0).returning(effects.c.id)
        )
    seen: list[tuple[int, int]] = []
    kept: list[EffectRow] = []  # the session's memory holds only what is still referred to

    async def read(session: AsyncSession, _event: AuditReadRecorded) -> None:
        row = await session.get_one(EffectRow, row_id)
        kept.append(row)
        seen.append((row.sequence, await session.scalar(select(func.txid_current()))))
        async with database.transaction() as other:
            await other.execute(
                effects.update().where(effects.c.id == row_id).values(sequence=row.sequence + 1)
            )

    for sequence in range(1, 6):
        await producer.publish(build(name, sequence))
    effect = Effects(name, read)
    consumer = consumer_of(bus, name, database, producer, effect)
    await consumer.start()
    await wait_until(lambda: has_effects(effect, database, 5))
    await consumer.stop()
    assert [sequence for sequence, _ in seen] == [0, 1, 2, 3, 4]
    assert len({transaction for _, transaction in seen}) < 5


def keys_of_two_partitions(name: str) -> tuple[str, str]:
    keys = [f"{name}-{number}" for number in range(100)]
    other = next(
        key for key in keys[1:] if partition_of(TOPIC, key) != partition_of(TOPIC, keys[0])
    )
    return keys[0], other


async def test_batches_that_lock_each_other_out_are_handled_one_by_one(
    bus, producer, database, name, build, wait_until
):
    upwards, downwards = keys_of_two_partitions(name)
    both_hold_one = asyncio.Barrier(2)

    async def lock(session: AsyncSession, event: AuditReadRecorded) -> None:
        number = event.sequence if event.service == upwards else 3 - event.sequence
        await session.execute(select(func.pg_advisory_xact_lock(_TEST_LOCKS, number)))
        if event.sequence == 1 and effect.attempts[1] <= 2:
            async with asyncio.timeout(10):
                await both_hold_one.wait()

    for key in (upwards, downwards):
        for sequence in (1, 2):
            await producer.publish(build(key, sequence))
    effect = Effects(name, lock)
    consumer = consumer_of(bus, name, database, producer, effect)
    await consumer.start()
    await wait_until(lambda: has_effects(effect, database, 4), 30)
    await consumer.stop()
    assert sorted(await effect.sequences(database)) == [1, 1, 2, 2]
    assert effect.attempts == {1: 3, 2: 3}  # PostgreSQL ended one of the two transactions
    assert await letters_of(bus, name) == []


async def test_locks_taken_before_the_effects_let_batches_wait_for_each_other(
    bus, producer, database, name, build, wait_until
):
    keys = keys_of_two_partitions(name)

    async def lock(session: AsyncSession, deliveries: Sequence[Delivery[Any]]) -> None:
        numbers = {each.event.sequence for each in deliveries if each.event.service in keys}
        for number in sorted(numbers):
            await session.execute(select(func.pg_advisory_xact_lock(_TEST_LOCKS, number)))

    for key, order in zip(keys, ((1, 2, 3), (3, 2, 1)), strict=True):
        for sequence in order:
            await producer.publish(build(key, sequence))
    made, commits = Effects(name), 0

    async def effect(session: AsyncSession, delivery: Delivery[Any]) -> bool:
        await made(session, delivery)
        return delivery.event.service in keys and delivery.event.sequence == 2

    def count_commit() -> None:
        nonlocal commits
        commits += 1

    handler = transactional(database, effect, prepare=lock, after_commit=count_commit)
    consumer = Consumer(bus, group=name, handlers={AuditReadRecorded: handler}, producer=producer)
    await consumer.start()
    await wait_until(lambda: has_effects(made, database, 6))
    await consumer.stop()
    assert made.attempts == {1: 2, 2: 2, 3: 2}
    rows = await made.rows(database)
    assert len({transaction for _, transaction in rows}) < 6
    # Called after the transactions in which an effect returned True, and after no other.
    assert commits == len({transaction for sequence, transaction in rows if sequence == 2})
