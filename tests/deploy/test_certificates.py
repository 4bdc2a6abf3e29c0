"""The scripts that draw certificates and users: what they draw, renew and refuse."""

import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.deploy import compose_file
from tests.deploy.bus_users import rights
from tests.deploy.container import PROCESSES, ROOT
from tests.deploy.manifests import K8S, by_name

COMPOSE = ROOT / "deploy/compose"
SERVERS = ("postgres", "minio", *PROCESSES)


def run(script: Path, *arguments: str, **named: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(script), *arguments], capture_output=True, text=True, **named)


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    done = run(COMPOSE / "make-secrets.sh", str(folder))
    assert done.returncode == 0, done.stderr
    return folder


def certificates(text: str) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(text.encode())


def signed_by(leaf: x509.Certificate, authority: x509.Certificate) -> bool:
    key = authority.public_key()
    assert isinstance(key, EllipticCurvePublicKey)
    assert leaf.signature_hash_algorithm is not None
    try:
        key.verify(leaf.signature, leaf.tbs_certificate_bytes, ECDSA(leaf.signature_hash_algorithm))
    except InvalidSignature:
        return False
    return True


def names(leaf: x509.Certificate) -> set[str]:
    found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(each.value) for each in found}


def test_each_server_gets_a_certificate_of_its_name_alone_and_its_key(drawn: Path) -> None:
    (authority,) = certificates((drawn / "authority_certificate").read_text())
    assert authority.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    for server in SERVERS:
        file = server.replace("-", "_")
        (leaf,) = certificates((drawn / f"{file}_certificate").read_text())
        key = load_pem_private_key((drawn / f"{file}_key").read_bytes(), None)
        assert names(leaf) == {server, "localhost", "127.0.0.1"}
        assert leaf.public_key() == key.public_key()
        assert signed_by(leaf, authority)
        assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert timedelta(days=700) < leaf.not_valid_after_utc - datetime.now(UTC)
    keystore = (drawn / "kafka_keystore").read_text()
    assert "PRIVATE KEY" in keystore and names(certificates(keystore)[0]) >= {"kafka"}


def test_the_authoritys_key_is_its_owners_and_no_container_has_it(drawn: Path) -> None:
    key = drawn / "authority/authority.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert (drawn / "authority").stat().st_mode & 0o777 == 0o700
    secret = key.read_text()
    for container in compose_file.containers().values():
        for content in container.files.values():
            assert secret not in content
    assert not [
        each for each in compose_file.document()["secrets"].values() if "authority/" in each["file"]
    ]


def test_renewals_keep_the_authority_and_the_files_that_are_mounted(drawn: Path) -> None:
    before = {path.name: path.read_text() for path in drawn.iterdir() if path.is_file()}
    mounted = {name: (drawn / name).stat().st_ino for name in before}
    assert run(COMPOSE / "make-certificates.sh", str(drawn)).returncode == 0
    after = {path.name: path.read_text() for path in drawn.iterdir() if path.is_file()}
    assert {name: (drawn / name).stat().st_ino for name in after} == mounted
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"kafka_keystore"} | {
        f"{each.replace('-', '_')}_{kind}" for each in SERVERS for kind in ("certificate", "key")
    }


def test_another_authority_is_drawn_only_beside_the_former_one(drawn: Path) -> None:
    (former,) = certificates((drawn / "authority_certificate").read_text())
    place = drawn / "authority"
    (place / "authority.key").rename(place / "away.key")
    refused = run(COMPOSE / "make-certificates.sh", str(drawn))
    assert refused.returncode == 1 and "bring it back" in refused.stderr
    (place / "away.key").rename(place / "former.key")
    (place / "authority.crt").rename(place / "former.crt")
    assert run(COMPOSE / "make-certificates.sh", str(drawn)).returncode == 0
    trusted = certificates((drawn / "authority_certificate").read_text())
    assert len(trusted) == 2 and former in trusted
    (leaf,) = certificates((drawn / "access_certificate").read_text())
    assert [signed_by(leaf, each) for each in trusted] == [True, False]


def test_kubernetes_gets_the_secrets_that_its_manifests_mount(tmp_path: Path) -> None:
    printed = [run(K8S / "make-certificates.sh", cwd=tmp_path) for _ in range(2)]
    assert [each.returncode for each in printed] == [0, 0], printed[0].stderr
    first, second = (list(yaml.safe_load_all(each.stdout)) for each in printed)
    expected = {f"{each}-certificate" for each in (*PROCESSES, "minio", "ingress")}
    assert {each["metadata"]["name"] for each in first} == expected
    assert (tmp_path / "authority/authority.key").stat().st_mode & 0o777 == 0o600
    (authority,) = certificates(first[0]["stringData"]["ca.crt"])
    for secret in (*first, *second):
        data, name = secret["stringData"], secret["metadata"]["name"]
        assert secret["type"] == "kubernetes.io/tls"
        (leaf,) = certificates(data["tls.crt"])
        assert certificates(data["ca.crt"]) == [authority] and signed_by(leaf, authority)
        if name.removesuffix("-certificate") in PROCESSES:
            own = name.removesuffix("-certificate")
            assert names(leaf) == {own, f"{own}.payesh.svc", "process.payesh.svc"}
    for ingress in ("one-box", "province"):
        annotations = by_name(ingress, "Ingress")["payesh"]["metadata"]["annotations"]
        prefix = "nginx.ingress.kubernetes.io/"
        assert annotations[f"{prefix}proxy-ssl-name"] == "process.payesh.svc"
        assert annotations[f"{prefix}proxy-ssl-verify"] == "on"
        assert annotations[f"{prefix}proxy-ssl-secret"].removeprefix("payesh/") in expected


def test_cert_manager_draws_what_the_script_draws() -> None:
    resources = by_name("one-box+cert-manager", "Certificate")
    drawn = {
        each["spec"]["secretName"]: set(each["spec"]["dnsNames"])
        for each in resources.values()
        if not each["spec"].get("isCA")
    }
    text = (K8S / "make-certificates.sh").read_text()
    for name in PROCESSES:
        assert drawn.pop(f"{name}-certificate") == {
            name,
            f"{name}.payesh.svc",
            "process.payesh.svc",
        }
    for secret, own in drawn.items():
        listed = re.search(
            rf"certificate {secret.removesuffix('-certificate')} [^\n]*\\?\n?[^\n]*", text
        )
        assert listed and own == set(re.findall(r"DNS:([\w.*-]+)", listed[0]))


def test_the_job_of_the_bus_gives_each_user_its_password_and_rights(
    drawn: Path, tmp_path: Path
) -> None:
    """Run with programs that write down what they are asked for."""
    programs, log = tmp_path / "bin", tmp_path / "asked"
    programs.mkdir()
    for name in ("kafka-configs.sh", "kafka-acls.sh"):
        program = programs / name
        program.write_text(
            f'#!/bin/sh\necho "$@" >> {log}\nfor each; do\n'
            f'case $each in /tmp/*.properties) cat "$each" >> {log}.passwords ;; esac\ndone\n'
        )
        program.chmod(0o755)
    script = COMPOSE / "create-bus-users.sh"
    done = run(
        Path("/bin/sh"), str(script),
        env={
            "PATH": "/usr/bin:/bin", "SECRETS": str(drawn), "KAFKA_BIN": str(programs),
            "PAYESH_KAFKA_BOOTSTRAP": "kafka:9092",
        },
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    asked = log.read_text()
    passwords = Path(f"{log}.passwords").read_text()
    for user, rules in rights().items():
        name = user.removesuffix("-bus").replace("-", "_")
        password = (drawn / f"{name}_bus_password").read_text()
        assert f"SCRAM-SHA-512=password={password}\n" in passwords
        assert password not in asked, "processes' arguments are read by anyone"
        granted = {
            (kind, resource, operation)
            for line in asked.splitlines()
            if f"--allow-principal User:{user} " in line
            for kind, resource in re.findall(r"--(topic|group) (\S+)", line)
            for operation in re.findall(r"--operation (\w+)", line)
        }
        assert granted == {
            (rule["resource"]["type"], rule["resource"]["name"], operation)
            for rule in rules
            for operation in rule["operations"]
        }
