"""docker-compose.yml: known keys, order of starting, and no right that is not needed."""

import re
from typing import Any

import pytest

from payesh.access.domain.redirect_uris import redirect_uri_fault
from payesh.kit.serving import GRACE_S
from tests.deploy import compose_file
from tests.deploy.container import PROCESSES, ROOT, SERVICES

ENGINES = ("kafka", "postgres", "minio")
JOBS = (
    "topics",
    "bus-users",
    "databases",
    "buckets",
    *(f"migrate-{name}" for name in SERVICES),
    "bootstrap",
)

TOP = {"name", "services", "configs", "secrets", "networks", "volumes"}
SERVICE = {
    "build", "cap_drop", "command", "configs", "depends_on", "deploy", "entrypoint", "environment",
    "healthcheck", "image", "logging", "networks", "ports", "pull_policy", "read_only", "restart",
    "secrets", "security_opt", "shm_size", "stop_grace_period", "stop_signal", "tmpfs", "user",
    "volumes",
}  # fmt: skip
BELOW: dict[str, set[str]] = {
    "build": {"context", "dockerfile", "args"},
    "deploy": {"resources"},
    "healthcheck": {"test", "interval", "timeout", "retries", "start_period", "start_interval"},
    "logging": {"driver", "options"},
}
"""Keys of the Compose specification (2024) that are used; another key is a misspelling or new."""


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = compose_file.document()["services"]
    return found


def test_every_key_is_known(services: dict[str, Any]) -> None:
    document = compose_file.document()
    assert {key for key in document if not key.startswith("x-")} == TOP
    assert services.keys() == {*ENGINES, *JOBS, *PROCESSES}
    for name, service in services.items():
        assert service.keys() <= SERVICE, name
        for key, known in BELOW.items():
            assert service.get(key, {}).keys() <= known, (name, key)
        for source in ("secrets", "configs"):
            for given in service.get(source, ()):
                assert isinstance(given, str) or given.keys() == {"source", "target"}, name
    for kind in ("secrets", "configs"):
        for name, given in document[kind].items():
            assert given.keys() == {"file"}, name
    assert set(document["volumes"]) == {
        volume.split(":")[0]
        for service in services.values()
        for volume in service.get("volumes", ())
        if not volume.startswith(".")
    }


def test_every_file_that_is_mounted_or_built_is_there(services: dict[str, Any]) -> None:
    for service in services.values():
        for volume in service.get("volumes", ()):
            if volume.startswith("."):
                host, _, mode = volume.split(":")
                assert (ROOT / host).is_file() and mode == "ro"
        if "build" in service:
            assert (ROOT / service["build"]["context"]).is_dir()
            path = service["build"]["dockerfile"]
            assert (ROOT / path).is_file() or (ROOT / service["build"]["context"] / path).is_file()
    built = {each["image"] for each in services.values() if "build" in each}
    for name, service in services.items():
        if service["image"].startswith("payesh-"):
            assert service["image"] in built, f"{name}: no service builds {service['image']}"
            assert "build" in service or service["pull_policy"] == "never", name


def test_every_image_can_be_pinned_by_its_digest(services: dict[str, Any]) -> None:
    """Each base image of a build by an argument, each other image by a variable."""
    raw = (ROOT / "docker-compose.yml").read_text("utf-8")
    for name, service in services.items():
        if "build" not in service:
            ours = service["image"].startswith("payesh-")
            written = re.search(rf"image: {service['image']}\$\{{[A-Z]+_DIGEST:-\}}\n", raw)
            assert ours or written, name
            continue
        build = service["build"]
        path = ROOT / build["context"] / build["dockerfile"]
        bases = re.findall(r"^FROM (\S+)", path.read_text("utf-8"), re.MULTILINE)
        digests = {found for base in bases for found in re.findall(r"\$\{(\w+_DIGEST)\}$", base)}
        assert len(set(bases)) == len(digests), name
        assert build["args"] == dict.fromkeys(digests, ""), name


def test_containers_have_no_rights_and_bounds_on_everything(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        user = re.fullmatch(r"(\d+):(\d+)", service["user"])
        assert user and int(user[1]) > 0 and int(user[2]) > 0, name
        assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory", "pids"}, name
        assert re.search(r":[\w.-]+$", service["image"]), name
        assert not service["image"].endswith(":latest"), name
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name
        for place in service["tmpfs"]:
            assert ":size=" in place, f"{name}: {place} may fill the memory"


def test_only_http_is_published_and_only_on_loopback(services: dict[str, Any]) -> None:
    document = compose_file.document()
    assert document["networks"]["backend"] == {"internal": True}
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published.keys() == set(SERVICES)
    host_ports = set()
    for name, ports in published.items():
        (port,) = ports
        address, host_port, inside = port.split(":")
        assert address == "127.0.0.1" and inside == "8000"
        host_ports.add(host_port)
        url = services[name]["environment"]["PAYESH_PUBLIC_URL"]
        assert url == f"https://localhost:{host_port}"
        assert "edge" in services[name]["networks"]
    assert len(host_ports) == len(published)
    for name, service in services.items():
        assert service["networks"] == (["backend", "edge"] if name in SERVICES else ["backend"])


def test_no_secret_stands_in_the_file(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for variable in service.get("environment", {}):
            plain = variable in {"PAYESH_S3_ACCESS_KEY", "PAYESH_SECRETS_DIR"}
            named = variable.endswith("_FILE")
            secret = re.search(r"PASSWORD|SECRET|KEY|DATABASE_URL", variable)
            assert plain or named or not secret, f"{name}: {variable}"
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert "/secrets/" in ignored and "/.env" in ignored


def needed(services: dict[str, Any], name: str, condition: str) -> set[str]:
    return {
        other
        for other, given in services[name]["depends_on"].items()
        if given["condition"] == condition
    }


def test_dependencies_start_first(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for other, given in service.get("depends_on", {}).items():
            ends = other in JOBS
            assert given["condition"] == (
                "service_completed_successfully" if ends else "service_healthy"
            )
            assert ends or "healthcheck" in services[other], (
                f"{name} would wait for {other} without end"
            )
            assert services[other]["restart"] == ("no" if ends else "unless-stopped")
    for process in PROCESSES:
        jobs = needed(services, process, "service_completed_successfully")
        assert {"topics", "bus-users"} <= jobs
        environment = services[process]["environment"]
        assert ("buckets" in jobs) == ("PAYESH_S3_ENDPOINT" in environment)
        assert (f"migrate-{process}" in jobs) == (process in SERVICES)
        seconds = int(services[process]["stop_grace_period"].removesuffix("s"))
        assert seconds > GRACE_S
    assert "databases" in needed(services, "migrate-access", "service_completed_successfully")
    assert "minio" in needed(services, "buckets", "service_healthy")


def test_engines_are_those_of_the_tests(services: dict[str, Any]) -> None:
    pom = (ROOT / "deploy/local/src/payesh/local/engines/kafka-pom.xml").read_text("utf-8")
    (version,) = re.findall(r"<artifactId>kafka_2.13</artifactId>\s*<version>(.+?)<", pom)
    assert services["kafka"]["image"] == services["topics"]["image"] == f"apache/kafka:{version}"
    assert services["postgres"]["image"] == services["databases"]["image"]
    assert services["minio"]["image"] == services["buckets"]["image"]
    for path in ("minio.yaml", "buckets.yaml"):
        manifest = (ROOT / "deploy/k8s/components/minio" / path).read_text("utf-8")
        assert f"image: {services['minio']['image']}\n" in manifest
    kafka = (ROOT / "deploy/k8s/components/strimzi/kafka.yaml").read_text("utf-8")
    assert f"    version: {version}\n" in kafka


def test_signing_in_returns_to_the_address_of_the_pages(services: dict[str, Any]) -> None:
    pages = services["tickets"]["environment"]["PAYESH_PUBLIC_URL"]
    text = compose_file.containers()["access"].files["/etc/payesh/clients.json"]
    assert f'"{pages}/sign-in/callback"' in text
    assert redirect_uri_fault(f"{pages}/sign-in/callback") is None
