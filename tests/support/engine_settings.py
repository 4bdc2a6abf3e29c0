"""Settings of a service for the running engines."""

from typing import Any

from pydantic import SecretStr

from payesh.kit.objects import MinioObjects
from payesh.kit.settings import ObjectSettings
from payesh.local.engines import EngineSet

QUERY_KEY = SecretStr("of-tests-" * 4)
"""Key of the digests of what was searched; every service of an installation has the same."""


def bus_settings(engines: EngineSet) -> dict[str, Any]:
    """Short session timeouts: a group's first assignment waits for half of one."""
    addresses = engines.addresses()
    return {
        "kafka_bootstrap": addresses["kafka_bootstrap"],
        "kafka_idempotence": addresses["kafka_idempotence"],
        "kafka_session_timeout_ms": 6000 if addresses["kafka_idempotence"] else 2000,
        "kafka_publish_timeout_ms": 5000,
    }


def object_settings(engines: EngineSet, identity: str) -> dict[str, Any]:
    """With the rights that `identity` has in production; "admin" has all."""
    addresses = engines.addresses()
    access_key, secret_key = engines.objects.credentials_for(identity)
    return {
        "s3_endpoint": addresses["s3_endpoint"],
        "s3_secure": addresses["s3_secure"],
        "s3_access_key": access_key,
        "s3_secret_key": secret_key,
    }


def store_of(engines: EngineSet, identity: str = "admin") -> MinioObjects:
    return MinioObjects(ObjectSettings(**object_settings(engines, identity)))
