"""Ingest as it runs in production: a process with real engines, a real camera, a real JWKS."""

import asyncio
import base64
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import av
import httpx
import numpy as np
import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from payesh.contracts import IngestReadRecorded
from payesh.ingest.main import MIGRATIONS
from payesh.kit.migrations import run_migrations
from payesh.kit.objects import MinioObjects
from payesh.kit.settings import ObjectSettings
from payesh.local.bus_tap import BusTap
from payesh.local.camera.clip import load_clip
from payesh.local.camera.rtsp_server import RtspServer
from payesh.local.engines import EngineSet, create_buckets
from payesh.local.topics import create_topics
from tests.support.engine_settings import QUERY_KEY

FRAMES = 300
ISSUER = "http://access.test"
SCOPES = "cameras:read cameras:write recordings:write snapshots:write streams:read health:read"
TOPICS = (
    "ingest.camera.configured.v1",
    "ingest.segment.stored.v1",
    "ingest.snapshot.stored.v1",
    "ingest.gap.recorded.v1",
    "ingest.camera.health-changed.v1",
    IngestReadRecorded.topic,
)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Authority:
    """Signs tokens; ingest fetches the key over HTTP, as from access."""

    def __init__(self) -> None:
        self._key = OKPKey.generate_key("Ed25519", {"kid": "k1"})
        self.url = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        import json

        await reader.readuntil(b"\r\n\r\n")
        body = json.dumps({"keys": [self._key.as_dict(private=False)]}).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    def headers(
        self,
        *,
        counties: Any = "*",
        scope: str = SCOPES,
        subject: str = "tester",
        cameras: Any = "*",
        audience: str = "urn:payesh:service:ingest",
    ) -> dict[str, str]:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": audience,
            "sub": subject,
            "client_id": subject,
            "agency": "police",
            "scope": scope,
            "counties": counties,
            "road_classes": "*",
            "cameras": cameras,
            "iat": now,
            "nbf": now,
            "exp": now + 600,
        }
        header = {"alg": "EdDSA", "typ": "at+jwt", "kid": "k1"}
        token = jwt.encode(header, claims, self._key, algorithms=["EdDSA"])
        return {"Authorization": f"Bearer {token}"}


@dataclass
class Replica:
    """One `payesh-ingest serve`."""

    url: str
    process: asyncio.subprocess.Process
    client: httpx.AsyncClient
    spool: Path

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()

    async def call(self, method: str, path: str, **fields: Any) -> httpx.Response:
        return await self.client.request(method, f"/v1/cameras{path}", **fields)

    async def create_camera(self, source: str | None, **changes: Any) -> str:
        camera_id = f"cam-{uuid4().hex[:10]}"
        body = {
            "camera_id": camera_id,
            "source": None if source is None else {"url": source},
            "revision": revision(**changes),
        }
        answer = await self.call("POST", "", json=body)
        assert answer.status_code == 201, answer.text
        return camera_id


def revision(**changes: Any) -> dict[str, Any]:
    return {
        "name": "دوربین آزمون",
        "county": "tehran",
        "road_class": "highway",
        "place_class": "A",
        "location": {"latitude": 35.7, "longitude": 51.4},
        "source_kind": "rtsp",
        "width_px": 320,
        "height_px": 180,
        "speed_limit_kmh": 80.0,
        "detection": {"kind": "motion"},
        "calibration": None,
        "zone": None,
        "certificate": None,
        **changes,
    }


@dataclass
class Stack:
    """Engines made ready for ingest, and all that a test needs to start and observe replicas."""

    engines: EngineSet
    authority: Authority
    database_url: str
    objects: MinioObjects
    tap: BusTap
    folder: Path
    source_key: str = field(
        default_factory=lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    )

    def environment(self, spool: Path, port: int, **changes: str) -> dict[str, str]:
        addresses = self.engines.addresses()
        access_key, secret_key = addresses["s3_keys"]["ingest"]
        return {
            **{name: value for name, value in os.environ.items() if "PAYESH" not in name},
            "PAYESH_HTTP_PORT": str(port),
            "PAYESH_METRICS_PORT": str(free_port()),
            "PAYESH_KAFKA_BOOTSTRAP": addresses["kafka_bootstrap"],
            "PAYESH_KAFKA_IDEMPOTENCE": str(addresses["kafka_idempotence"]).lower(),
            "PAYESH_DATABASE_URL": self.database_url,
            "PAYESH_S3_ENDPOINT": addresses["s3_endpoint"],
            "PAYESH_S3_SECURE": str(addresses["s3_secure"]).lower(),
            "PAYESH_S3_ACCESS_KEY": access_key,
            "PAYESH_S3_SECRET_KEY": secret_key,
            "PAYESH_TOKEN_ISSUER": ISSUER,
            "PAYESH_JWKS_URL": self.authority.url,
            "PAYESH_QUERY_DIGEST_KEY": QUERY_KEY.get_secret_value(),
            "PAYESH_SOURCE_KEY": self.source_key,
            "PAYESH_SOURCE_NETWORKS": "127.0.0.0/8,192.0.2.0/24",
            "PAYESH_SPOOL_DIR": str(spool),
            "PAYESH_READ_TIMEOUT_S": "2",
            "PAYESH_LEASE_TTL_S": "3",
            "PAYESH_LEASE_RENEW_S": "0.5",
            **changes,
        }

    @asynccontextmanager
    async def replica(self, spool: Path | None = None, **changes: str) -> AsyncIterator[Replica]:
        spool = spool or self.folder / f"spool-{uuid4().hex[:6]}"
        port = free_port()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from payesh.ingest.main import cli; cli()",
            "serve",
            env=self.environment(spool, port, **changes),
        )
        url = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(
            base_url=url, headers=self.authority.headers(), timeout=20
        ) as client:
            try:
                await wait_until(lambda: _alive(client, process), 60)
                yield Replica(url, process, client, spool)
            finally:
                if process.returncode is None:
                    process.send_signal(signal.SIGTERM)
                    await asyncio.wait_for(process.wait(), 30)

    def events(self, kind: Any, camera_id: str) -> list[Any]:
        return [event for event in self.tap.events(kind) if event.camera_id == camera_id]


async def _alive(client: httpx.AsyncClient, process: asyncio.subprocess.Process) -> bool:
    assert process.returncode is None, "ingest ended at its start"
    try:
        return (await client.get("/healthz")).status_code == 200
    except httpx.TransportError:
        return False


async def wait_until(
    condition: Callable[[], bool | Awaitable[bool]], timeout_s: float = 20.0
) -> None:
    """Return once `condition` holds; fails the test when it never does."""
    async with asyncio.timeout(timeout_s):
        while True:
            outcome = condition()
            if outcome is True or (not isinstance(outcome, bool) and await outcome):
                return
            await asyncio.sleep(0.05)


@pytest.fixture
def eventually() -> Callable[..., Awaitable[None]]:
    return wait_until


@pytest.fixture
def revision_fields() -> Callable[..., dict[str, Any]]:
    return revision


@asynccontextmanager
async def prepared(engines: EngineSet, folder: Path) -> AsyncIterator[Stack]:
    """Topics, buckets, tables, keys, and a tap on the bus."""
    addresses = engines.addresses()
    await create_topics(addresses["kafka_bootstrap"])
    root_key, root_secret = engines.objects.credentials_for("admin")
    await asyncio.to_thread(
        create_buckets, addresses["s3_endpoint"], root_key, root_secret, addresses["s3_secure"]
    )
    url = await engines.database.create_database(f"ingest_{uuid4().hex[:8]}")
    await asyncio.to_thread(run_migrations, url, MIGRATIONS)
    access_key, secret_key = addresses["s3_keys"]["ingest"]
    objects = MinioObjects(
        ObjectSettings(
            s3_endpoint=addresses["s3_endpoint"],
            s3_secure=addresses["s3_secure"],
            s3_access_key=access_key,
            s3_secret_key=secret_key,
        )
    )
    authority = Authority()
    async with AsyncExitStack() as opened:
        server = await asyncio.start_server(authority.answer, "127.0.0.1", 0)
        opened.callback(server.close)
        authority.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        tap = await opened.enter_async_context(BusTap(addresses["kafka_bootstrap"], TOPICS))
        yield Stack(engines, authority, url, objects, tap, folder)


@pytest.fixture(scope="module")
async def stack(
    engines: EngineSet, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stack]:
    async with prepared(engines, tmp_path_factory.mktemp("ingest")) as ready:
        yield ready


@pytest.fixture(scope="module")
async def replica(stack: Stack) -> AsyncIterator[Replica]:
    async with stack.replica() as running:
        yield running


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 s of a moving pattern, 320x180 at 25 frames/s, a keyframe a second, no B-frames."""
    path = tmp_path_factory.mktemp("clips") / "pattern.mp4"
    rng = np.random.default_rng(7)
    ground = rng.integers(0, 255, (180, 320, 3), dtype=np.uint8)
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        video: Any = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        video.options = {"preset": "ultrafast", "tune": "zerolatency", "g": "25", "crf": "20"}
        for number in range(FRAMES):
            picture = np.roll(ground, number * 4, axis=1)
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(video.encode())
    return path


@pytest.fixture
async def camera(clip: Path) -> AsyncIterator[Callable[..., Awaitable[RtspServer]]]:
    """Starts RTSP cameras that play the clip."""
    async with AsyncExitStack() as opened:

        async def start(**options: Any) -> RtspServer:
            server = RtspServer(load_clip(clip), **options)
            return await opened.enter_async_context(server)

        yield start
