"""Create the bus topics that `contracts/asyncapi.yaml` names, sized for one box."""

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from payesh.contracts.topics import topics


async def create_topics(bootstrap: str) -> None:
    """Create every topic and dead-letter topic; those that exist are left as they are.

    Raises aiokafka.errors.KafkaError when the broker refuses one.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        wanted = [
            NewTopic(
                name=topic.name,
                num_partitions=topic.local_partitions,
                replication_factor=1,
                topic_configs=topic.configuration(),
            )
            for topic in topics()
        ]
        try:
            answer = await admin.create_topics(wanted)
        except TopicAlreadyExistsError:
            return
        for name, code, *_ in answer.topic_errors:
            if code not in (0, TopicAlreadyExistsError.errno):
                raise for_code(code)(name)
    finally:
        await admin.close()
