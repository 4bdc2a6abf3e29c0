"""The containers' own commands and probes, run from their images on this machine's engines.

What differs from a container is what lies outside it: addresses, credentials, ports, folders.
"""

import asyncio
import os
import signal
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from payesh.local.engines import EngineSet
from payesh.local.engines.ports import LOOPBACK, free_port
from payesh.local.engines.postgres import OWNED_APART
from payesh.local.topics import create_topics
from tests.deploy import compose_file, manifests
from tests.deploy.container import PROCESSES, SERVICES, Container
from tests.deploy.image import Image
from tests.support.certificates import Authority

HTTP, METRICS = 8000, 9000
READY_S = 180.0
# Engines are on loopback here; with TLS and users they run in test_encrypted_stack.py.
_ONLY_THERE = {
    "PAYESH_KAFKA_CA_FILE",
    "PAYESH_KAFKA_USERNAME",
    "PAYESH_KAFKA_PASSWORD",
    "PAYESH_DATABASE_CA_FILE",
    "PAYESH_S3_CA_FILE",
}


def containers(source: str) -> dict[str, Container]:
    return compose_file.containers() if source == "compose" else manifests.containers(source)


@dataclass
class Deployed:
    """One deployment's six processes, ready, with their ports here."""

    source: str
    images: Mapping[str, Image]
    http_ports: dict[str, int]
    metrics_ports: dict[str, int]
    ca_file: Path

    def url(self, process: str, port: int, path: str) -> str:
        here = {HTTP: self.http_ports, METRICS: self.metrics_ports}[port][process]
        return f"{'https' if port == HTTP else 'http'}://localhost:{here}{path}"

    def client(self, timeout_s: float = 5) -> httpx.AsyncClient:
        trusted = ssl.create_default_context(cafile=str(self.ca_file))
        return httpx.AsyncClient(timeout=timeout_s, verify=trusted)


class Machine:
    """Addresses, credentials and ports of this machine in place of a cluster's."""

    def __init__(
        self,
        engines: EngineSet,
        database_urls: Mapping[str, str],
        migration_urls: Mapping[str, str],
        images: Mapping[str, Image],
        folder: Path,
    ) -> None:
        self._images = images
        self._addresses = engines.addresses()
        self._database_urls = database_urls
        self._migration_urls = migration_urls
        self._folder = folder
        # Certificates have the names that a cluster knows; this machine's has its own.
        self.authority = Authority(folder / "certificates")
        self._certificate = self.authority.certificate("localhost", LOOPBACK)
        self.http_ports = {process: free_port() for process in PROCESSES}
        self.metrics_ports = {process: free_port() for process in PROCESSES}

    def environment(self, process: str, container: Container) -> dict[str, str]:
        """The container's environment, each value replaced by this machine's where it has one."""
        folder = self._folder / container.name
        service = container.service or ""
        environment = container.placed(folder)
        for name in _ONLY_THERE & environment.keys():
            del environment[name]
        migrates = container.arguments == ("migrate",)
        urls = self._migration_urls if migrates else self._database_urls
        values = self._values(process, service) | {"PAYESH_DATABASE_URL": urls[service]}
        for name, value in values.items():
            secret_file = folder / "run/secrets" / name
            if name in environment:
                environment[name] = value
            elif secret_file.exists():
                secret_file.write_text(value)
        if "PAYESH_S3_ENDPOINT" in environment:  # compose rests on the default, which is TLS
            environment["PAYESH_S3_SECURE"] = str(self._addresses["s3_secure"]).lower()
        return {
            **self._images[service].environment(),
            **environment,
            "PAYESH_KAFKA_IDEMPOTENCE": str(self._addresses["kafka_idempotence"]).lower(),
            "PAYESH_KAFKA_SESSION_TIMEOUT_MS": "3000",
        }

    def _values(self, process: str, service: str) -> dict[str, str]:
        access = f"https://localhost:{self.http_ports['access']}"
        _, s3_secret = self._addresses["s3_keys"].get(service, ("", ""))
        return {
            "PAYESH_HTTP_HOST": LOOPBACK,
            "PAYESH_HTTP_PORT": str(self.http_ports[process]),
            "PAYESH_METRICS_PORT": str(self.metrics_ports[process]),
            "PAYESH_HTTP_CERTIFICATE_FILE": str(self._certificate.certificate_file),
            "PAYESH_HTTP_KEY_FILE": str(self._certificate.key_file),
            "PAYESH_ACCESS_CA_FILE": str(self.authority.ca_file),
            "PAYESH_KAFKA_BOOTSTRAP": self._addresses["kafka_bootstrap"],
            "PAYESH_S3_ENDPOINT": self._addresses["s3_endpoint"],
            "PAYESH_S3_SECRET_KEY": s3_secret,
            "PAYESH_JWKS_URL": f"{access}/.well-known/jwks.json",
            "PAYESH_ACCESS_INTERNAL_URL": access,
        }

    async def start(
        self, process: str, container: Container, log: Path
    ) -> asyncio.subprocess.Process:
        arguments = [  # a path leads to the folder of the container's files
            f"{self._folder / container.name}{part}" if part.startswith("/") else part
            for part in container.arguments
        ]
        with log.open("wb") as output:
            return await asyncio.create_subprocess_exec(
                *self._images[container.service or ""].entry_point(), *arguments,
                env=self.environment(process, container),
                cwd=self._folder, stdout=output, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip


@pytest.fixture(scope="module", params=("compose", "province"))
async def deployed(
    request: pytest.FixtureRequest,
    engines: EngineSet,
    images: Mapping[str, Image],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Deployed]:
    """Run the jobs to their end, then the processes; all must exit with code 0 afterwards."""
    source: str = request.param
    folder = tmp_path_factory.mktemp(source)
    await create_topics(engines.addresses()["kafka_bootstrap"])
    urls = {
        service: await engines.database.create_database(
            f"deploy_{source}_{service}", owned_apart=service in OWNED_APART
        )
        for service in SERVICES
    }
    migration_urls = urls | {
        service: engines.database.owner_url(f"deploy_{source}_{service}") for service in OWNED_APART
    }
    machine = Machine(engines, urls, migration_urls, images, folder)
    described = containers(source)
    jobs = [each for each in described.values() if each.service and each.name not in PROCESSES]
    migrations = [each for each in jobs if each.arguments == ("migrate",)]
    others = [each for each in jobs if each not in migrations]
    assert len(migrations) == len(SERVICES)
    assert [each.arguments[0] for each in others] == ["bootstrap"]
    for group in (migrations, others):
        await asyncio.gather(*(_run_job(machine, each, folder) for each in group))
    logs = {process: folder / f"{process}.log" for process in PROCESSES}
    running = {
        process: await machine.start(process, described[process], logs[process])
        for process in PROCESSES
    }
    deployed = Deployed(
        source, images, machine.http_ports, machine.metrics_ports, machine.authority.ca_file
    )
    try:
        await _wait_ready(deployed, running, logs)
        yield deployed
        for process in running.values():
            process.send_signal(signal.SIGTERM)
        codes = await asyncio.wait_for(
            asyncio.gather(*(process.wait() for process in running.values())), 45
        )
        assert dict(zip(running, codes, strict=True)) == dict.fromkeys(running, 0)
    finally:
        for process in running.values():
            if process.returncode is None:
                process.kill()
                await process.wait()


async def _run_job(machine: Machine, container: Container, folder: Path) -> None:
    log = folder / f"{container.name}.log"
    process = await machine.start(container.service or "", container, log)
    assert await asyncio.wait_for(process.wait(), READY_S) == 0, log.read_text()


async def _wait_ready(
    deployed: Deployed, running: Mapping[str, asyncio.subprocess.Process], logs: Mapping[str, Path]
) -> None:
    waiting = set(running)
    answers: dict[str, str] = {}
    loop = asyncio.get_running_loop()
    deadline = loop.time() + READY_S
    async with deployed.client() as client:
        while waiting:
            for process in sorted(waiting):
                assert running[process].returncode is None, logs[process].read_text()[-2000:]
                try:
                    answer = await client.get(deployed.url(process, HTTP, "/readyz"))
                    answers[process] = answer.text
                    if answer.status_code == 200:
                        waiting.discard(process)
                except httpx.HTTPError as error:
                    answers[process] = type(error).__name__
            assert loop.time() < deadline, {name: answers[name] for name in waiting}
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("process", PROCESSES)
async def test_probes_answer_200(deployed: Deployed, process: str) -> None:
    if deployed.source == "compose":
        check = compose_file.document()["services"][process]["healthcheck"]["test"]
        assert check[:2] == ["CMD", "python"]
        assert f"127.0.0.1:{HTTP}" in check[-1]
        script = check[-1].replace(f":{HTTP}", f":{deployed.http_ports[process]}")
        authority = "/run/secrets/authority_certificate"
        assert authority in compose_file.containers()[process].files
        script = script.replace(authority, str(deployed.ca_file))
        image = deployed.images[process.removesuffix("-observe")]
        child = await asyncio.create_subprocess_exec(
            str(image.programs / "python"), *check[2:-1], script, env=image.environment()
        )
        assert await child.wait() == 0
        return
    container = manifests.described(deployed.source, process)
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    async with deployed.client() as client:
        for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
            probe: dict[str, Any] = container[kind]["httpGet"]
            assert probe["scheme"] == "HTTPS"
            url = deployed.url(process, ports[probe["port"]], probe["path"])
            assert (await client.get(url)).status_code == 200, kind


@pytest.mark.parametrize("process", PROCESSES)
async def test_metrics_are_where_the_manifest_says(deployed: Deployed, process: str) -> None:
    async with httpx.AsyncClient(timeout=5) as client:
        answer = await client.get(deployed.url(process, METRICS, "/metrics"))
    assert answer.status_code == 200
    assert "payesh_http_requests" in answer.text


@pytest.mark.parametrize("service", ["tickets", "detect"])
async def test_the_pages_client_is_known_to_access(deployed: Deployed, service: str) -> None:
    """Both services have its secret, and its redirect leads to the pages' address."""
    described = containers(deployed.source)
    pages = described[service].environment["PAYESH_PUBLIC_URL"]
    query = {
        "response_type": "code",
        "client_id": described[service].environment["PAYESH_PAGES_CLIENT_ID"],
        "redirect_uri": f"{pages}/sign-in/callback",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
        "state": "a-state-of-the-pages",
    }
    async with deployed.client() as client:
        answer = await client.get(deployed.url("access", HTTP, "/oauth/authorize"), params=query)
    assert answer.status_code in (302, 303), answer.text
    assert "/sign-in" in answer.headers["location"]


async def test_the_offered_secret_makes_the_first_administrator(deployed: Deployed) -> None:
    described = containers(deployed.source)
    (job,) = [each for each in described.values() if each.arguments[:1] == ("bootstrap",)]
    secret = job.files[job.arguments[-1]]
    body = {
        "secret": secret.strip(),
        "username": "first",
        "name": "First Administrator",
        "password": f"a long passphrase {os.getpid()}",
    }
    url = deployed.url("access", HTTP, "/v1/bootstrap")
    async with deployed.client(20) as client:
        made = await client.post(url, json=body)
        again = await client.post(url, json=body)
    assert made.status_code in (200, 201), made.text
    assert again.status_code >= 400
