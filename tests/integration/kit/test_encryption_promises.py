"""Connections inside the cluster are encrypted, and the other end has to prove its name."""

import asyncio
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from alembic.util.exc import CommandError
from pydantic import SecretStr

from payesh.kit.certificates import ServerCertificate, TrustedAuthority
from payesh.kit.database import Database
from payesh.kit.errors import DatabaseUnavailable, PeerUnavailable
from payesh.kit.migrations import migrate
from payesh.kit.published_keys import JwksKeys
from payesh.kit.sign_in_flow import AccessClient, SignInFlow
from payesh.local.engines import EngineSet
from payesh.local.engines.ports import LOOPBACK, free_port
from tests.support.certificates import Authority, Certificate
from tests.support.postgres_tls import tls_front

SERVED = """
import contextlib, sys
from typing import ClassVar
from fastapi import APIRouter
from payesh.kit.http import create_app, serve
from payesh.kit.settings import HttpSettings

class Settings(HttpSettings):
    service: ClassVar[str] = "access"

async def ready():
    return {}

router = APIRouter()

@router.get("/.well-known/jwks.json")
def keys():
    return {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k1",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}

@router.post("/oauth/token")
def token():
    return {"access_token": "a-token"}

public = {"/.well-known/jwks.json": "public keys", "/oauth/token": "clients get a token here"}
serve(create_app(service="access", settings=None, lifespan=None, routers=[router], ready=ready,
    public_routes=public), Settings())
"""


@asynccontextmanager
async def served(certificate: Certificate) -> AsyncIterator[int]:
    """Access, as the kit serves it in a container: its port."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVED,
        env={
            "PAYESH_HTTP_HOST": "0.0.0.0",  # noqa: S104 - as in a container
            "PAYESH_HTTP_PORT": str(port),
            "PAYESH_METRICS_PORT": str(free_port()),
            "PAYESH_HTTP_CERTIFICATE_FILE": str(certificate.certificate_file),
            "PAYESH_HTTP_KEY_FILE": str(certificate.key_file),
        },
    )  # fmt: skip
    try:
        async with asyncio.timeout(20):
            while not await listens(port):
                assert process.returncode is None
                await asyncio.sleep(0.05)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    writer.close()
    return True


class Pages:
    public_url = "https://tickets.example.org"
    pages_client_id = "tickets-pages"
    pages_client_secret = SecretStr("s3cret")
    access_url = token_issuer = "https://access.example.org"
    token_audience = "payesh:tickets"

    def __init__(self, access: str, ca_file: Path) -> None:
        self.access_internal_url, self.access_ca_file = access, ca_file


async def test_keys_and_codes_travel_encrypted_to_the_access_that_proves_its_name(
    tmp_path: Path,
) -> None:
    ours, strangers = Authority(tmp_path / "ours"), Authority(tmp_path / "strangers")
    async with served(ours.certificate("localhost")) as port:
        keys_path, flow = "/.well-known/jwks.json", SignInFlow.begin("/", "a reason")
        named, unnamed = f"https://localhost:{port}", f"https://127.0.0.1:{port}"
        assert await JwksKeys(named + keys_path, ca_file=ours.ca_file).key_set("k1")
        assert await AccessClient(Pages(named, ours.ca_file)).exchange("a-code", flow) == "a-token"
        for url, ca_file in ((named, strangers.ca_file), (unnamed, ours.ca_file)):
            with pytest.raises(PeerUnavailable):
                await JwksKeys(url + keys_path, ca_file=ca_file).key_set("k1")
            with pytest.raises(PeerUnavailable):
                await AccessClient(Pages(url, ca_file)).exchange("a-code", flow)
        async with httpx.AsyncClient() as client:
            with pytest.raises(httpx.TransportError):  # nothing is answered in plain text
                await client.get(f"http://localhost:{port}/healthz")


async def test_a_renewed_certificate_is_served_without_a_restart(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with served(authority.certificate("localhost")) as port:
        before = await asyncio.to_thread(served_to, port, authority.ca_file)
        assert await asyncio.to_thread(served_to, port, authority.ca_file) == before
        authority.certificate("localhost")  # over the same files
        async with asyncio.timeout(30):
            while await asyncio.to_thread(served_to, port, authority.ca_file) == before:  # noqa: ASYNC110
                await asyncio.sleep(0.5)


def served_to(port: int, ca_file: Path) -> bytes | None:
    """The certificate that a client meets."""
    context = ssl.create_default_context(cafile=str(ca_file))
    with (
        socket.create_connection((LOOPBACK, port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        return secured.getpeercert(binary_form=True)


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@contextmanager
def answering(certificate: ServerCertificate) -> Iterator[Any]:
    """Completes handshakes between a client's context and the certificate's, in memory."""

    def handshake(client: ssl.SSLContext, name: str | None) -> ssl.SSLObject:
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        asking = client.wrap_bio(to_client, to_server, server_hostname=name)
        answering = certificate.context.wrap_bio(to_server, to_client, server_side=True)
        for _ in range(4):
            for side in (asking, answering):
                try:
                    side.do_handshake()
                except ssl.SSLWantReadError:
                    continue
        return asking

    yield handshake


def test_renewals_are_taken_over_whole_or_not_at_all(tmp_path: Path) -> None:
    authority, clock = Authority(tmp_path), Clock()
    own = authority.certificate("127.0.0.1", "access")
    certificate = ServerCertificate(own.certificate_file, own.key_file, clock)
    client = ssl.create_default_context(cafile=str(authority.ca_file))
    with answering(certificate) as handshake:
        first = handshake(client, "access").getpeercert(True)
        key = own.key_file.read_bytes()
        authority.certificate("127.0.0.1", "access")
        renewed_key = own.key_file.read_bytes()
        own.key_file.write_bytes(key)  # the certificate is there already, its key not yet
        clock.now_s += 60
        assert handshake(client, "access").getpeercert(True) == first
        own.key_file.write_bytes(renewed_key)
        clock.now_s += 60
        # A client that connects to an address names none: it gets the new one as well.
        second = handshake(client, "127.0.0.1").getpeercert(True)
        assert second != first
        own.certificate_file.unlink()
        clock.now_s += 60
        assert handshake(client, "access").getpeercert(True) == second


def test_a_new_authority_is_trusted_without_a_restart_and_the_former_no_more(
    tmp_path: Path,
) -> None:
    former, later, clock = Authority(tmp_path / "a"), Authority(tmp_path / "b"), Clock()
    servers = [each.certificate("access") for each in (former, later)]
    trusted = TrustedAuthority(former.ca_file, clock)

    def accepts(server: Certificate) -> bool:
        with answering(ServerCertificate(server.certificate_file, server.key_file)) as handshake:
            try:
                return handshake(trusted, "access").getpeercert() is not None
            except ssl.SSLCertVerificationError:
                return False

    assert [accepts(each) for each in servers] == [True, False]
    both = former.ca_file.read_bytes() + later.ca_file.read_bytes()
    for content, expected in ((both, [True, True]), (later.ca_file.read_bytes(), [False, True])):
        former.ca_file.write_bytes(content)
        clock.now_s += 60
        assert [accepts(each) for each in servers] == expected


async def test_the_database_proves_its_name_or_gets_no_password(
    engines: EngineSet, tmp_path: Path
) -> None:
    ours, strangers = Authority(tmp_path / "ours"), Authority(tmp_path / "strangers")
    plain = engines.database.database_url("tickets")
    plain_port = urlsplit(plain).port or 0
    certificate = ours.certificate("localhost").server_context()
    with pytest.raises(DatabaseUnavailable):  # no fall back to plain text
        await pinged(plain, ours.ca_file)
    async with tls_front(plain_port, certificate) as port:
        unnamed = plain.replace(f":{plain_port}/", f":{port}/")
        named = unnamed.replace(f"@{LOOPBACK}:", "@localhost:")
        await pinged(named, ours.ca_file)
        for address, ca_file in ((unnamed, ours.ca_file), (named, strangers.ca_file)):
            with pytest.raises(DatabaseUnavailable):
                await pinged(address, ca_file)
        with pytest.raises(CommandError):  # past the connection: there is nothing to run
            await migrate(named, tmp_path / "no-migrations", ours.ca_file)
        with pytest.raises(ssl.SSLCertVerificationError):
            await migrate(named, tmp_path / "no-migrations", strangers.ca_file)


async def pinged(url: str, ca_file: Path) -> None:
    database = Database(url, ca_file=ca_file)
    try:
        await database.ping()
    finally:
        await database.close()
