"""Everything that docs/runbooks.md names exists."""

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import prometheus_client
import pytest

from payesh.access.commands.asking import TOKEN
from payesh.contracts.topics import topics
from payesh.contracts.vocabulary import GapReason
from tests.deploy import compose_file, manifests
from tests.deploy.bus_users import GROUPS
from tests.deploy.container import ROOT, SERVICES
from tests.support.generated import openapi, settings_classes

TEXT = (ROOT / "docs/runbooks.md").read_text("utf-8")
# Continued lines and wrapped prose read as one.
JOINED = re.sub(r"\s*\\?\n\s*", " ", TEXT)

KINDS = {
    "deploy": "Deployment",
    "deployment": "Deployment",
    "statefulset": "StatefulSet",
    "job": "Job",
    "kafka": "Kafka",
    "cluster": "Cluster",
}


def found(pattern: str, text: str = JOINED) -> set[str]:
    names = set(re.findall(pattern, text))
    assert names, f"the runbooks no longer have {pattern}: this test checks nothing"
    return names


def pairs(pattern: str) -> set[tuple[str, str]]:
    """As `found`, for a pattern of two groups."""
    names = {(first, second) for first, second in re.findall(pattern, JOINED)}
    assert names, f"the runbooks no longer have {pattern}: this test checks nothing"
    return names


def test_every_route_exists() -> None:
    known = {
        f"{method.upper()} {path}"
        for service in SERVICES
        for path, methods in json.loads(openapi(service))["paths"].items()
        for method in methods
    }
    assert found(r"\b(?:GET|POST|PUT|PATCH) /[\w/{}-]+") <= known


def test_every_file_of_ours_exists() -> None:
    for path in found(r"(?<![\w/])(?:deploy|docs|tests|services)/[\w./-]+\w"):
        if path.startswith("deploy/") and path.count("/") == 1 and path != "deploy/k8s":
            continue  # a Deployment, as kubectl names it
        # docs/settings.md is generated
        assert (ROOT / path).exists() or path == "docs/settings.md", path


def test_every_setting_exists() -> None:
    known = {
        f"PAYESH_{name.upper()}"
        for service in SERVICES
        for each in settings_classes(service)
        for name in each.model_fields
    }
    assert found(r"PAYESH_[A-Z0-9_]+") <= known | {TOKEN}


def test_every_variable_of_the_env_file_is_read_by_compose() -> None:
    raw = (ROOT / "docker-compose.yml").read_text("utf-8")
    (block,) = re.findall(r"```sh\n(ACCESS_URL=.+?)```", TEXT, re.DOTALL)
    named = set(re.findall(r"^(\w+)=", block, re.MULTILINE)) | {"SPOOL_LIMIT_MIB"}
    assert named <= set(re.findall(r"\$\{(\w+):-", raw))


def test_images_are_pinned_by_their_tags_here() -> None:
    raw = (ROOT / "docker-compose.yml").read_text("utf-8")
    asked = dict(re.findall(r"^(\w+_DIGEST)=\$\(digest (\S+)\)$", TEXT, re.MULTILINE))
    assert asked.keys() == set(re.findall(r"\$\{(\w+_DIGEST):-\}", raw))
    files = [ROOT / "docker-compose.yml", *ROOT.glob("*/*/*Dockerfile")]
    described = "".join(path.read_text("utf-8") for path in files)
    for image in asked.values():
        assert re.search(rf"(?:_IMAGE=|image: ){image}[\n$]", described), image


def test_every_compose_service_volume_and_port_exists() -> None:
    document = compose_file.document()
    services = document["services"]
    named = found(r"docker compose (?:exec(?: -T)?|run --rm|restart|logs|start) ([\w-]+)")
    named |= {
        name
        for words in found(r"docker compose stop ([\w -]+?)(?= docker|`|$)")
        for name in words.split()
    }
    assert named <= services.keys()
    assert found(r"\bpayesh_([\w-]+-data)\b") <= document["volumes"].keys()
    for name, port in re.findall(r"`(\w+)` to (?:port )?(\d+)", JOINED):
        assert f"127.0.0.1:{port}:8000" in services[name]["ports"]
    for path in found(r"\bsecrets/(\w+)") - {"authority"}:  # a folder that no container has
        assert path in document["secrets"]


def test_every_kubernetes_resource_and_secret_exists() -> None:
    for kind, name in pairs(rf"\b({'|'.join(KINDS)})/([a-z][\w-]*)(?![\w./])"):
        if f"{kind}/{name}".startswith(("deploy/compose", "deploy/k8s")):
            continue
        assert name in manifests.by_name("province", KINDS[kind]), f"{kind}/{name}"
    secrets = manifests.secrets("province").keys() | {"payesh-tls"}
    assert found(r"secret (?:tls )?([a-z][\w-]+-[\w-]+)(?= |;|`)") <= secrets
    keys = manifests.secrets("province")["access-keys"]
    assert found(r"\.data\.(first-[\w-]+)") <= keys.keys()
    claim = next(iter(found(r"pvc ([\w-]+)")))
    assert claim == "spool-ingest-0"
    assert found(r"delete job ([a-z][\w-]+)") <= manifests.by_name("province", "Job").keys()
    assert "to-cameras" in manifests.by_name("province", "NetworkPolicy")
    for overlay in found(r"overlays/([\w-]+)"):
        assert overlay in manifests.OVERLAYS


def test_every_label_has_a_meaning() -> None:
    described = "".join(path.read_text("utf-8") for path in (ROOT / "deploy/k8s").rglob("*.yaml"))
    for label in found(r"payesh\.ir/[\w-]+"):
        assert label in described, label


@pytest.mark.parametrize("command", sorted(found(r"payesh\.kit\.deadletters (\w+)")))
def test_dead_letter_commands_exist(command: str) -> None:
    for options in re.findall(rf"payesh\.kit\.deadletters {command}((?: --\w+ [\w.]+)*)", JOINED):
        done = subprocess.run(
            [sys.executable, "-m", "payesh.kit.deadletters", command, *options.split(), "--help"],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        for option in re.findall(r"--\w+", options):
            assert option in done.stdout


def test_every_topic_and_group_exists() -> None:
    names = {topic.name for topic in topics()}
    assert found(r"\b(?:ingest|detect|plates|tickets|access)\.[\w-]+\.[\w-]+\.v1") <= names
    (groups,) = found(r"for group in ([\w -]+);")
    # All that feed a database; the observer has none.
    assert set(groups.split()) == {g for each in GROUPS.values() for g in each} - {"detect"}


def test_every_metric_exists() -> None:
    for service in ("ingest", "detect", "tickets", "access"):
        importlib.import_module(f"payesh.{service}.metrics")
    importlib.import_module("payesh.kit.metrics")
    known = {
        name
        for each in prometheus_client.REGISTRY.collect()
        for name in (each.name, f"{each.name}_total")
    }
    metrics = found(r"`(payesh_[a-z_]+)`")
    assert len(metrics) > 5
    assert metrics <= known


def test_commands_of_the_services_exist() -> None:
    for service, command in pairs(r"payesh-(access|ingest|detect|plates|tickets) ([a-z-]+)"):
        program = Path(sys.executable).with_name(f"payesh-{service}")
        done = subprocess.run([str(program), "--help"], capture_output=True, text=True)
        assert command in done.stdout, f"payesh-{service} {command}"


def test_kubectl_understands_what_we_ask() -> None:
    kubectl = Path(sys.executable).with_name("kubectl")
    for command in found(r"kubectl (?:-n payesh )?([a-z]+(?: (?:restart|status))?)(?= )"):
        words = command.split()
        done = subprocess.run([str(kubectl), *words, "--help"], capture_output=True, text=True)
        assert done.returncode == 0 and "Usage:" in done.stdout, command


def test_reasons_of_gaps_are_published_terms() -> None:
    assert found(r"reason\s+`(\w+)`") <= set(GapReason)
