"""Settings of access; each is read from `PAYESH_<NAME>` or a secret file of that name."""

from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from pydantic import Field, FilePath, SecretStr

from payesh.access.domain.throttle import Throttle
from payesh.kit.settings import (
    AuditSettings,
    BusSettings,
    DatabaseSettings,
    HttpSettings,
    ObjectSettings,
    ProxySettings,
    TelemetrySettings,
    TokenSettings,
)

LONGEST_TOKEN_LIFETIME_S = 3600


class Settings(
    HttpSettings,
    BusSettings,
    DatabaseSettings,
    ObjectSettings,
    TokenSettings,
    ProxySettings,
    AuditSettings,
    TelemetrySettings,
):
    service: ClassVar[str] = "access"

    key_encryption_key: SecretStr = Field(
        description="Fernet key (32 bytes, URL-safe Base64) under which private signing keys are "
        "stored. If it is lost, every signing key is lost with it, and keys must be rotated.",
    )
    token_lifetime_s: int = Field(
        600,
        ge=30,
        le=LONGEST_TOKEN_LIFETIME_S,
        description="Seconds an access token is valid. Services refuse a revoked one within "
        "seconds; others that verify tokens by the published keys alone accept it for as long.",
    )
    code_lifetime_s: int = Field(
        60, ge=5, le=600, description="Seconds in which an authorization code must be redeemed."
    )
    key_activation_delay_s: int = Field(
        60,
        ge=0,
        le=86_400,
        description="Seconds a new signing key is published before it signs; when shorter than "
        "verifiers cache keys, the first tokens that it signs are refused.",
    )
    sign_in_lifetime_s: int = Field(
        8 * 3600,
        ge=60,
        le=86_400,
        description="Seconds after which a person must give the password again.",
    )
    sign_in_failures_per_account: int = Field(
        5,
        ge=1,
        le=1000,
        description="Failed sign-ins of one account from one address, or in a browser that the "
        "person signed in with before, after which the next must wait 15 s; each further one "
        "doubles the pause, up to the window.",
    )
    sign_in_failures_per_account_everywhere: int = Field(
        200,
        ge=1,
        le=100_000,
        description="Failed sign-ins of one account from all addresses after which browsers that "
        "are not known must wait. Lower, and many addresses keep a person out of a new browser "
        "sooner; higher, and they may guess more.",
    )
    sign_in_failures_per_address: int = Field(
        50,
        ge=1,
        le=100_000,
        description="Failed sign-ins from one network address (of IPv6 its /64) after which "
        "browsers there that are not known must wait; an office behind one address shares this "
        "number.",
    )
    sign_in_window_s: int = Field(
        900, ge=1, le=86_400, description="Seconds in which failed sign-ins are counted."
    )
    breached_passwords_file: FilePath | None = Field(
        None,
        description="File of SHA-1 hashes of breached passwords in ascending order, a line each "
        "(HASH:COUNT), which no new password may be among. Without it the 30,000 most frequent "
        "ones are refused.",
    )
    password_hash_memory_kib: int = Field(
        64 * 1024,
        ge=8 * 1024,
        le=1024 * 1024,
        description="KiB of memory that Argon2id takes for one password, two at a time; more makes "
        "passwords of a stolen table harder to guess.",
    )
    pages_clients_file: Path | None = Field(
        None,
        description="JSON list of clients made or updated at start: client_id, name, secret_file, "
        "redirect_uris; and grants (authorization_code when absent), scopes (all), counties and "
        "road_classes (everywhere), cameras whose device it is (none). What it declares replaces "
        "what was changed since.",
    )

    counties: str = Field(
        "aradan damghan garmsar mehdishahr meyami semnan shahrud sorkheh",
        max_length=20_000,
        description="Ids of the installation's counties, separated by spaces: people and clients "
        "are given no other.",
    )

    audit_head_interval_s: float = Field(
        3.0,
        ge=0.2,
        le=5.0,
        description="Seconds between signed tree heads of the audit log while it grows. What came "
        "after the last head could be removed without a trace outside.",
    )
    audit_bucket: str = Field(
        "audit-heads",
        description="Bucket with object lock that tree heads are put into, out of reach of who "
        "administers the database.",
    )
    audit_retention_days: int = Field(
        3650,
        ge=1,
        le=36_500,
        description="Days in which nobody can remove a tree head from that bucket (COMPLIANCE).",
    )
    audit_witnesses_file: Path | None = Field(
        None,
        description="JSON list of witnesses that keep tree heads too: name, url and, where they "
        "ask for one, token_file. A network policy must let them be reached.",
    )

    @property
    def known_counties(self) -> frozenset[str]:
        return frozenset(self.counties.split())

    @property
    def audit_retention(self) -> timedelta:
        return timedelta(days=self.audit_retention_days)

    @property
    def token_lifetime(self) -> timedelta:
        return timedelta(seconds=self.token_lifetime_s)

    @property
    def throttle(self) -> Throttle:
        return Throttle(
            free=self.sign_in_failures_per_account,
            per_account=self.sign_in_failures_per_account_everywhere,
            per_address=self.sign_in_failures_per_address,
            window=timedelta(seconds=self.sign_in_window_s),
        )
