"""Which partition of the local bus a key has: order is promised there, so a test can wait for
what comes after."""

from uuid import UUID, uuid4

from aiokafka.partitioner import DefaultPartitioner

from payesh.contracts.topics import topics


def partition_of(topic: str, key: str) -> int:
    number = next(each.local_partitions for each in topics() if each.name == topic)
    everything = list(range(number))
    partition: int = DefaultPartitioner()(key.encode(), everything, everything)
    return partition


def neighbour_of(topic: str, key: str) -> UUID:
    """A new id that as a key lies in the same partition."""
    while True:
        candidate = uuid4()
        if partition_of(topic, str(candidate)) == partition_of(topic, key):
            return candidate
