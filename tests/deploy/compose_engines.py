"""The engines of docker-compose.yml on this machine: its configuration files, commands and secrets,
with paths and ports of this machine in place of the containers'."""

import asyncio
import json
import os
import pwd
import re
import shutil
import ssl
import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient
from minio import Minio, MinioAdmin
from minio.credentials.providers import StaticProvider

from payesh.local.engines import buckets
from payesh.local.engines.buckets import ENTITLEMENTS
from payesh.local.engines.cache import run_build
from payesh.local.engines.kafka import KafkaBroker
from payesh.local.engines.minio_server import MinioServer
from payesh.local.engines.ports import LOOPBACK, free_port, require_listener
from payesh.local.engines.process import Engine, EngineUnavailable
from payesh.local.engines.s3_client import short_timeout_pool
from tests.deploy import compose_file
from tests.deploy.container import ROOT

COMPOSE = ROOT / "deploy/compose"


def trusting(secrets: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(secrets / "authority_certificate"))


def command_of(service: str) -> list[str]:
    return [str(each) for each in compose_file.document()["services"][service]["command"]]


class ComposeKafka(KafkaBroker):
    """With `kafka.properties`, under the name localhost. `secrets` is the folder of them."""

    def __init__(self, data_dir: Path, secrets: Path) -> None:
        super().__init__(data_dir)
        self.secrets = secrets
        self.admin_file = self.data_dir / "bus-admin.properties"

    @property
    def bootstrap(self) -> str:
        return f"localhost:{self._port}"

    def admin(self) -> AIOKafkaAdminClient:
        return AIOKafkaAdminClient(
            bootstrap_servers=self.bootstrap,
            security_protocol="SASL_SSL",
            ssl_context=trusting(self.secrets),
            sasl_mechanism="PLAIN",
            sasl_plain_username="admin",
            sasl_plain_password=(self.secrets / "kafka_admin_password").read_text(),
        )

    async def _prepare(self) -> None:
        libraries = await asyncio.to_thread(self.build)
        self._class_path = str(libraries / "*")
        self._configuration = self.data_dir / "server.properties"
        self._configuration.write_text(self._here((COMPOSE / "kafka.properties").read_text()))
        self.admin_file.write_text(self._here((COMPOSE / "bus-admin.properties").read_text()))
        cluster_id = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        format_it = [
            *self._java(), "kafka.tools.StorageTool", "format",
            f"--cluster-id={cluster_id}", f"--config={self._configuration}", "--ignore-formatted",
        ]  # fmt: skip
        await asyncio.to_thread(run_build, format_it, self.data_dir)

    def _here(self, text: str) -> str:
        text = text.replace("/run/secrets", str(self.secrets))
        text = text.replace("/var/lib/kafka/data", str(self.data_dir / "log"))
        text = text.replace(":9093", f":{self._controller_port}")
        text = text.replace("CLIENTS://:9092", f"CLIENTS://{LOOPBACK}:{self._port}")
        return text.replace("CLIENTS://kafka:9092", f"CLIENTS://localhost:{self._port}")

    async def _answers(self) -> bool:
        await require_listener(self._port)
        client = self.admin()
        try:
            await client.start()
            await client.list_topics()
        finally:
            await client.close()
        return True

    def run_configs(self, *arguments: str) -> None:
        """kafka-configs.sh, signed in as the jobs are."""
        command = [*self._java(), "kafka.admin.ConfigCommand", "--bootstrap-server", self.bootstrap]
        done = subprocess.run(
            [*command, "--command-config", str(self.admin_file), *arguments],
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


class ComposePostgres(Engine):
    """With compose's command, its access rules and `start-postgres.sh`; a system's PostgreSQL,
    because the one from wheels is built without TLS."""

    name = "postgres"

    def __init__(self, data_dir: Path, secrets: Path) -> None:
        super().__init__(data_dir)
        self.secrets = secrets
        self._programs = _with_tls()
        self._own = self.data_dir / "container"

    def _draw_ports(self) -> None:
        self.port = free_port()

    def _user(self) -> str | None:
        return "nobody" if os.geteuid() == 0 else None

    def dsn(self) -> str:
        password = (self.secrets / "postgres_password").read_text()
        return f"postgresql://postgres:{password}@localhost:{self.port}/postgres"

    def _here(self, text: str) -> str:
        for there, here in (
            ("/run/secrets", self._own / "secrets"),
            ("/var/run/postgresql", self._own / "run"),
            ("/etc/payesh", self._own / "etc"),
        ):
            text = text.replace(there, str(here))
        return text

    async def _prepare(self) -> None:
        for name in ("secrets", "run", "etc", "bin"):
            (self._own / name).mkdir(parents=True, exist_ok=True)
        described = compose_file.document()["services"]["postgres"]
        for secret in described["secrets"]:
            shutil.copy(self.secrets / secret, self._own / "secrets" / secret)
        shutil.copy(COMPOSE / "pg_hba.conf", self._own / "etc/pg_hba.conf")
        start = self._here((COMPOSE / "start-postgres.sh").read_text())
        (self._own / "start-postgres.sh").write_text(start)
        cluster = self._own / "cluster"
        entry = self._own / "bin/docker-entrypoint.sh"
        entry.write_text(
            f'#!/bin/sh\nshift\nexec "{self._programs}/postgres" -D "{cluster}" -k "" '
            f'-h {LOOPBACK} -p {self.port} -c fsync=off "$@"\n'
        )
        entry.chmod(0o755)
        user = self._user()
        if user is not None:
            account = pwd.getpwnam(user)
            for path in (self._own, *self._own.rglob("*")):
                os.chown(path, account.pw_uid, account.pw_gid)
            for folder in self._own.parents:
                folder.chmod(folder.stat().st_mode | 0o001)
        if not (cluster / "PG_VERSION").exists():
            await asyncio.to_thread(
                subprocess.run,
                [
                    str(self._programs / "initdb"), "-D", str(cluster), "--username=postgres",
                    f"--pwfile={self._own / 'secrets/postgres_password'}",
                    "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
                ],
                check=True, capture_output=True, cwd=self._own, user=user,
                group=None if user is None else pwd.getpwnam(user).pw_gid,
                extra_groups=None if user is None else [],
            )  # fmt: skip

    def _command(self) -> Sequence[str]:
        arguments = [self._here(each) for each in command_of("postgres")]
        return ["/bin/sh", str(self._own / "start-postgres.sh"), *arguments]

    def _environment(self) -> Mapping[str, str]:
        return {"PATH": f"{self._own / 'bin'}:{os.environ['PATH']}"}

    async def _answers(self) -> bool:
        await require_listener(self.port)
        connection = await asyncpg.connect(self.dsn(), ssl=trusting(self.secrets), timeout=3)
        await connection.close()
        return True


def _with_tls() -> Path:
    """The newest PostgreSQL of the system. Raises EngineUnavailable."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"),
        key=lambda each: int(re.sub(r"\D", "", each.parts[4]) or 0),
    )
    if not found:
        raise EngineUnavailable("no PostgreSQL of the system, and the wheel's has no TLS")
    return found[-1].parent


class ComposeMinio(MinioServer):
    """With compose's command and the drawn certificate and users."""

    secure = True

    def __init__(self, data_dir: Path, secrets: Path) -> None:
        super().__init__(data_dir)
        self.secrets = secrets

    @property
    def endpoint(self) -> str:
        return f"localhost:{self._port}"

    def credentials_for(self, service: str) -> tuple[str, str]:
        if service == "admin":
            name, password = (self.secrets / f"minio_root_{x}" for x in ("user", "password"))
            return name.read_text(), password.read_text()
        return service, (self.secrets / f"{service}_s3_secret_key").read_text()

    async def _prepare(self) -> None:
        await super()._prepare()
        certificates = self.data_dir / "certificates"
        certificates.mkdir(exist_ok=True)
        for given in compose_file.document()["services"]["minio"]["secrets"]:
            if isinstance(given, dict):
                shutil.copy(self.secrets / given["source"], certificates / given["target"])

    def _command(self) -> Sequence[str]:
        places = {
            ":9000": f"{LOOPBACK}:{self._port}",
            "/run/secrets": str(self.data_dir / "certificates"),
            "/data": str(self.data_dir / "store"),
        }
        return [self._program, *(places.get(each, each) for each in command_of("minio"))]

    def client(self, service: str = "admin") -> Minio:
        return Minio(self.endpoint, *self.credentials_for(service), http_client=self._pool())

    def _pool(self) -> Any:
        pool = short_timeout_pool()
        pool.connection_pool_kw["ssl_context"] = trusting(self.secrets)
        return pool

    def _create_buckets_and_users(self) -> None:
        for bucket in buckets.BUCKETS:
            buckets._create(self.client(), bucket)
        admin = MinioAdmin(
            endpoint=self.endpoint,
            credentials=StaticProvider(*self.credentials_for("admin")),
            secure=True,
            http_client=self._pool(),
        )
        for service, rights in ENTITLEMENTS.items():
            admin.policy_add(service, policy=json.loads(buckets.policy(rights)))
            admin.user_add(*self.credentials_for(service))
            admin.policy_set(service, user=service)
