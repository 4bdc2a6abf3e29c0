"""The Kubernetes manifests: known fields, resolved references, restricted pods."""

import copy
import re
from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest
import yaml

from payesh.contracts.topics import topics
from payesh.kit.serving import GRACE_S
from tests.deploy import manifests
from tests.deploy.bus_users import GROUPS
from tests.deploy.container import PROCESSES, SERVICES
from tests.deploy.manifests import (
    K8S,
    OVERLAYS,
    WITH_COMPONENTS,
    Resource,
    built,
    by_name,
    of_kind,
    pods,
)
from tests.deploy.operator_fields import FIELDS

KUBERNETES = "1.37"


def of_an_operator(resource: Resource) -> bool:
    group = resource["apiVersion"].partition("/")[0]
    return "." in group and not group.endswith(".k8s.io")


def leaves(value: Any, path: str = "") -> Iterator[str]:
    """Paths of everything that is written below a value."""
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from leaves(each, f"{path}\0{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for each in value:
            yield from leaves(each, f"{path}[]")
    else:
        yield path


def is_known(path: str, known: set[str]) -> bool:
    def pattern(field: str) -> str:
        escaped = re.escape(field.removesuffix("...")).replace(r"\.", "\0").replace(r"\*", "[^\0]+")
        return escaped + (r"(\0.*)?" if field.endswith("...") else "")

    return any(re.fullmatch(pattern(field), path, re.DOTALL) for field in known)


@pytest.mark.parametrize("overlay", (*OVERLAYS, *WITH_COMPONENTS))
def test_kubernetes_knows_every_field(overlay: str) -> None:
    checked = [each for each in built(overlay) if not of_an_operator(each)]
    assert len(checked) > 40
    for resource in checked:
        kubernetes_validate.validate(resource, KUBERNETES, strict=True)


def test_a_misspelt_field_is_refused() -> None:
    deployment = copy.deepcopy(by_name("one-box", "Deployment")["access"])
    deployment["spec"]["template"]["spec"]["containers"][0]["livenesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, KUBERNETES, strict=True)


@pytest.mark.parametrize("overlay", (*OVERLAYS, *WITH_COMPONENTS))
def test_operators_know_every_field(overlay: str) -> None:
    checked = [each for each in built(overlay) if of_an_operator(each)]
    assert {each["kind"] for each in checked} >= {"Kafka", "KafkaTopic", "KafkaUser", "Cluster"}
    for resource in checked:
        assert resource.keys() == {"apiVersion", "kind", "metadata", "spec"}
        known = FIELDS[f"{resource['apiVersion']} {resource['kind']}"]
        unknown = {path for path in leaves(resource["spec"]) if not is_known(path, known)}
        assert not unknown, (resource["kind"], {each.replace("\0", ".") for each in unknown})


def test_a_misspelt_field_of_an_operators_resource_is_noticed() -> None:
    known = FIELDS["kafka.strimzi.io/v1 KafkaTopic"]
    assert is_known("config\0retention.ms", known)
    assert not is_known("partition", known)
    assert not is_known("config", known)


@pytest.mark.parametrize("overlay", (*OVERLAYS, *WITH_COMPONENTS))
def test_every_reference_is_resolved(overlay: str) -> None:
    """Secrets are those that the scripts draw and Strimzi makes; ConfigMaps are built."""
    assert manifests.containers(overlay).keys() >= set(PROCESSES)  # KeyError for one that does not
    secrets, accounts = manifests.secrets(overlay), by_name(overlay, "ServiceAccount")
    for _, template in pods(overlay):
        assert template["spec"]["serviceAccountName"] in accounts
    for name in re.findall(
        r"(?:passwordSecret|secret): \{name: ([\w-]+)\}",
        (K8S / "components/cloudnativepg/cluster.yaml").read_text("utf-8"),
    ):
        assert secrets[name].keys() == {"username", "password"}
    for authentication in of_kind(overlay, "TriggerAuthentication"):
        for given in authentication["spec"]["secretTargetRef"]:
            assert given["key"] in secrets[given["name"]]
        for given in authentication["spec"]["configMapTargetRef"]:
            assert given["key"] in manifests.config_maps(overlay)[given["name"]]
    for ingress in of_kind(overlay, "Ingress"):
        for rule in ingress["spec"]["rules"]:
            (path,) = rule["http"]["paths"]
            service = by_name(overlay, "Service")[path["backend"]["service"]["name"]]
            assert path["backend"]["service"]["port"]["name"] in {
                port["name"] for port in service["spec"]["ports"]
            }


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_drawn_secrets_are_used_and_valid(overlay: str) -> None:
    text = yaml.safe_dump_all(built(overlay))
    for secret in manifests.drawn_secrets():
        kubernetes_validate.validate(secret, KUBERNETES, strict=True)
        assert re.search(rf"[ /]{secret['metadata']['name']}\n", text), secret["metadata"]["name"]


@pytest.mark.parametrize("overlay", (*OVERLAYS, *WITH_COMPONENTS))
def test_pods_are_restricted(overlay: str) -> None:
    for resource, template in pods(overlay):
        name, spec = resource["metadata"]["name"], template["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] > 0, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC", "hostUsers"} & spec.keys(), name
        for volume in spec.get("volumes", ()):
            assert not {"hostPath"} & volume.keys(), name
            if "emptyDir" in volume:
                assert volume["emptyDir"]["sizeLimit"], f"{name}: {volume['name']} is unbounded"
        for container in spec["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["readOnlyRootFilesystem"] is True, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name
            for bound in ("requests", "limits"):
                assert {"cpu", "memory", "ephemeral-storage"} <= container["resources"][
                    bound
                ].keys()
            assert re.search(r":[\w.-]+$|@sha256:[0-9a-f]{64}$", container["image"]), name
            assert not container["image"].endswith(":latest"), name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_namespace_enforces_the_restricted_standard(overlay: str) -> None:
    (namespace,) = of_kind(overlay, "Namespace")
    labels = namespace["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    for resource in built(overlay):
        assert resource["kind"] == "Namespace" or resource["metadata"]["namespace"] == "payesh"
        assert resource["kind"] not in ("Secret", "ClusterRole", "ClusterRoleBinding")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_each_process_has_three_probes_and_time_to_stop(overlay: str) -> None:
    for resource, template in pods(overlay):
        if resource["kind"] == "Job":
            continue
        (container,) = template["spec"]["containers"]
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys()
        assert template["spec"]["terminationGracePeriodSeconds"] > GRACE_S


def selects(selector: Resource, labels: dict[str, str]) -> bool:
    assert selector.keys() <= {"matchLabels"}
    return bool(selector.get("matchLabels", {}).items() <= labels.items())


@pytest.mark.parametrize("overlay", (*OVERLAYS, *WITH_COMPONENTS))
def test_every_pod_is_denied_by_default_and_admitted_by_name(overlay: str) -> None:
    policies = by_name(overlay, "NetworkPolicy")
    deny = policies.pop("default-deny")["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    policies.pop("names")
    for resource, template in pods(overlay):
        labels = template["metadata"]["labels"]
        matching = [
            p["spec"] for p in policies.values() if selects(p["spec"]["podSelector"], labels)
        ]
        assert any("Egress" in each["policyTypes"] for each in matching), labels
        if resource["kind"] != "Job":
            assert any("Ingress" in each["policyTypes"] for each in matching), labels


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_pods_labels_name_exactly_what_its_environment_uses(overlay: str) -> None:
    described = manifests.containers(overlay)
    for resource, template in pods(overlay):
        environment = described[resource["metadata"]["name"]].environment
        uses = {
            "bus": "PAYESH_KAFKA_BOOTSTRAP" in environment,
            "database": "PAYESH_DATABASE_URL" in environment,
            "objects": "PAYESH_S3_ENDPOINT" in environment or "MINIO_URL" in environment,
            "access": "PAYESH_JWKS_URL" in environment and resource["metadata"]["name"] != "access",
            "cameras": "PAYESH_SOURCE_KEY" in environment,
        }
        labels = template["metadata"]["labels"]
        found = {name for name in uses if labels.get(f"payesh.ir/uses-{name}") == "true"}
        assert found == {name for name, used in uses.items() if used}, resource["metadata"]["name"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_egress_and_ingress_rules_agree(overlay: str) -> None:
    """Egress to access, database and objects by label, and ingress by the same label."""
    policies = by_name(overlay, "NetworkPolicy")
    for out, into in (
        ("to-access", "access"),
        ("to-database", "postgres"),
        ("to-objects", "minio"),
    ):
        sender, receiver = policies[out]["spec"], policies[into]["spec"]
        (egress,) = sender["egress"]
        assert egress["to"] == [{"podSelector": receiver["podSelector"]}]
        admitted = [each for rule in receiver["ingress"] for each in rule["from"]]
        assert {"podSelector": sender["podSelector"]} in admitted
    (kafka,) = of_kind(overlay, "Kafka")
    (listener,) = kafka["spec"]["kafka"]["listeners"]
    bus = policies["to-bus"]["spec"]
    assert {"podSelector": bus["podSelector"]} in listener["networkPolicyPeers"]
    assert bus["egress"][0]["ports"] == [{"protocol": "TCP", "port": listener["port"]}]
    assert listener["tls"] and listener["authentication"]["type"] == "scram-sha-512"
    assert kafka["spec"]["kafka"]["authorization"] == {"type": "simple"}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_each_process_has_a_disruption_budget_that_lets_nodes_be_drained(overlay: str) -> None:
    budgets = [each["spec"] for each in of_kind(overlay, "PodDisruptionBudget")]
    for resource, template in pods(overlay):
        if resource["kind"] == "Job":
            continue
        labels = template["metadata"]["labels"]
        (budget,) = [each for each in budgets if selects(each["selector"], labels)]
        assert budget["maxUnavailable"] == 1
        # Deployment, Service and budget mean the same pods, and no job's.
        assert selects(resource["spec"]["selector"], labels)
    for service in of_kind(overlay, "Service"):
        selected = [
            resource["kind"]
            for resource, template in pods(overlay)
            if service["spec"]["selector"].items() <= template["metadata"]["labels"].items()
        ]
        assert len(selected) == 1 and "Job" not in selected, service["metadata"]["name"]


def test_topics_are_the_contracts() -> None:
    """A province's partitions there, a box's here; no topic has more copies than brokers."""
    for overlay in OVERLAYS:
        found = {
            name: (each["spec"]["partitions"], each["spec"]["replicas"])
            for name, each in by_name(overlay, "KafkaTopic").items()
        }
        assert found == {
            topic.name: (
                (topic.local_partitions, 1) if overlay == "one-box" else (topic.partitions, 3)
            )
            for topic in topics()
        }
        brokers = sum(
            pool["spec"]["replicas"]
            for pool in of_kind(overlay, "KafkaNodePool")
            if "broker" in pool["spec"]["roles"]
        )
        (kafka,) = of_kind(overlay, "Kafka")
        assert max(replicas for _, replicas in found.values()) <= brokers
        for name, value in kafka["spec"]["kafka"]["config"].items():
            if name.endswith((".factor", ".isr", ".replicas")):
                assert value <= brokers, name


def test_users_of_the_bus_may_do_what_the_contract_says() -> None:
    users = by_name("province", "KafkaUser")
    assert users.keys() == {f"{name}-bus" for name in SERVICES} | {"dead-letters", "keda-bus"}
    for service in SERVICES:
        rules = users[f"{service}-bus"]["spec"]["authorization"]["acls"]
        may: dict[str, set[str]] = {"Read": set(), "Write": set()}
        groups = set()
        for rule in rules:
            assert rule["resource"]["patternType"] == "literal"
            if rule["resource"]["type"] == "group":
                groups.add(rule["resource"]["name"])
                continue
            for operation in set(rule["operations"]) - {"Describe"}:
                may[operation].add(rule["resource"]["name"])
        assert may["Write"] == {each.name for each in topics() if service in each.producers}
        assert may["Read"] == {each.name for each in topics() if service in each.consumers}
        assert groups == set(GROUPS[service])


def test_a_deployment_that_keda_scales_has_no_fixed_replicas() -> None:
    scaled = {
        each["spec"]["scaleTargetRef"]["name"]: each["spec"]
        for each in of_kind("province", "ScaledObject")
    }
    assert scaled.keys() == {"detect-observe", "plates"}
    partitions = {topic.name: topic.partitions for topic in topics()}
    for name, spec in scaled.items():
        assert "replicas" not in by_name("province", "Deployment")[name]["spec"]
        (trigger,) = spec["triggers"]
        service = name.removesuffix("-observe")
        assert trigger["metadata"]["consumerGroup"] in GROUPS[service]
        assert spec["maxReplicaCount"] <= partitions[trigger["metadata"]["topic"]]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_public_addresses_of_services_are_those_of_the_ingress(overlay: str) -> None:
    described = manifests.containers(overlay)
    (ingress,) = of_kind(overlay, "Ingress")
    hosts = {
        rule["host"]: rule["http"]["paths"][0]["backend"]["service"]["name"]
        for rule in ingress["spec"]["rules"]
    }
    assert hosts == {
        described[name].environment["PAYESH_PUBLIC_URL"].removeprefix("https://"): name
        for name in SERVICES
    }
    assert set(ingress["spec"]["tls"][0]["hosts"]) == set(hosts)
    access = described["access"].environment["PAYESH_PUBLIC_URL"]
    for name in SERVICES:
        assert described[name].environment["PAYESH_TOKEN_ISSUER"] == access
    assert described["tickets"].environment["PAYESH_ACCESS_URL"] == access


def gibibytes(quantity: str) -> float:
    number, unit = re.fullmatch(r"(\d+)([MGT]i)", quantity).groups()  # type: ignore[union-attr]
    return int(number) * {"Mi": 1 / 1024, "Gi": 1, "Ti": 1024}[unit]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_spools_disk_holds_the_spool_and_an_upload(overlay: str) -> None:
    from payesh.ingest.settings import Settings

    fields = Settings.model_fields
    environment = manifests.containers(overlay)["ingest"].environment
    limit_mib = int(environment.get("PAYESH_SPOOL_LIMIT_MIB", fields["spool_limit_mib"].default))
    # An upload lies there twice: as it comes in, and as a file to be segmented.
    needed_gib = (limit_mib + 2 * fields["recording_limit_mib"].default) / 1024
    (claim,) = by_name(overlay, "StatefulSet")["ingest"]["spec"]["volumeClaimTemplates"]
    assert gibibytes(claim["spec"]["resources"]["requests"]["storage"]) >= needed_gib


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_upgrade_that_applies_the_jobs_alone_brings_what_they_mount(overlay: str) -> None:
    resources = built(overlay)
    configs = {r["metadata"]["name"]: r for r in resources if r["kind"] == "ConfigMap"}
    jobs = [r for r in resources if r["kind"] == "Job"]
    assert jobs
    for job in jobs:
        pod = job["spec"]["template"]["spec"]
        mounted = {v["configMap"]["name"] for v in pod.get("volumes", []) if "configMap" in v}
        for container in pod["containers"]:
            sources = container.get("envFrom", [])
            mounted |= {s["configMapRef"]["name"] for s in sources if "configMapRef" in s}
        for name in mounted & configs.keys():
            labels = configs[name]["metadata"].get("labels", {})
            assert labels.get("payesh.ir/role") == "job", f"{job['metadata']['name']}: {name}"


# No peer to name: these pods ask the Kubernetes API, whose address no manifest knows.
OPEN = {("postgres", "egress"), ("kafka", "egress")}
PRIVATE = {
    "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.168.0.0/16",
}  # fmt: skip


@pytest.mark.parametrize("overlay", (*OVERLAYS, *WITH_COMPONENTS))
def test_every_flow_that_is_let_through_names_its_peers_and_ports(overlay: str) -> None:
    for name, policy in by_name(overlay, "NetworkPolicy").items():
        for way, peers in (("ingress", "from"), ("egress", "to")):
            for rule in policy["spec"].get(way, ()):
                assert rule.get("ports"), f"{name}: any port"
                if not rule.get(peers):
                    assert (name, way) in OPEN, f"{name}: any peer"
                    assert {each["port"] for each in rule["ports"]} <= {443, 6443}, name
                for peer in rule.get(peers, ()):
                    selects_something = any(
                        each.get("matchLabels") for each in peer.values() if isinstance(each, dict)
                    )
                    block = peer.get("ipBlock", {}).get("cidr", "")
                    private = block.startswith(("10.", "172.16.", "192.168."))
                    assert selects_something or private or leads_outside(peer, rule), name


def leads_outside(peer: dict[str, Any], rule: dict[str, Any]) -> bool:
    """Whether it is the Internet alone, by HTTPS alone."""
    block = peer.get("ipBlock", {})
    ports = {each["port"] for each in rule["ports"]}
    return block.get("cidr") == "0.0.0.0/0" and set(block["except"]) == PRIVATE and ports == {443}


def test_pods_of_the_mesh_serve_plain_http_to_the_mesh_alone() -> None:
    described = manifests.containers("province+mesh")
    for resource, template in pods("province+mesh"):
        if resource["metadata"]["labels"].get("payesh.ir/role") != "process":
            assert "annotations" not in template["metadata"], resource["metadata"]["name"]
            continue
        annotations = template["metadata"]["annotations"]
        assert annotations["linkerd.io/inject"] == "enabled"
        assert annotations["config.linkerd.io/default-inbound-policy"] == "cluster-authenticated"
        assert "8000" not in annotations["config.linkerd.io/skip-inbound-ports"].split(",")
        container = described[resource["metadata"]["name"]]
        assert container.environment["PAYESH_HTTP_ENCRYPTED_BY_MESH"] == "true"
        assert not [path for path in container.files if path.startswith("/etc/payesh/http/")]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert template["spec"]["containers"][0][probe]["httpGet"]["scheme"] == "HTTP"
