"""One question to a Kafka-compatible broker: is anybody there?"""

import asyncio

from aiokafka.admin import AIOKafkaAdminClient


async def answers_metadata(bootstrap: str) -> bool:
    """True when the broker tells its topics. Raises OSError or aiokafka's errors until then."""
    host, port = bootstrap.rsplit(":", 1)
    # aiokafka logs each refused connection as an error, so knock first.
    _, writer = await asyncio.open_connection(host, int(port))
    writer.close()
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=3000)
    try:
        await client.start()
        await client.list_topics()
    finally:
        await client.close()
    return True
