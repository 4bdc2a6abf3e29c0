"""Settings that several services have, each set with its unit, meaning and consequence."""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    Field,
    FilePath,
    SecretStr,
    field_validator,
    model_validator,
)

from payesh.contracts.audiences import audience_of
from payesh.kit.encrypted import hosts_of, is_loopback, require_encrypted, require_https
from payesh.kit.environment import KitSettings, Port


class MeshSettings(KitSettings):
    http_encrypted_by_mesh: bool = Field(
        False,
        description="A service mesh encrypts HTTP between pods and proves both ends (mTLS): the "
        "service then serves and asks in plain HTTP, which leaves its pod through the mesh alone.",
    )


class HttpSettings(MeshSettings):
    http_host: str = Field(
        "127.0.0.1", description="Address to listen on; 0.0.0.0 in a container, else loopback."
    )
    http_port: Port = Field(description="TCP port of the HTTP API and the pages.")
    metrics_port: Port = Field(
        description="TCP port of Prometheus metrics; internal, it asks for no token. 0 draws one."
    )
    public_url: str = Field(
        "",
        description="URL under which browsers reach the service, no slash at the end; "
        "redirects of sign-in and the names of cookies rest on it. http:// is for loopback only.",
    )
    http_certificate_file: FilePath | None = Field(
        None,
        description="PEM file of the server's certificate, with those between it and the "
        "authority. Set, the HTTP port is TLS; required unless the address is loopback. A new file "
        "is taken over within seconds.",
    )
    http_key_file: FilePath | None = Field(None, description="PEM file of the certificate's key.")

    @model_validator(mode="after")
    def _serves_encrypted(self) -> Self:
        if (self.http_certificate_file is None) != (self.http_key_file is None):
            raise ValueError("PAYESH_HTTP_CERTIFICATE_FILE and PAYESH_HTTP_KEY_FILE go together")
        require_encrypted(
            [self.http_host or "?"],  # empty means every address
            encrypted=self.http_certificate_file is not None or self.http_encrypted_by_mesh,
            remedy="PAYESH_HTTP_HOST asks for PAYESH_HTTP_CERTIFICATE_FILE, or for a mesh",
        )
        return self

    @field_validator("public_url")
    @classmethod
    def _over_tls(cls, value: str) -> str:
        url = urlsplit(value)
        if value and url.scheme != "https" and not is_loopback(url.hostname):
            raise ValueError("https:// is needed, or http:// on loopback")
        return value


class ProxySettings(KitSettings):
    forwarded_hops: int = Field(
        0,
        ge=0,
        le=8,
        description="Proxies in front that each append their caller to X-Forwarded-For, whatever "
        "its lines; with 0 none is read, and the connection's own address counts. With too few, "
        "all people come from one address; with too many, a sender can choose one. `Forwarded` "
        "(RFC 7239) is never read.",
    )


class BusSettings(KitSettings):
    kafka_bootstrap: str = Field(description="host:port of brokers, separated by commas.")
    kafka_ca_file: FilePath | None = Field(
        None,
        description="PEM file of the authority that signed the brokers' certificates. Set, the "
        "connection is TLS; required unless the brokers are on loopback.",
    )
    kafka_username: str = Field(
        "", description="Name to sign in with (SCRAM-SHA-512); empty where brokers require none."
    )
    kafka_password: SecretStr = Field(SecretStr(""), description="Its password.")
    kafka_idempotence: bool = Field(
        True, description="Idempotent producer. On for Apache Kafka; Tansu cannot, so off there."
    )
    kafka_session_timeout_ms: int = Field(
        10_000,
        ge=1_000,
        le=300_000,
        description="Milliseconds after which a dead consumer's partitions move. Shorter moves "
        "sooner, but a stalled process loses its partitions; Tansu joins in half of it.",
    )
    kafka_client_id: str = Field(
        "payesh", description="Prefix of the name under which brokers log this client."
    )
    kafka_compression: Literal["none", "gzip"] = Field(
        "none", description="Compression of produced batches: gzip spends CPU to save disk."
    )
    kafka_publish_timeout_ms: int = Field(
        10_000,
        ge=500,
        description="Milliseconds until an unacknowledged publish counts as the bus being away.",
    )

    @model_validator(mode="after")
    def _bus_is_encrypted(self) -> Self:
        require_encrypted(
            [each.strip().rsplit(":", 1)[0] or "?" for each in self.kafka_bootstrap.split(",")],
            encrypted=self.kafka_ca_file is not None,
            remedy="PAYESH_KAFKA_BOOTSTRAP asks for PAYESH_KAFKA_CA_FILE",
        )
        return self


class DatabaseSettings(KitSettings):
    database_url: SecretStr = Field(
        description="postgresql+asyncpg://role:password@host:port/database of this service alone."
    )
    database_ca_file: FilePath | None = Field(
        None,
        description="PEM file of the authority that signed the database's certificate. Set, the "
        "connection is TLS and the server is held to its name (verify-full); required unless the "
        "database is on loopback.",
    )
    database_pool_size: int = Field(
        8, ge=1, le=100, description="Connections kept open; as many again at peaks."
    )
    inbox_keep_hours: int = Field(
        24 * 8,
        ge=1,
        description="Hours an event's id is remembered to drop duplicates; "
        "must exceed the retention of the topics read.",
    )

    @model_validator(mode="after")
    def _database_is_encrypted(self) -> Self:
        require_encrypted(
            hosts_of(self.database_url.get_secret_value()),
            encrypted=self.database_ca_file is not None,
            remedy="PAYESH_DATABASE_URL asks for PAYESH_DATABASE_CA_FILE",
        )
        return self


class ObjectSettings(KitSettings):
    s3_endpoint: str = Field(description="host:port of the object store.")
    s3_secure: bool = Field(True, description="TLS to the object store; off on loopback only.")
    s3_ca_file: FilePath | None = Field(
        None,
        description="PEM file of the authority that signed the object store's certificate; the "
        "system's authorities when unset.",
    )
    s3_region: str = Field("us-east-1", description="Region that signatures name.")
    s3_access_key: str = Field(description="Access key of this service's own identity.")
    s3_secret_key: SecretStr = Field(description="Its secret key.")
    s3_threads: int = Field(
        8, ge=1, le=64, description="Transfers at a time; more wait their turn."
    )

    @model_validator(mode="after")
    def _store_is_encrypted(self) -> Self:
        require_encrypted(
            hosts_of(f"//{self.s3_endpoint}"),
            encrypted=self.s3_secure,
            remedy="PAYESH_S3_ENDPOINT asks for PAYESH_S3_SECURE",
        )
        return self


class TokenSettings(MeshSettings):
    token_issuer: str = Field(description="`iss` that tokens must carry: access's public URL.")
    jwks_url: str = Field(
        description="Where access publishes its keys (JWKS): https:// unless on loopback."
    )
    access_ca_file: FilePath | None = Field(
        None,
        description="PEM file of the authority that signed access's certificate, for its keys and "
        "the exchange of codes; the system's authorities when unset.",
    )
    requests_per_minute: int = Field(
        6000,
        ge=1,
        le=1_000_000,
        description="Requests that one person or client may make a minute of one replica; more are "
        "answered with 429.",
    )
    refusals_per_minute: int = Field(
        60,
        ge=1,
        le=100_000,
        description="Refusals (403) of one person or client that are recorded a minute; until they "
        "come back, everything that it asks for is answered with 429.",
    )
    revocation_patience_s: float = Field(
        60.0,
        ge=5,
        le=3600,
        description="Seconds for which requests are still answered by the last known revocations "
        "when neither the bus nor access gives new ones; then all scopes but "
        "revocation_open_scopes are refused (503).",
    )
    revocation_open_scopes: str = Field(
        "snapshots:write recordings:write health:read traffic:read law:read",
        description="Scopes, separated by spaces, that stay usable however long revocations are "
        "not known: a camera's uploads go on. None of them may read personal data.",
    )

    @property
    def token_audience(self) -> str:
        """`aud` that tokens must carry: this service's own."""
        return audience_of(self.service)

    @model_validator(mode="after")
    def _keys_are_fetched_encrypted(self) -> Self:
        require_https(
            self.jwks_url,
            otherwise_encrypted=self.http_encrypted_by_mesh,
            remedy="PAYESH_JWKS_URL asks for https://",
        )
        return self


class PeerSettings(TokenSettings):
    """Of a service that verifies the tokens of access and asks it for revocations."""

    service_client_id: str = Field(
        "",
        description="Client under which this service asks access for revocations; it holds "
        "revocations:read. Empty, revocations come over the bus alone.",
    )
    service_client_secret: SecretStr = Field(SecretStr(""), description="That client's secret.")
    revocations_url: str = Field(
        "", description="Where access lists revocations; beside jwks_url when empty."
    )
    revocation_poll_s: float = Field(
        3.0,
        gt=0,
        le=4,
        description="Seconds between two questions to access; together with an answer's time at "
        "most five, in which a revocation bites while the bus is away.",
    )

    @model_validator(mode="after")
    def _revocations_are_asked_for_encrypted(self) -> Self:
        require_https(
            self.revocations_url or self.jwks_url,
            otherwise_encrypted=self.http_encrypted_by_mesh,
            remedy="PAYESH_REVOCATIONS_URL asks for https://",
        )
        return self


class AuditSettings(KitSettings):
    query_digest_key: Annotated[SecretStr, Field(min_length=32)] = Field(
        description="Key, of 32 characters or more, under which audit records carry digests of "
        "what was searched. The same in every service, or searches of one plate cannot be found "
        "together; with another key those recorded before are found no more."
    )


class TelemetrySettings(KitSettings):
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe log written to stderr."
    )
    trace_file: Path | None = Field(
        None, description="File to append finished spans to, a JSON line each; none when unset."
    )
    otlp_endpoint: str | None = Field(
        None,
        description="OTLP/HTTP collector that finished spans are sent to, with its path: "
        "`http://collector:4318/v1/traces`. A network policy must let them out. None when unset.",
    )


class PagesSettings(MeshSettings):
    pages_client_id: str = Field(description="Client under which this service's pages sign in.")
    pages_client_secret: SecretStr = Field(description="That client's secret.")
    access_url: str = Field(description="URL under which browsers reach access.")
    access_internal_url: str = Field(
        "", description="URL under which this service reaches access; access_url when empty."
    )

    @model_validator(mode="after")
    def _codes_are_exchanged_encrypted(self) -> Self:
        require_https(
            self.access_internal_url or self.access_url,
            otherwise_encrypted=self.http_encrypted_by_mesh,
            remedy="PAYESH_ACCESS_INTERNAL_URL asks for https://",
        )
        return self
