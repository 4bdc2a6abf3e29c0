"""Each service starts with exactly the settings of its deployment."""

import importlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from payesh.kit.bus.connection import connection
from payesh.kit.deadletters import DeadLetterSettings
from payesh.kit.errors import SettingsError
from payesh.kit.settings import DatabaseSettings
from tests.deploy import compose_file, manifests
from tests.deploy.container import PROCESSES, SERVICES, Container
from tests.support.generated import ROOT

SOURCES = ("compose", *manifests.OVERLAYS, *manifests.WITH_COMPONENTS)


def all_containers(source: str) -> dict[str, Container]:
    return compose_file.containers() if source == "compose" else manifests.containers(source)


def bus_password(source: str, service: str) -> str:
    """The one that compose's script draws; Strimzi's are made up by `manifests`."""
    if source == "compose":
        return compose_file.drawn_secrets()[f"{service}_bus_password"]
    return f"password-of-{service}-bus"


def settings_class(process: str) -> Any:
    service = process.removesuffix("-observe")
    name = "Settings" if process == service else "ObserverSettings"
    return getattr(importlib.import_module(f"payesh.{service}.settings"), name)


def put(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> None:
    """Replace this process's settings by the container's."""
    for name in list(os.environ):
        if name.startswith("PAYESH_"):
            monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("source", SOURCES)
def test_the_six_processes_are_there_and_nothing_else_of_ours(source: str) -> None:
    ours = {
        name: (each.service, each.arguments[0])
        for name, each in all_containers(source).items()
        if each.service and each.arguments[0] in ("serve", "observe")
    }
    assert ours == {
        name: (name.removesuffix("-observe"), "observe" if "observe" in name else "serve")
        for name in PROCESSES
    }


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_loads_its_settings(
    source: str, process: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(monkeypatch, all_containers(source)[process].placed(tmp_path))
    settings = settings_class(process)()
    assert settings.http_host != "127.0.0.1", "it could not be reached from outside the container"
    assert (settings.http_port, settings.metrics_port) == (8000, 9000)
    if isinstance(settings, DatabaseSettings):
        url = settings.database_url.get_secret_value()
        assert url.startswith(f"postgresql+asyncpg://{process}:")
        assert f"/{process}" in url
    arguments = connection(settings)
    assert arguments["security_protocol"] == "SASL_SSL"
    assert arguments["ssl_context"].check_hostname
    assert arguments["sasl_plain_username"] == f"{settings.service}-bus"
    assert arguments["sasl_plain_password"] == bus_password(source, settings.service)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("process", PROCESSES)
def test_an_unknown_setting_stops_a_process(
    source: str, process: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(monkeypatch, all_containers(source)[process].placed(tmp_path))
    monkeypatch.setenv("PAYESH_KAFKA_BOOTSTRAPS", "kafka:9092")
    with pytest.raises(SettingsError, match="PAYESH_KAFKA_BOOTSTRAPS: no such setting"):
        settings_class(process)()


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("process", PROCESSES)
def test_every_variable_and_secret_file_is_one_that_the_process_reads(
    source: str, process: str
) -> None:
    container = all_containers(source)[process]
    known = {f"PAYESH_{name.upper()}" for name in settings_class(process).model_fields}
    given = {n for n in container.environment if n.startswith("PAYESH_")} - {"PAYESH_SECRETS_DIR"}
    files = {Path(path).name for path in container.files}
    named = {name for name in files if name.startswith("PAYESH_")}
    assert given | named <= known
    assert not given & named, "the environment would hide the file"
    others = set(container.environment) - given - {"PAYESH_SECRETS_DIR"}
    others -= {"DATABASE_PASSWORD", "TMPDIR"}
    with_networks = {"OMP_NUM_THREADS", "ORT_DISABLE_TELEMETRY"}
    project = (ROOT / f"services/{container.service}/pyproject.toml").read_text("utf-8")
    runs_networks = "onnxruntime" in project and container.name != "detect"  # its HTTP side
    assert others == (with_networks if runs_networks else set())


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("service", SERVICES)
def test_dead_letters_can_be_listed_in_each_container(
    source: str, service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(monkeypatch, all_containers(source)[service].placed(tmp_path))
    assert DeadLetterSettings().kafka_bootstrap


@pytest.mark.parametrize("source", SOURCES)
def test_images_carry_the_services_versions(source: str) -> None:
    for container in all_containers(source).values():
        if container.service:
            project = (ROOT / f"services/{container.service}/pyproject.toml").read_text("utf-8")
            assert f'version = "{container.version}"' in project, container.name


@pytest.mark.parametrize("source", SOURCES)
def test_each_service_with_a_database_has_a_migration(source: str) -> None:
    migrations = {
        each.service for each in all_containers(source).values() if each.arguments == ("migrate",)
    }
    assert migrations == set(SERVICES)


@pytest.mark.parametrize("source", SOURCES)
def test_no_two_services_share_a_secret(source: str) -> None:
    """Except the pages' client, which access and tickets share, and the key under which all digest
    what was searched: it opens nothing, and one search has to be found in every service."""
    owners: dict[str, set[str]] = {}
    for process in PROCESSES:
        container = all_containers(source)[process]
        values = {
            value
            for name, value in {**container.environment, **container.files}.items()
            if any(part in name for part in ("PASSWORD", "_KEY", "_key", "DATABASE_URL", "tls.key"))
            and "ACCESS_KEY" not in name
            and not name.endswith("PAYESH_QUERY_DIGEST_KEY")
            and not name.endswith("_FILE")
        }
        assert values
        for value in values:
            owners.setdefault(value, set()).add(container.service or "")
    assert not {value: services for value, services in owners.items() if len(services) > 1}
