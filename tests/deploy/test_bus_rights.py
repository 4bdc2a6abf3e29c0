"""Strimzi's listener, users and rights, enforced by Apache Kafka: each service has the rights that
it needs, and no more."""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError, for_code
from aiokafka.protocol.admin import CreateAclsRequest

from payesh.contracts.topics import topics
from payesh.kit.bus import Producer
from payesh.kit.bus.connection import connection
from payesh.kit.errors import BusUnavailable
from payesh.kit.settings import BusSettings
from payesh.local.engines.kafka import KafkaBroker
from payesh.local.engines.ports import LOOPBACK, free_port
from payesh.local.engines.process import EngineUnavailable, inherited_environment
from payesh.local.topics import create_topics
from tests.deploy.bus_users import GROUPS
from tests.deploy.container import SERVICES
from tests.deploy.manifests import by_name
from tests.support.engines import chosen_engines

pytestmark = [
    pytest.mark.engines,
    pytest.mark.skipif(
        chosen_engines() != "production", reason="needs PAYESH_TEST_ENGINES=production"
    ),
]

# Numbers of the protocol (org.apache.kafka.common.resource and .acl).
_TYPES = {"topic": 2, "group": 3}
_LITERAL, _ALLOW = 3, 3
_OPERATIONS = {"Read": 3, "Write": 4, "Describe": 8}

_CLIENTS = """
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller},CLIENTS://{host}:{clients}
advertised.listeners=PLAINTEXT://{host}:{port},CLIENTS://{host}:{clients}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,CLIENTS:SASL_SSL
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.clients.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
"""


def draw_certificate(certificate: Path, key: Path) -> None:
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-noenc", "-days", "2", "-subj", "/CN=kafka",
            "-addext", f"subjectAltName=IP:{LOOPBACK}", "-keyout", str(key), "-out",
            str(certificate),
        ],
        check=True, capture_output=True,
    )  # fmt: skip


class GuardedKafka(KafkaBroker):
    """A broker with the listener of `kafka.yaml` beside the plain one, which only the test uses."""

    def _draw_ports(self) -> None:
        super()._draw_ports()
        self.clients_port = free_port()

    async def _prepare(self) -> None:
        await super()._prepare()
        self.authority = self.data_dir / "ca.crt"
        key = self.data_dir / "tls.key"
        await asyncio.to_thread(draw_certificate, self.authority, key)
        keystore = self.data_dir / "keystore.pem"
        keystore.write_text(key.read_text() + self.authority.read_text())
        with self._configuration.open("a") as file:
            file.write(
                _CLIENTS.format(
                    host=LOOPBACK,
                    port=self._port,
                    controller=self._controller_port,
                    clients=self.clients_port,
                    keystore=keystore,
                )
            )

    def set_password(self, user: str, password: str) -> None:
        subprocess.run(
            [
                *self._java(), "kafka.admin.ConfigCommand", "--bootstrap-server", self.bootstrap,
                "--alter", "--entity-type", "users", "--entity-name", user,
                "--add-config", f"SCRAM-SHA-512=[password={password}]",
            ],
            check=True, capture_output=True,
        )  # fmt: skip


class Settings(BusSettings):
    service: ClassVar[str] = "test"
    refuse_unknown: ClassVar[bool] = False


@pytest.fixture(scope="module")
async def kafka() -> AsyncIterator[GuardedKafka]:
    users = by_name("one-box", "KafkaUser")
    with tempfile.TemporaryDirectory(prefix="payesh-deploy-") as folder:
        broker = GuardedKafka(Path(folder))
        try:
            await broker.start()
        except EngineUnavailable as error:
            pytest.skip(f"engines absent: {error}")
        try:
            await create_topics(broker.bootstrap)
            for name in users:
                await asyncio.to_thread(broker.set_password, name, f"password-of-{name}")
            await grant(broker.bootstrap, users)
            yield broker
        finally:
            broker.kill()


async def grant(bootstrap: str, users: dict[str, Any]) -> None:
    """Create the access rules that Strimzi's user operator would."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        for name, user in users.items():
            for rule in user["spec"]["authorization"]["acls"]:
                for operation in rule["operations"]:
                    resource = rule["resource"]
                    request = CreateAclsRequest(
                        _TYPES[resource["type"]], resource["name"], _LITERAL,
                        f"User:{name}", "*", _OPERATIONS[operation], _ALLOW,
                    )  # fmt: skip
                    answer = await admin._send_request(request)
                    for code, message in answer.creation_responses:
                        if code:
                            raise for_code(code)(message)
    finally:
        await admin.close()


def settings(kafka: GuardedKafka, user: str, **others: Any) -> Settings:
    given = {
        "kafka_bootstrap": f"{LOOPBACK}:{kafka.clients_port}",
        "kafka_ca_file": kafka.authority,
        "kafka_username": user,
        "kafka_password": f"password-of-{user}",
    }
    return Settings(**{**given, **others})


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_produces_its_own_topics_and_no_others(
    kafka: GuardedKafka, service: str
) -> None:
    """With the idempotent producer that production has on."""
    producer = Producer(settings(kafka, f"{service}-bus"))
    try:
        for topic in topics():
            if service in topic.producers:
                await producer.publish_raw(topic.name, b"key", b"{}", [])
    finally:
        await producer.stop()
    raw = AIOKafkaProducer(**connection(settings(kafka, f"{service}-bus")))
    await raw.start()
    try:
        for topic in topics():
            if service not in topic.producers:
                with pytest.raises(TopicAuthorizationFailedError):
                    await raw.send_and_wait(topic.name, b"{}", key=b"key")
    finally:
        await raw.stop()


@pytest.mark.parametrize("service", [name for name in SERVICES if GROUPS[name]])
async def test_a_service_consumes_its_topics_in_its_own_groups(
    kafka: GuardedKafka, service: str
) -> None:
    consumed = [topic.name for topic in topics() if service in topic.consumers]
    assert consumed
    for group in GROUPS[service]:
        consumer = AIOKafkaConsumer(
            *consumed, group_id=group, **connection(settings(kafka, f"{service}-bus"))
        )
        await consumer.start()
        try:
            async with asyncio.timeout(30):
                while {each.topic for each in consumer.assignment()} != set(consumed):
                    await consumer.getmany(timeout_ms=200)
            await consumer.commit(dict.fromkeys(consumer.assignment(), 0))
        finally:
            await consumer.stop()
    stranger = AIOKafkaConsumer(
        consumed[0], group_id="another-group", **connection(settings(kafka, f"{service}-bus"))
    )
    with pytest.raises(KafkaError, match=r"(?i)authoriz"):
        async with asyncio.timeout(30):
            await stranger.start()
            await stranger.getmany(timeout_ms=5000)
    await stranger.stop()


async def test_only_the_user_of_dead_letters_lists_and_resends_them(kafka: GuardedKafka) -> None:
    """With the command of the runbooks."""
    topic = "plates.plate.read.v1"
    producer = Producer(settings(kafka, "tickets-bus"))
    headers = [("payesh-topic", topic.encode()), ("payesh-reason", b"no such county")]
    await producer.publish_raw(f"{topic}.dlq", b"a-dead-letter", b"{}", headers)
    await producer.stop()

    async def run(user: str, command: str) -> tuple[int | None, str]:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "payesh.kit.deadletters", command, "--topic", topic,
            env={
                **inherited_environment(),
                "PAYESH_KAFKA_BOOTSTRAP": f"{LOOPBACK}:{kafka.clients_port}",
                "PAYESH_KAFKA_CA_FILE": str(kafka.authority),
                "PAYESH_KAFKA_USERNAME": user,
                "PAYESH_KAFKA_PASSWORD": f"password-of-{user}",
            },
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await child.communicate()
        return child.returncode, output.decode()

    code, output = await run("dead-letters", "list")
    assert code == 0 and "no such county" in output, output
    code, output = await run("dead-letters", "resend")
    assert code == 0, output
    code, output = await run("tickets-bus", "list")
    assert code != 0, output
    consumer = AIOKafkaConsumer(
        topic,
        group_id="tickets",
        auto_offset_reset="earliest",
        **connection(settings(kafka, "tickets-bus")),
    )
    await consumer.start()
    try:
        values = []
        async with asyncio.timeout(30):
            while (b"a-dead-letter", b"{}") not in values:
                fetched = await consumer.getmany(timeout_ms=500)
                values += [(each.key, each.value) for some in fetched.values() for each in some]
    finally:
        await consumer.stop()


async def test_a_wrong_password_and_an_unknown_authority_are_refused(
    kafka: GuardedKafka, tmp_path: Path
) -> None:
    wrong = Producer(settings(kafka, "tickets-bus", kafka_password="guessed"))
    with pytest.raises(BusUnavailable):
        await wrong.publish_raw("audit.tickets.recorded.v1", b"key", b"{}", [])
    await wrong.stop()
    other = tmp_path / "other.crt"
    await asyncio.to_thread(draw_certificate, other, tmp_path / "key")
    misled = Producer(settings(kafka, "tickets-bus", kafka_ca_file=other))
    with pytest.raises(BusUnavailable):
        await misled.publish_raw("audit.tickets.recorded.v1", b"key", b"{}", [])
    await misled.stop()
