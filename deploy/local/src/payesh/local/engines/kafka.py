"""Apache Kafka on one node (KRaft), as in production; Maven resolves its jars."""

import asyncio
import shutil
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path

from payesh.local.engines.cache import built_once, is_built, require, run_build
from payesh.local.engines.kafka_client import answers_metadata
from payesh.local.engines.ports import LOOPBACK, free_port
from payesh.local.engines.process import Engine

_CACHED = "kafka-4.3.0"  # the version is kafka-pom.xml's

_POM = Path(__file__).with_name("kafka-pom.xml")

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{advertised_port}
controller.listener.names=CONTROLLER
log.dirs={log_dirs}
auto.create.topics.enable=false
num.partitions=1
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# A killed broker can register again only after its session has ended (default 9 s).
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.retention.check.interval.ms={retention_check_ms}
"""


class KafkaBroker(Engine):
    """Broker and controller in one Java process of at most 512 MB heap.

    `advertised_port` sends clients through a proxy.
    `retention_check_ms`: how often retention is enforced; small where a test waits for it.
    """

    name = "kafka"
    ready_timeout_s = 60.0

    def __init__(
        self,
        data_dir: Path,
        *,
        advertised_port: int | None = None,
        retention_check_ms: int = 300_000,
    ) -> None:
        super().__init__(data_dir)
        self.advertised_port = advertised_port
        self._retention_check_ms = retention_check_ms

    def _draw_ports(self) -> None:
        self._port = free_port()
        self._controller_port = free_port()

    @property
    def bootstrap(self) -> str:
        return f"{LOOPBACK}:{self._port}"

    def check_available(self) -> None:
        """Raise EngineUnavailable when it can neither run nor be built here."""
        require("java")
        if not is_built(_CACHED):
            require("mvn")

    def build(self) -> Path:
        """The folder of its jars, resolved unless they are there. Blocks for some seconds then.

        Raises EngineUnavailable and EngineError.
        """
        self.check_available()
        return built_once(_CACHED, _resolve_jars)

    async def _prepare(self) -> None:
        libraries = await asyncio.to_thread(self.build)
        self._class_path = str(libraries / "*")
        self._configuration = self.data_dir / "server.properties"
        log_dirs = self.data_dir / "log"
        self._configuration.write_text(
            _PROPERTIES.format(
                host=LOOPBACK,
                port=self._port,
                advertised_port=self.advertised_port or self._port,
                controller_port=self._controller_port,
                log_dirs=log_dirs,
                retention_check_ms=self._retention_check_ms,
            )
        )
        if not (log_dirs / "meta.properties").exists():
            cluster_id = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            command = [
                *self._java(), "kafka.tools.StorageTool", "format",
                # With "=", because an id may begin with a dash.
                f"--cluster-id={cluster_id}", f"--config={self._configuration}",
            ]  # fmt: skip
            await asyncio.to_thread(run_build, command, self.data_dir)

    def _java(self) -> list[str]:
        # Two cores: a serial collector and the quick compiler halve the time to the first answer.
        flags = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        return [shutil.which("java") or "java", *flags, "-cp", self._class_path]

    def _command(self) -> Sequence[str]:
        return [*self._java(), "kafka.Kafka", str(self._configuration)]

    async def _answers(self) -> bool:
        return await answers_metadata(self._port)


def _resolve_jars(folder: Path) -> None:
    """Fill `folder` with Kafka and what it needs (46 jars, 44 MB), from Maven's repository."""
    folder.mkdir()
    run_build(
        [
            "mvn", "--batch-mode", "--quiet", "-f", str(_POM),
            "dependency:copy-dependencies", f"-DoutputDirectory={folder}",
        ],
        folder,
    )  # fmt: skip
