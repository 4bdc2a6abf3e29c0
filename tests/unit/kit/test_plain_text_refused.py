"""A connection in plain text stays on this machine: settings that would let it out are refused."""

from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import SecretStr

from payesh.kit.encrypted import is_loopback
from payesh.kit.environment import KitSettings
from payesh.kit.errors import SettingsError
from payesh.kit.settings import (
    BusSettings,
    DatabaseSettings,
    HttpSettings,
    ObjectSettings,
    PagesSettings,
    TokenSettings,
)
from tests.support.certificates import Authority

LOOPBACK: dict[str, Any] = {
    "http_port": 0,
    "metrics_port": 0,
    "kafka_bootstrap": "localhost:9092,127.0.0.1:9092,[::1]:9092",
    "database_url": SecretStr("postgresql+asyncpg://ingest:hunter2@127.0.0.1/ingest"),
    "s3_endpoint": "127.0.0.1:9000",
    "s3_secure": False,
    "s3_access_key": "ingest",
    "s3_secret_key": SecretStr("hunter2"),
    "token_issuer": "http://localhost:8081",
    "jwks_url": "http://localhost:8081/.well-known/jwks.json",
    "pages_client_id": "pages",
    "pages_client_secret": SecretStr("hunter2"),
    "access_url": "http://localhost:8081",
}


class Settings(
    HttpSettings, BusSettings, DatabaseSettings, ObjectSettings, TokenSettings, PagesSettings
):
    service: ClassVar[str] = "test"


def settings(**changes: Any) -> KitSettings:
    return Settings(**{**LOOPBACK, **changes})


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"http_host": "0.0.0.0"}, "PAYESH_HTTP_CERTIFICATE_FILE"),  # noqa: S104 - what is refused
        ({"http_host": ""}, "PAYESH_HTTP_CERTIFICATE_FILE"),
        ({"kafka_bootstrap": "kafka:9092"}, "PAYESH_KAFKA_CA_FILE"),
        ({"kafka_bootstrap": "kafka"}, "PAYESH_KAFKA_CA_FILE"),
        ({"kafka_bootstrap": "localhost:9092, kafka:9092"}, "PAYESH_KAFKA_CA_FILE"),
        ({"database_url": "postgresql+asyncpg://a:hunter2@db/a"}, "PAYESH_DATABASE_CA_FILE"),
        ({"database_url": "postgresql+asyncpg://a:hunter2@/a?host=db"}, "PAYESH_DATABASE_CA_FILE"),
        ({"database_url": "postgresql+asyncpg://a:hunter2@[db/a"}, "PAYESH_DATABASE_CA_FILE"),
        ({"database_url": "postgresql+asyncpg://a:hunter2@db/a?ssl=require"}, "DATABASE_CA_FILE"),
        ({"s3_endpoint": "minio:9000"}, "PAYESH_S3_SECURE"),
        ({"jwks_url": "http://access:8000/jwks.json"}, "PAYESH_JWKS_URL"),
        ({"jwks_url": "http://127.0.0.1.example.org/jwks.json"}, "PAYESH_JWKS_URL"),
        ({"access_internal_url": "http://access:8000"}, "PAYESH_ACCESS_INTERNAL_URL"),
        ({"access_url": "http://access.example.org"}, "PAYESH_ACCESS_INTERNAL_URL"),
    ],
)
def test_plain_text_that_leaves_the_machine_is_refused_with_its_remedy(
    changes: dict[str, Any], remedy: str
) -> None:
    settings()
    with pytest.raises(SettingsError, match=remedy) as raised:
        settings(**changes)
    assert "hunter2" not in str(raised.value)


def test_encrypted_connections_may_lead_anywhere(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    own = authority.certificate("access")
    settings(
        http_host="0.0.0.0",  # noqa: S104 - as in a container
        http_certificate_file=own.certificate_file,
        http_key_file=own.key_file,
        kafka_bootstrap="kafka:9093",
        kafka_ca_file=authority.ca_file,
        database_url=SecretStr("postgresql+asyncpg://a:hunter2@db/a"),
        database_ca_file=authority.ca_file,
        s3_endpoint="minio:9000",
        s3_secure=True,
        jwks_url="https://access:8000/jwks.json",
        access_url="https://access.example.org",
    )


def test_a_mesh_encrypts_http_and_nothing_else() -> None:
    meshed = {"http_encrypted_by_mesh": True}
    settings(
        http_host="0.0.0.0",  # noqa: S104 - as in a container
        jwks_url="http://access:8000/jwks.json",
        access_internal_url="http://access:8000",
        **meshed,
    )
    for changes in ({"kafka_bootstrap": "kafka:9092"}, {"s3_endpoint": "minio:9000"}):
        with pytest.raises(SettingsError, match="plain text"):
            settings(**changes, **meshed)


def test_a_certificate_and_its_key_go_together(tmp_path: Path) -> None:
    own = Authority(tmp_path).certificate("access")
    with pytest.raises(SettingsError, match="go together"):
        settings(http_certificate_file=own.certificate_file)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", None, ""])
def test_this_machine_is_known_by_its_own_word(host: str | None) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["10.0.0.1", "0.0.0.0", "::", "localhost.example.org", "127.0.0.1.x"],  # noqa: S104
)
def test_no_other_machine_is_taken_for_it(host: str) -> None:
    assert not is_loopback(host)
