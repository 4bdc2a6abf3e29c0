from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from payesh.local.engines import EngineSet


async def _make_topic(bootstrap: str, partitions: int) -> str:
    topic = f"t-{uuid4()}"
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, partitions, 1)])
    finally:
        await admin.close()
    return topic


async def _produce(engines: EngineSet, topic: str, values: list[bytes]) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=engines.bus.bootstrap,
        acks="all",
        enable_idempotence=engines.kafka_idempotence,
    )
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait(topic, value, key=value)
    finally:
        await producer.stop()


async def _consume(engines: EngineSet, topic: str, group: str | None, count: int) -> list[bytes]:
    """The next `count` values of the group, committed; without a group, from the beginning."""
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=engines.bus.bootstrap,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        session_timeout_ms=3000,
        heartbeat_interval_ms=500,
    )
    await consumer.start()
    try:
        values: list[bytes] = []
        while len(values) < count:
            for messages in (await consumer.getmany(timeout_ms=1000)).values():
                values += [message.value for message in messages]
        if group is not None:
            await consumer.commit()
    finally:
        await consumer.stop()
    return sorted(values)


async def test_messages_and_offsets_outlive_a_killed_broker(breakable_engines: EngineSet) -> None:
    engines = breakable_engines
    topic = await _make_topic(engines.bus.bootstrap, partitions=2)
    group = f"g-{uuid4()}"
    before, after = [b"a", b"b", b"c"], [b"d", b"e"]
    await _produce(engines, topic, before)
    assert await _consume(engines, topic, group, count=3) == before

    await engines.bus.restart(kill=True)

    await _produce(engines, topic, after)
    assert await _consume(engines, topic, group, count=2) == after
    assert await _consume(engines, topic, group=None, count=5) == before + after


async def test_an_outage_of_the_object_store_is_not_one_of_the_bus(
    breakable_engines: EngineSet,
) -> None:
    topic = await _make_topic(breakable_engines.bus.bootstrap, partitions=1)
    breakable_engines.objects.kill()
    try:
        await _produce(breakable_engines, topic, [b"still here"])
    finally:
        await breakable_engines.objects.start()
