"""docker-compose.yml's engines and processes on this machine, encrypted from end to end.

Every connection is TLS under the drawn authority, every user has the rights that the jobs grant.
Skips, with the reason, where an engine with TLS is absent.
"""

import asyncio
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import NewTopic
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.admin import CreateAclsRequest

from payesh.contracts.topics import topics
from payesh.local.engines.ports import LOOPBACK, free_port
from payesh.local.engines.process import EngineUnavailable, inherited_environment
from tests.deploy import compose_file
from tests.deploy.bus_users import rights
from tests.deploy.compose_engines import (
    COMPOSE,
    ComposeKafka,
    ComposeMinio,
    ComposePostgres,
    trusting,
)
from tests.deploy.container import PROCESSES, SERVICES, Container
from tests.deploy.test_bus_rights import _ALLOW, _LITERAL, _OPERATIONS, _TYPES
from tests.support.engines import chosen_engines

pytestmark = [
    pytest.mark.engines,
    pytest.mark.slow,
    pytest.mark.timeout(900),  # three engines, six processes and a Java process a user
    pytest.mark.skipif(
        chosen_engines() != "production", reason="needs PAYESH_TEST_ENGINES=production"
    ),
]

READY_S = 180.0
OPERATOR_SCOPES = ["cameras:read", "cameras:write", "reads:read", "citations:read", "health:read"]


@dataclass
class Installation:
    """One box as compose has it, with ports of this machine."""

    folder: Path
    secrets: Path
    kafka: ComposeKafka
    postgres: ComposePostgres
    minio: ComposeMinio
    http_ports: dict[str, int] = field(default_factory=lambda: {p: free_port() for p in PROCESSES})
    running: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    def url(self, process: str) -> str:
        return f"https://localhost:{self.http_ports[process]}"

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=30, verify=trusting(self.secrets))

    def environment(self, container: Container) -> dict[str, str]:
        """The container's own, addresses replaced: compose's names lead nowhere here."""
        environment = {
            name: self._here(value)
            for name, value in container.placed(self.folder / container.name).items()
        }
        for name in ("PAYESH_DATABASE_URL", "PAYESH_SOURCE_KEY"):
            path = self.folder / container.name / "run/secrets" / name
            if path.exists():
                path.write_text(self._here(path.read_text()))
        changes = {
            "PAYESH_HTTP_HOST": LOOPBACK,
            "PAYESH_HTTP_PORT": str(self.http_ports.get(container.name, 0)),
            "PAYESH_METRICS_PORT": "0",
        }
        known = {name: value for name, value in changes.items() if name in environment}
        return {**inherited_environment(), **environment, **known}

    def _here(self, value: str) -> str:
        for there, here in (
            ("kafka:9092", self.kafka.bootstrap),
            ("@postgres:5432", f"@localhost:{self.postgres.port}"),
            ("minio:9000", self.minio.endpoint),
            ("https://access:8000", self.url("access")),
            ("https://localhost:8081", self.url("access")),
            ("https://localhost:8085", self.url("tickets")),
        ):
            value = value.replace(there, here)
        return value

    async def start(self, container: Container) -> asyncio.subprocess.Process:
        arguments = [
            f"{self.folder / container.name}{part}" if part.startswith("/") else part
            for part in container.arguments
        ]
        program = Path(sys.executable).with_name(f"payesh-{container.service}")
        with (self.folder / f"{container.name}.log").open("wb") as log:
            return await asyncio.create_subprocess_exec(
                str(program), *arguments, env=self.environment(container), cwd=self.folder,
                stdout=log, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text("utf-8")[-3000:]


@pytest.fixture(scope="module")
async def installation() -> AsyncIterator[Installation]:
    with tempfile.TemporaryDirectory(prefix="payesh-encrypted-") as made:
        folder = Path(made)
        secrets = compose_file.drawn_folder()
        try:
            kafka = ComposeKafka(folder / "kafka", secrets)
            postgres = ComposePostgres(folder / "postgres", secrets)
            minio = ComposeMinio(folder / "minio", secrets)
            kafka.check_available()
            minio.check_available()
        except EngineUnavailable as error:
            pytest.skip(f"engines absent: {error}")
        installed = Installation(folder, secrets, kafka, postgres, minio)
        try:
            await asyncio.gather(kafka.start(), postgres.start(), minio.start())
            await run_engine_jobs(installed)
            await run_processes(installed)
            yield installed
        finally:
            for process in installed.running.values():
                if process.returncode is None:
                    process.send_signal(signal.SIGTERM)
                    await process.wait()
            for engine in (kafka, postgres, minio):
                engine.kill()


async def run_engine_jobs(installed: Installation) -> None:
    """databases as the script does it; topics and users as the scripts' generators have them,
    because the jars here lack the programs that the image has."""
    script = ["sh", str(COMPOSE / "create-databases.sh")]
    environment = {
        **compose_file.document()["services"]["databases"]["environment"],
        "PATH": os.environ["PATH"],
        "SECRETS": str(installed.secrets),
        "PGHOST": "localhost",
        "PGPORT": str(installed.postgres.port),
        "PGSSLROOTCERT": str(installed.secrets / "authority_certificate"),
    }
    assert environment["PGSSLMODE"] == "verify-full"
    await asyncio.to_thread(subprocess.run, script, env=environment, check=True)
    for user in rights():
        name = user.removesuffix("-bus").replace("-", "_")
        password = (installed.secrets / f"{name}_bus_password").read_text()
        file = installed.folder / "scram.properties"
        file.write_text(f"SCRAM-SHA-512=password={password}\n")
        await asyncio.to_thread(
            installed.kafka.run_configs, "--alter", "--entity-type", "users",
            "--entity-name", user, "--add-config-file", str(file),
        )  # fmt: skip
        file.unlink()
    admin = installed.kafka.admin()
    await admin.start()
    try:
        await admin.create_topics(
            [NewTopic(each.name, each.local_partitions, 1) for each in topics()]
        )
        for user, rules in rights().items():
            for rule in rules:
                for operation in rule["operations"]:
                    resource = rule["resource"]
                    request = CreateAclsRequest(
                        _TYPES[resource["type"]], resource["name"], _LITERAL,
                        f"User:{user}", "*", _OPERATIONS[operation], _ALLOW,
                    )  # fmt: skip
                    answer = await admin._send_request(request)
                    for code, message in answer.creation_responses:
                        if code:
                            raise for_code(code)(message)
    finally:
        await admin.close()


async def run_processes(installed: Installation) -> None:
    described = compose_file.containers()
    jobs = [each for each in described.values() if each.service and each.name not in PROCESSES]
    migrations = [each for each in jobs if each.arguments == ("migrate",)]
    for group in (migrations, [each for each in jobs if each not in migrations]):
        for job in group:
            process = await installed.start(job)
            assert await asyncio.wait_for(process.wait(), READY_S) == 0, installed.log(job.name)
    clients = json.loads(described["access"].files["/etc/payesh/clients.json"])
    clients.append(
        {
            "client_id": "operator",
            "name": "Operator",
            "secret_file": "/run/secrets/first_administrator",
            "grants": ["client_credentials"],
            "scopes": OPERATOR_SCOPES,
            "counties": "*",
            "road_classes": "*",
            "redirect_uris": [],
        }
    )
    access = described["access"]
    access.files["/etc/payesh/clients.json"] = json.dumps(clients).replace(
        "https://localhost:8085", installed.url("tickets")
    )
    secret = compose_file.drawn_secrets()["first_administrator"]
    access.files["/run/secrets/first_administrator"] = secret
    installed.running |= {name: await installed.start(described[name]) for name in PROCESSES}
    waiting, answers = set(PROCESSES), dict.fromkeys(PROCESSES, "")
    async with installed.client() as client, asyncio.timeout(READY_S):
        while waiting:
            for name in sorted(waiting):
                assert installed.running[name].returncode is None, installed.log(name)
                try:
                    answer = await client.get(f"{installed.url(name)}/readyz")
                    answers[name] = answer.text
                    if answer.status_code == 200:
                        waiting.discard(name)
                except httpx.HTTPError as error:
                    answers[name] = repr(error)
            await asyncio.sleep(0.3)


async def token(installed: Installation, client: httpx.AsyncClient, service: str) -> dict[str, str]:
    answer = await client.post(
        f"{installed.url('access')}/oauth/token",
        data={
            "grant_type": "client_credentials",
            "resource": f"urn:payesh:service:{service}",
        },
        auth=("operator", compose_file.drawn_secrets()["first_administrator"]),
    )
    assert answer.status_code == 200, answer.text
    return {
        "Authorization": f"Bearer {answer.json()['access_token']}",
        "Payesh-Purpose": "an encrypted installation",
    }


REVISION: dict[str, Any] = {
    "name": "دوربین آزمون",
    "county": "semnan",
    "road_class": "highway",
    "place_class": "A",
    "location": {"latitude": 35.57, "longitude": 53.39},
    "source_kind": "rtsp",
    "width_px": 320,
    "height_px": 180,
    "speed_limit_kmh": 80.0,
    "detection": {"kind": "motion"},
    "calibration": None,
    "zone": None,
    "certificate": None,
}


async def test_a_camera_and_a_read_go_through_every_service_and_engine_encrypted(
    installation: Installation,
) -> None:
    """Token, keys, database, object store, bus, and the audit record's way back to access."""
    async with installation.client() as client:
        made = await client.post(
            f"{installation.url('ingest')}/v1/cameras",
            json={"camera_id": "cam-tls", "source": None, "revision": REVISION},
            headers=await token(installation, client, "ingest"),
        )
        assert made.status_code == 201, made.text
        stored = installation.minio.client("ingest").list_objects("revisions", recursive=True)
        assert any("cam-tls" in (each.object_name or "") for each in stored)
        read = await client.get(
            f"{installation.url('plates')}/v1/reads",
            params={"camera_id": "cam-tls"},
            headers=await token(installation, client, "plates"),
        )
        assert read.status_code == 200, read.text
    password = (installation.secrets / "access_database_password").read_text()
    database = await asyncpg.connect(
        f"postgresql://access:{password}@localhost:{installation.postgres.port}/access",
        ssl=trusting(installation.secrets),
    )
    try:
        query = "SELECT count(*) FROM audit_leaves WHERE service = 'plates'"
        async with asyncio.timeout(60):
            while not await database.fetchval(query):  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.3)
        inside = await database.fetchval("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        assert inside
    finally:
        await database.close()


async def test_nobody_enters_the_database_in_plain_text_or_anothers(
    installation: Installation,
) -> None:
    password = (installation.secrets / "plates_database_password").read_text()
    address = f"plates:{password}@localhost:{installation.postgres.port}"
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await asyncpg.connect(f"postgresql://{address}/plates", ssl=False)
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await asyncpg.connect(f"postgresql://{address}/access", ssl=trusting(installation.secrets))
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncpg.connect(f"postgresql://{address}/plates", ssl=ssl.create_default_context())


async def test_nobody_enters_the_bus_without_a_name_and_only_with_its_rights(
    installation: Installation,
) -> None:
    def bus(user: str, **changes: Any) -> dict[str, Any]:
        name = user.removesuffix("-bus")
        return {
            "bootstrap_servers": installation.kafka.bootstrap,
            "security_protocol": "SASL_SSL",
            "ssl_context": trusting(installation.secrets),
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": user,
            "sasl_plain_password": (installation.secrets / f"{name}_bus_password").read_text(),
            "request_timeout_ms": 5000,
            **changes,
        }

    for changes in (
        {"security_protocol": "PLAINTEXT"},
        {"security_protocol": "SSL"},
        {"sasl_plain_password": "guessed"},
        {"sasl_mechanism": "PLAIN"},
    ):
        stranger = AIOKafkaConsumer(**bus("ingest-bus", **changes))
        with pytest.raises(KafkaError):
            await asyncio.wait_for(stranger.start(), 30)
        await stranger.stop()
    producer = AIOKafkaProducer(**bus("ingest-bus"))
    await producer.start()
    try:
        await producer.send_and_wait("ingest.gap.recorded.v1", b"{}", key=b"k")
        with pytest.raises(KafkaError):
            await producer.send_and_wait("audit.read.recorded.v1", b"{}", key=b"k")
    finally:
        await producer.stop()


async def test_no_process_answers_in_plain_text(installation: Installation) -> None:
    async with httpx.AsyncClient(timeout=10) as client:
        for service in SERVICES:
            with pytest.raises(httpx.TransportError):
                await client.get(installation.url(service).replace("https:", "http:") + "/healthz")


async def test_renewed_certificates_are_served_while_everything_runs(
    installation: Installation,
) -> None:
    """make-certificates.sh again, into the files that containers have mounted."""
    before = await asyncio.to_thread(met, installation)
    script = [str(COMPOSE / "make-certificates.sh"), str(installation.secrets)]
    await asyncio.to_thread(subprocess.run, script, check=True, capture_output=True)
    for name in ("certificate", "key"):
        place = installation.folder / "access/run/secrets" / f"http_{name}"
        place.write_text((installation.secrets / f"access_{name}").read_text())
    async with asyncio.timeout(60):
        while await asyncio.to_thread(met, installation) == before:  # noqa: ASYNC110
            await asyncio.sleep(1)
    async with installation.client() as client:
        await token(installation, client, "plates")


def met(installation: Installation) -> bytes | None:
    with (
        socket.create_connection((LOOPBACK, installation.http_ports["access"])) as plain,
        trusting(installation.secrets).wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        return secured.getpeercert(binary_form=True)
