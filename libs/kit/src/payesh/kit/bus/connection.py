"""Addresses and credentials of every client of the bus."""

from typing import Any

from payesh.kit.certificates import TrustedAuthority
from payesh.kit.settings import BusSettings


def connection(settings: BusSettings) -> dict[str, Any]:
    """Arguments of any aiokafka client: TLS with a CA file, SCRAM with a user name."""
    sign_in = "SASL_" if settings.kafka_username else ""
    arguments: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap,
        "security_protocol": sign_in + ("SSL" if settings.kafka_ca_file else "PLAINTEXT"),
    }
    if settings.kafka_ca_file:
        arguments["ssl_context"] = TrustedAuthority(settings.kafka_ca_file)
    if settings.kafka_username:
        arguments |= {
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": settings.kafka_username,
            "sasl_plain_password": settings.kafka_password.get_secret_value(),
        }
    return arguments
