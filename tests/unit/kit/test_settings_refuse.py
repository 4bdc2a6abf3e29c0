"""Settings that are wrong are named, without their values, before a service starts."""

from pathlib import Path
from typing import ClassVar

import pytest

from payesh.kit.environment import KitSettings
from payesh.kit.errors import SettingsError
from payesh.kit.settings import (
    BusSettings,
    DatabaseSettings,
    HttpSettings,
    ObjectSettings,
    PagesSettings,
    TelemetrySettings,
    TokenSettings,
)


class Settings(HttpSettings, BusSettings, DatabaseSettings):
    service: ClassVar[str] = "ingest"


def settings() -> Settings:
    """As the environment gives them."""
    return Settings()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYESH_HTTP_PORT", "8000")
    monkeypatch.setenv("PAYESH_METRICS_PORT", "9000")
    monkeypatch.setenv("PAYESH_KAFKA_BOOTSTRAP", "localhost:9092")
    monkeypatch.setenv(
        "PAYESH_DATABASE_URL", "postgresql+asyncpg://ingest:hunter2@localhost/ingest"
    )


def test_a_misspelt_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYESH_KAFKA_BOOTSTRAPS", "bus:9092")
    with pytest.raises(SettingsError, match="PAYESH_KAFKA_BOOTSTRAPS: no such setting of ingest"):
        settings()


def test_a_malformed_variable_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYESH_HTTP_PORT", "hunter2")
    with pytest.raises(SettingsError, match="PAYESH_HTTP_PORT") as caught:
        settings()
    assert "hunter2" not in str(caught.value)


def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PAYESH_DATABASE_URL")
    with pytest.raises(SettingsError, match="PAYESH_DATABASE_URL"):
        settings()


def test_secrets_come_from_files_and_the_environment_takes_precedence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("PAYESH_DATABASE_URL")
    (tmp_path / "PAYESH_DATABASE_URL").write_text("from a file\n")
    (tmp_path / "PAYESH_HTTP_PORT").write_text("1")
    (tmp_path / "..data").mkdir()
    monkeypatch.setenv("PAYESH_SECRETS_DIR", str(tmp_path))
    read = settings()
    assert read.database_url.get_secret_value() == "from a file"
    assert read.http_port == 8000


def test_secrets_are_not_printed() -> None:
    assert "hunter2" not in repr(settings())


def test_every_setting_has_a_description() -> None:
    mixins = [
        BusSettings,
        DatabaseSettings,
        HttpSettings,
        ObjectSettings,
        PagesSettings,
        TelemetrySettings,
        TokenSettings,
    ]
    for mixin in mixins:
        assert issubclass(mixin, KitSettings)
        for name, field in mixin.model_fields.items():
            assert field.description, f"{mixin.__name__}.{name}"
