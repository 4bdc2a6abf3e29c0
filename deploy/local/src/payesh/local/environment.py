"""Environment variables of each service on this machine, as the manifests set them."""

from pathlib import Path

from payesh.local.engines.ports import LOOPBACK
from payesh.local.engines.secret_file import SecretFile
from payesh.local.engines.sets import Addresses
from payesh.local.service_process import ServiceProcess

SETTLE_S = 2.0
"""How long an average speed waits here for other sightings before it is judged."""

_WITH_DATABASE = frozenset({"ingest", "detect", "plates", "tickets", "access"})
_WITH_OBJECTS = frozenset({"ingest", "detect", "plates", "tickets", "access"})
PAGES_CLIENTS = {"tickets": "tickets-pages", "detect": "detect-pages"}
"""Of each service that has pages, the client under which they sign in."""
OPERATOR_CLIENT = "local-operator"
SERVICES_CLIENT = "services"


def service_environment(
    process: ServiceProcess,
    addresses: Addresses,
    secrets: SecretFile,
    data_dir: Path,
    access_url: str,
) -> dict[str, str]:
    """Settings of one process as environment variables (see each service's settings.py)."""
    service = process.service
    observes = service == "detect" and process.command == "observe"
    environment = {
        "PAYESH_HTTP_HOST": LOOPBACK,
        "PAYESH_HTTP_PORT": str(process.http_port),
        "PAYESH_METRICS_PORT": str(process.metrics_port),
        "PAYESH_PUBLIC_URL": process.url,
        "PAYESH_KAFKA_BOOTSTRAP": addresses["kafka_bootstrap"],
        "PAYESH_KAFKA_IDEMPOTENCE": str(addresses["kafka_idempotence"]).lower(),
        # Tansu waits half a session before a group is formed; Kafka wants at least 6 s.
        "PAYESH_KAFKA_SESSION_TIMEOUT_MS": "6000" if addresses["kafka_idempotence"] else "3000",
        "PAYESH_LOG_LEVEL": "INFO",
        "PAYESH_TRACE_FILE": str(process.data_dir / "trace.jsonl"),
        "PYTHONUNBUFFERED": "1",
        # One box: each service keeps to its share of two cores.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "ORT_DISABLE_TELEMETRY": "1",
    }
    if not observes:
        environment["PAYESH_TOKEN_ISSUER"] = access_url
        environment["PAYESH_JWKS_URL"] = f"{access_url}/.well-known/jwks.json"
        environment["PAYESH_QUERY_DIGEST_KEY"] = secrets.get("query-digests", bytes_count=32)
        if service != "access":
            environment["PAYESH_SERVICE_CLIENT_ID"] = SERVICES_CLIENT
            environment["PAYESH_SERVICE_CLIENT_SECRET"] = secrets.get(
                SERVICES_CLIENT, bytes_count=32
            )
    if service in _WITH_DATABASE and not observes:
        environment["PAYESH_DATABASE_URL"] = addresses["database_urls"][service]
    if service in _WITH_OBJECTS:
        access_key, secret_key = addresses["s3_keys"][service]
        environment |= {
            "PAYESH_S3_ENDPOINT": addresses["s3_endpoint"],
            "PAYESH_S3_SECURE": str(addresses["s3_secure"]).lower(),
            "PAYESH_S3_ACCESS_KEY": access_key,
            "PAYESH_S3_SECRET_KEY": secret_key,
        }
    if service in PAGES_CLIENTS and not observes:
        client = PAGES_CLIENTS[service]
        environment |= {
            "PAYESH_PAGES_CLIENT_ID": client,
            "PAYESH_PAGES_CLIENT_SECRET": secrets.get(client, bytes_count=32),
            "PAYESH_ACCESS_URL": access_url,
            "PAYESH_ACCESS_INTERNAL_URL": access_url,
        }
    return environment | _own(process, secrets, data_dir)


def evidence_keys_file(data_dir: Path) -> Path:
    """Where tickets' evidence keys lie; the stack makes them at its first start."""
    return data_dir / "evidence-keys.json"


def _own(process: ServiceProcess, secrets: SecretFile, data_dir: Path) -> dict[str, str]:
    if process.service == "ingest":
        return {
            "PAYESH_SPOOL_DIR": str(process.data_dir / "spool"),
            "PAYESH_SOURCE_KEY": secrets.get_fernet("source"),
            # The synthetic camera is on this machine, others are in its private networks.
            "PAYESH_SOURCE_NETWORKS": (
                "127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16"
            ),
        }
    keys = evidence_keys_file(data_dir)
    if process.service == "tickets":
        own = {
            "PAYESH_WEBHOOK_KEY": secrets.get("webhooks", bytes_count=32),
            "PAYESH_WEBHOOK_NETWORKS": "127.0.0.0/8",  # a developer's receiver on this machine
        }
        if keys.exists():
            own["PAYESH_EVIDENCE_KEYS"] = keys.read_text("utf-8")
        return own
    if process.service == "plates":
        # Nobody waits five minutes for a demo's kilometre to settle.
        return {"PAYESH_STRETCH_SETTLE_S": str(SETTLE_S)}
    if process.service == "access":
        return {
            "PAYESH_KEY_ENCRYPTION_KEY": secrets.get_fernet("keys"),
            "PAYESH_PAGES_CLIENTS_FILE": str(data_dir / "clients.json"),
        }
    return {}
