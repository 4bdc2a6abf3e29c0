"""Readiness of a Kafka-compatible broker."""

from aiokafka.admin import AIOKafkaAdminClient

from payesh.local.engines.ports import LOOPBACK, require_listener


async def answers_metadata(port: int) -> bool:
    """True when the broker lists its topics. Raises OSError or aiokafka's errors until then."""
    await require_listener(port)
    client = AIOKafkaAdminClient(bootstrap_servers=f"{LOOPBACK}:{port}", request_timeout_ms=3000)
    try:
        await client.start()
        await client.list_topics()
    finally:
        await client.close()
    return True
