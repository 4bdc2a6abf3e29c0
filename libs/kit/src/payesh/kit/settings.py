"""Settings from the environment (`PAYESH_*`) and from secret files.

A file named like its variable in the folder of `PAYESH_SECRETS_DIR` sets the same setting; the
environment takes precedence. A `PAYESH_*` variable that no setting of the service reads is an
error: a misspelt name must not become a silent default.
"""

import os
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, FilePath, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from payesh.contracts.audiences import audience_of
from payesh.kit.errors import SettingsError

PREFIX = "PAYESH_"
SECRETS_DIR = "PAYESH_SECRETS_DIR"
_TEST_PREFIX = "PAYESH_TEST_"  # for the test suite, in whose environment services run too

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}

Port = Annotated[int, Field(ge=0, le=65535)]


class KitSettings(BaseSettings):
    """Base of all settings. A service names itself: `service: ClassVar[str] = "ingest"`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    service: ClassVar[str] = "unnamed"
    refuse_unknown: ClassVar[bool] = True

    def __init__(self, **values: Any) -> None:
        if self.refuse_unknown:
            self._refuse_unknown_variables()
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingsError(_explain(error)) from None

    @classmethod
    def _refuse_unknown_variables(cls) -> None:
        known = {PREFIX + name.upper() for name in cls.model_fields} | {SECRETS_DIR}
        unknown = sorted(
            name
            for name in os.environ
            if name.upper().startswith(PREFIX)
            and not name.upper().startswith(_TEST_PREFIX)
            and name.upper() not in known
        )
        if unknown:
            raise SettingsError(
                f"{', '.join(unknown)}: no such setting of {cls.service}; "
                f"its settings are {', '.join(sorted(known))}"
            )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        folder = os.environ.get(SECRETS_DIR)
        if not folder:
            return init_settings, env_settings
        if not Path(folder).is_dir():
            raise SettingsError(f"{SECRETS_DIR}: {folder} is not a folder")
        return init_settings, env_settings, SecretsSettingsSource(settings_cls, folder)


def _explain(error: ValidationError) -> str:
    return "; ".join(
        f"{PREFIX}{'_'.join(str(part) for part in each['loc']).upper()}: {each['msg']}"
        for each in error.errors(include_input=False, include_url=False)
    )


class HttpSettings(KitSettings):
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

    @field_validator("public_url")
    @classmethod
    def _over_tls(cls, value: str) -> str:
        url = urlsplit(value)
        if value and url.scheme != "https" and url.hostname not in _LOOPBACK:
            raise ValueError("https:// is needed, or http:// on loopback")
        return value


class BusSettings(KitSettings):
    kafka_bootstrap: str = Field(description="host:port of brokers, separated by commas.")
    kafka_ca_file: FilePath | None = Field(
        None,
        description="PEM file of the authority that signed the brokers' certificates. Set, the "
        "connection is TLS; unset, it is not encrypted.",
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


class DatabaseSettings(KitSettings):
    database_url: SecretStr = Field(
        description="postgresql+asyncpg://role:password@host:port/database of this service alone."
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


class ObjectSettings(KitSettings):
    s3_endpoint: str = Field(description="host:port of the object store.")
    s3_secure: bool = Field(True, description="TLS to the object store; off on loopback only.")
    s3_region: str = Field("us-east-1", description="Region that signatures name.")
    s3_access_key: str = Field(description="Access key of this service's own identity.")
    s3_secret_key: SecretStr = Field(description="Its secret key.")
    s3_threads: int = Field(
        8, ge=1, le=64, description="Transfers at a time; more wait their turn."
    )


class TokenSettings(KitSettings):
    token_issuer: str = Field(description="`iss` that tokens must carry: access's public URL.")
    jwks_url: str = Field(description="Where access publishes its keys (JWKS).")
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


class PagesSettings(KitSettings):
    pages_client_id: str = Field(description="Client under which this service's pages sign in.")
    pages_client_secret: SecretStr = Field(description="That client's secret.")
    access_url: str = Field(description="URL under which browsers reach access.")
    access_internal_url: str = Field(
        "", description="URL under which this service reaches access; access_url when empty."
    )
