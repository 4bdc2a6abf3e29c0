"""MinIO's server, as in production; built once by Go."""

import asyncio
import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from minio import Minio, MinioAdmin
from minio.credentials.providers import StaticProvider

from payesh.local.engines.buckets import ENTITLEMENTS, create_buckets, policy
from payesh.local.engines.cache import built_once, is_built, require, run_build
from payesh.local.engines.ports import LOOPBACK, free_port, require_listener
from payesh.local.engines.process import Engine
from payesh.local.engines.s3_client import s3_client, short_timeout_pool
from payesh.local.engines.secret_file import SecretFile

_CACHED = "minio"


class MinioServer(Engine):
    """One node on loopback with one user a service, limited to that service's buckets."""

    name = "minio"
    secure = False
    ready_timeout_s = 60.0

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir)
        self._secrets = SecretFile(self.data_dir / "secrets.json")

    def _draw_ports(self) -> None:
        self._port = free_port()

    @property
    def endpoint(self) -> str:
        """host:port, as the minio client wants it."""
        return f"{LOOPBACK}:{self._port}"

    def credentials_for(self, service: str) -> tuple[str, str]:
        """Access key and secret key of a service (or of `admin`)."""
        return service, self._secrets.get(f"s3.{service}")

    def client(self, service: str = "admin") -> Minio:
        return s3_client(self.endpoint, *self.credentials_for(service), secure=self.secure)

    def check_available(self) -> None:
        """Raise EngineUnavailable when it is not built and cannot be built here."""
        if not is_built(_CACHED):
            require("go")

    def build(self) -> Path:
        """The folder of its program, built unless it is there. Blocks for some minutes then.

        Raises EngineUnavailable and EngineError.
        """
        self.check_available()
        return built_once(_CACHED, _build)

    async def _prepare(self) -> None:
        self._program = str(await asyncio.to_thread(self.build) / "minio")

    def _command(self) -> Sequence[str]:
        store = str(self.data_dir / "store")
        return [self._program, "server", "--quiet", "--address", self.endpoint, store]

    def _environment(self) -> Mapping[str, str]:
        root_user, root_password = self.credentials_for("admin")
        kms_key = base64.b64encode(bytes.fromhex(self._secrets.get("kms", bytes_count=32)))
        return {
            "MINIO_ROOT_USER": root_user,
            "MINIO_ROOT_PASSWORD": root_password,
            "MINIO_KMS_SECRET_KEY": f"local:{kms_key.decode()}",
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
        }

    async def _answers(self) -> bool:
        await require_listener(self._port)
        await asyncio.to_thread(self.client().list_buckets)
        return True

    async def _after_first_start(self) -> None:
        await asyncio.to_thread(self._create_buckets_and_users)

    def _create_buckets_and_users(self) -> None:
        create_buckets(self.endpoint, *self.credentials_for("admin"), self.secure)
        provider = StaticProvider(*self.credentials_for("admin"))
        admin = MinioAdmin(
            endpoint=self.endpoint,
            credentials=provider,
            secure=self.secure,
            http_client=short_timeout_pool(),
        )
        for service, rights in ENTITLEMENTS.items():
            admin.policy_add(service, policy=json.loads(policy(rights)))
            admin.user_add(*self.credentials_for(service))
            admin.policy_set(service, user=service)


def _build(folder: Path) -> None:
    """Build the server from its source (about 5 minutes, 150 MB)."""
    folder.mkdir()
    command = ["go", "install", "-ldflags=-s -w", "github.com/minio/minio@latest"]
    run_build(command, folder, GOBIN=str(folder), CGO_ENABLED="0")
