"""The overlays as `kubectl kustomize` builds them, and their containers as the kubelet would."""

import re
import subprocess
import sys
from base64 import b64decode
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from tests.deploy.container import ROOT, Container

K8S = ROOT / "deploy/k8s"
OVERLAYS = ("one-box", "province")
WITH_COMPONENTS = ("one-box+cert-manager", "province+mesh")
WORKLOADS = ("Deployment", "StatefulSet", "Job")

Resource = dict[str, Any]


@cache
def built(overlay: str) -> tuple[Resource, ...]:
    """Every resource of an overlay, as `province` or `province+mesh` with a component besides.

    Raises AssertionError with kustomize's message.
    """
    base, *components = overlay.split("+")
    folder = K8S / "overlays" / base
    if not components:
        return _kustomized(folder)
    with TemporaryDirectory(dir=K8S) as made:
        text = yaml.safe_dump(
            {
                "apiVersion": "kustomize.config.k8s.io/v1beta1",
                "kind": "Kustomization",
                "resources": [f"../overlays/{base}"],
                "components": [f"../components/{each}" for each in components],
            }
        )
        (Path(made) / "kustomization.yaml").write_text(text, "utf-8")
        return _kustomized(Path(made))


def _kustomized(folder: Path) -> tuple[Resource, ...]:
    kubectl = Path(sys.executable).with_name("kubectl")
    done = subprocess.run([str(kubectl), "kustomize", str(folder)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return tuple(each for each in yaml.safe_load_all(done.stdout) if each)


def of_kind(overlay: str, *kinds: str) -> list[Resource]:
    return [each for each in built(overlay) if each["kind"] in kinds]


def by_name(overlay: str, kind: str) -> dict[str, Resource]:
    return {each["metadata"]["name"]: each for each in of_kind(overlay, kind)}


@cache
def drawn_secrets() -> tuple[Resource, ...]:
    """What one run of each of the two scripts prints."""
    with TemporaryDirectory() as folder:
        printed = [
            subprocess.run(
                [str(K8S / script)], check=True, capture_output=True, text=True, cwd=folder
            ).stdout
            for script in ("make-secrets.sh", "make-certificates.sh")
        ]
    return tuple(each for text in printed for each in yaml.safe_load_all(text) if each)


def secrets(overlay: str) -> dict[str, dict[str, str]]:
    """Name to keys: the drawn ones, and those that operators make of their resources."""
    found = {each["metadata"]["name"]: _plain(each) for each in drawn_secrets()}
    for user in of_kind(overlay, "KafkaUser"):
        name = user["metadata"]["name"]
        assert name not in found
        found[name] = {"password": f"password-of-{name}"}
    for cluster in of_kind(overlay, "Kafka"):
        authority = found["minio-certificate"]["ca.crt"]  # any certificate will do to read
        found[f"{cluster['metadata']['name']}-cluster-ca-cert"] = {"ca.crt": authority}
    for cluster in of_kind(overlay, "Cluster"):
        found[f"{cluster['metadata']['name']}-ca"] = {"ca.crt": authority}
    return found


def _plain(secret: Resource) -> dict[str, str]:
    plain: dict[str, str] = {
        name: b64decode(value).decode() for name, value in secret.get("data", {}).items()
    }
    plain |= secret.get("stringData", {})
    return plain


def config_maps(overlay: str) -> dict[str, dict[str, str]]:
    return {name: each["data"] for name, each in by_name(overlay, "ConfigMap").items()}


def pods(overlay: str) -> list[tuple[Resource, Resource]]:
    """Each workload with its pod's template."""
    return [(each, each["spec"]["template"]) for each in of_kind(overlay, *WORKLOADS)]


def described(overlay: str, workload: str) -> Resource:
    """The one container of a workload, as written."""
    for resource, template in pods(overlay):
        if resource["metadata"]["name"] == workload:
            (container,) = template["spec"]["containers"]
            return dict(container)
    raise KeyError(workload)


def containers(overlay: str) -> dict[str, Container]:
    """Workload to its container. Raises KeyError for an unresolved reference."""
    found = {}
    for resource, template in pods(overlay):
        name = resource["metadata"]["name"]
        (container,) = template["spec"]["containers"]
        assert not template["spec"].get("initContainers")
        found[name] = Container(
            name=name,
            image=container["image"],
            arguments=tuple(container.get("args", ())),
            environment=_environment(overlay, container),
            files=_files(overlay, template["spec"], container),
        )
    return found


def _environment(overlay: str, container: Resource) -> dict[str, str]:
    environment: dict[str, str] = {}
    for source in container.get("envFrom", ()):
        assert source.keys() == {"configMapRef"}
        given = config_maps(overlay)[source["configMapRef"]["name"]]
        assert not environment.keys() & given.keys(), "one variable from two ConfigMaps"
        environment |= given
    for variable in container.get("env", ()):
        name = variable["name"]
        assert name not in environment, f"{name} is given twice"
        if "value" in variable:
            # The kubelet replaces $(NAME) by a variable that was given before.
            environment[name] = re.sub(
                r"\$\((\w+)\)",
                lambda found: environment[found[1]],
                variable["value"],
            )
        else:
            reference = variable["valueFrom"]["secretKeyRef"]
            environment[name] = secrets(overlay)[reference["name"]][reference["key"]]
    return environment


def _files(overlay: str, pod: Resource, container: Resource) -> dict[str, str]:
    volumes = {volume["name"]: volume for volume in pod.get("volumes", ())}
    files = {}
    for mount in container["volumeMounts"]:
        volume = volumes.get(mount["name"], {})  # a StatefulSet's claim is no file's source
        sources = volume.get("projected", {}).get("sources", [volume])
        for source in sources:
            for path, content in _contents(overlay, source).items():
                files[f"{mount['mountPath']}/{path}"] = content
    return files


def _contents(overlay: str, source: Resource) -> dict[str, str]:
    if "configMap" in source:
        return config_maps(overlay)[source["configMap"]["name"]]
    if "secret" in source:
        given = source["secret"]
        keys = secrets(overlay)[given.get("secretName") or given["name"]]
        return {item["path"]: keys[item["key"]] for item in given["items"]}
    return {}
