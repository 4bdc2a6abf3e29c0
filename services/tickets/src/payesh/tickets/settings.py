"""Settings of tickets; each description has its unit and what it changes."""

from pathlib import Path
from typing import ClassVar, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from payesh.kit.encrypted import is_loopback, require_https
from payesh.kit.settings import (
    AuditSettings,
    BusSettings,
    DatabaseSettings,
    HttpSettings,
    ObjectSettings,
    PagesSettings,
    PeerSettings,
    ProxySettings,
    TelemetrySettings,
)
from payesh.kit.webhooks.settings import WebhookSettings
from payesh.tickets.adapters.time_stamp_settings import TimeStampSettings
from payesh.tickets.domain.holds import SecondReaderRule

_LEAST_SECRET = 32


class Settings(
    HttpSettings,
    BusSettings,
    DatabaseSettings,
    ObjectSettings,
    PeerSettings,
    AuditSettings,
    PagesSettings,
    ProxySettings,
    WebhookSettings,
    TimeStampSettings,
    TelemetrySettings,
):
    service: ClassVar[str] = "tickets"

    law_table: Path | None = Field(
        default=None,
        description="JSON file of the law table. Unset uses the shipped fixture of 1399, "
        "which pages mark as a sample to be verified.",
    )
    read_deadline_hours: float = Field(
        default=24.0,
        gt=0,
        le=60,
        description="Hours a violation waits for its plate read before it is rejected as "
        "unreadable; long enough for an outage of plates, well under the 72 h that a segment "
        "lives, or the evidence would be gone when the read comes.",
    )
    read_keep_minutes: float = Field(
        default=360.0,
        gt=0,
        le=72 * 60,
        description="Minutes a read is kept here that no violation has asked for; it is personal "
        "data of a driver who broke no rule. A violation that comes later (re-sent from the dead "
        "letters, or detect was down that long) finds no read and ends as unreadable. At 10 "
        "million passages a day six hours are 2.5 million rows, some 3 GB.",
    )
    minimum_read_confidence: float = Field(
        default=0.8,
        ge=0,
        le=1,
        description="Reads less sure than this are rejected as unreadable instead of being put "
        "before an officer.",
    )
    bundles_in_parallel: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Evidence bundles built at once. Each holds its clip in memory "
        "(maximum_clip_mib).",
    )
    bundle_timeout_s: float = Field(
        default=60.0,
        gt=1,
        le=600,
        description="Seconds one attempt at a bundle may take; another worker may take it over "
        "after twice as long.",
    )
    missing_part_tries: int = Field(
        default=3,
        ge=1,
        le=20,
        description="Attempts at a bundle whose part is not in the store before the citation is "
        "rejected as evidence_missing.",
    )
    maximum_clip_mib: int = Field(
        default=48,
        ge=1,
        le=512,
        description="Largest clip in MiB. Of longer violations the last fragments are kept, and "
        "the manifest records it.",
    )
    draft_retention_days: int = Field(
        default=180,
        ge=1,
        le=36500,
        description="Days for which the evidence of a draft cannot be deleted (COMPLIANCE lock).",
    )
    issued_retention_days: int = Field(
        default=730,
        ge=1,
        le=36500,
        description="Days, from issuing, for which the evidence of an issued citation cannot "
        "be deleted; not less than draft_retention_days, for a lock is never shortened.",
    )
    same_offence_seconds: float = Field(
        default=30.0,
        ge=0,
        le=3600,
        description="Seconds between two sightings of one plate and rule, at one place, that are "
        "one offence: the later drafted is linked to the first and no second draft. 0 links none.",
    )
    same_offence_metres: float = Field(
        default=30.0,
        ge=0,
        le=5000,
        description="Metres between cameras that count as one place for that; 0: each is its own.",
    )
    plate_classes: Path | None = Field(
        default=None,
        description="JSON file of plates that cannot be on a class of vehicles; such a draft is "
        "held. Unset uses the shipped one, which is to be verified.",
    )
    impossible_kmh: float = Field(
        default=250.0,
        ge=100,
        le=1000,
        description="Speed in km/h, along the straight line between two cameras, beyond which two "
        "sightings of one plate cannot be one vehicle: their drafts are held.",
    )
    cloned_plate_hours: float = Field(
        default=6.0,
        ge=0,
        le=72,
        description="Hours between two sightings that are compared for that; 0 compares none.",
    )
    second_reader: SecondReaderRule = Field(
        default=SecondReaderRule.WHEN_PRESENT,
        description="What a second reading of the plate means, which plates makes where it has "
        "payesh-plates[easyocr]. `when_present` holds a draft whose second reading is another; one "
        "without any goes on, and its case says so. `required` holds that one too. `off` holds "
        "neither; the evidence has the reading in any case.",
    )
    evidence_keys: SecretStr | None = Field(
        default=None,
        description="JSON array of evidence keys with their certificates, as `payesh-tickets "
        "make-evidence-key` writes it. Manifests and decisions are signed with the one in force; "
        "while none is, no bundle is finished and nothing is decided. Unset or `[]` signs nothing: "
        "`payesh-verify` then refuses the evidence, and `/readyz` shows it.",
    )
    claim_lease_minutes: float = Field(
        default=10.0,
        gt=0,
        le=120,
        description="Minutes an officer's claim holds; afterwards another may claim the draft.",
    )
    undo_seconds: float = Field(
        default=10.0,
        ge=0,
        le=600,
        description="Seconds for which an officer may undo a decision. Until then it has no number "
        "and is not published; 0 makes each decision final at once.",
    )
    close_after_hours: float = Field(
        default=72.0,
        ge=0,
        le=24 * 366,
        description="Hours after which a paid or cancelled citation is closed; until then a "
        "payment that the bank took back can be reversed.",
    )
    owner_register_url: str | None = Field(
        default=None,
        description="Address of the owner register. Unset, like PAYESH_MESSAGES_URL, notifies "
        "nobody by itself: an issued citation stays issued until a clerk records a notification.",
    )
    owner_register_secret: SecretStr = Field(
        default=SecretStr(""), description="Secret with which calls to it are signed."
    )
    messages_url: str | None = Field(
        default=None, description="Address of the carrier of short messages."
    )
    messages_secret: SecretStr = Field(
        default=SecretStr(""), description="Secret with which calls to it are signed."
    )
    payments_url: str | None = Field(
        default=None,
        description="Address of the payment gateway. Unset takes no payments over the network.",
    )
    payments_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Secret with which calls to the gateway, and its calls to us, are signed.",
    )
    owner_url: str | None = Field(
        default=None,
        pattern=r"^https?://[!-~]{1,200}$",
        description="Address of the page where an owner pays and objects, as notices print it and "
        "its code for telephones. Unset prints neither: a notice then names the office alone.",
    )
    owner_key: SecretStr | None = Field(
        default=None,
        description="Secret, at least 32 characters, that codes of owners are computed with. Set, "
        "this service has the owner's page under `/owner`: PAYESH_OWNER_URL is its address and "
        "ends in `/owner`; it needs PAYESH_OWNER_REGISTER_URL and PAYESH_MESSAGES_URL. A new "
        "secret ends codes that were sent.",
    )
    second_look_share: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="Share of final decisions, drawn at random, that another officer decides "
        "again without knowing the first decision; 0 draws none.",
    )
    wrongful_limit: float = Field(
        default=0.05,
        gt=0,
        le=1,
        description="Wrongful-citation rate of a camera, as a share, above which it is suspended: "
        "when the lower bound of its 95 % interval over second looks is above.",
    )
    least_looks: int = Field(
        default=20,
        ge=1,
        le=10_000,
        description="Second looks at a camera's issued citations before it can be suspended.",
    )
    opening_minutes: float = Field(
        default=10.0,
        gt=0,
        le=120,
        description="Minutes in which the range requests of one clip by one person count as one "
        "opening in the audit log.",
    )

    @model_validator(mode="after")
    def _counterparts_are_called_encrypted_and_signed(self) -> Self:
        for name in ("owner_register", "messages", "payments"):
            url: str | None = getattr(self, f"{name}_url")
            if url is None:
                continue
            variable = f"PAYESH_{name.upper()}"
            require_https(
                url,
                otherwise_encrypted=self.http_encrypted_by_mesh,
                remedy=f"{variable}_URL asks for https://",
            )
            if len(getattr(self, f"{name}_secret").get_secret_value()) < _LEAST_SECRET:
                raise ValueError(f"{variable}_SECRET has fewer than {_LEAST_SECRET} characters")
        return self

    @model_validator(mode="after")
    def _the_owners_page_is_whole(self) -> Self:
        if self.owner_key is None:
            return self
        if len(self.owner_key.get_secret_value()) < _LEAST_SECRET:
            raise ValueError(f"PAYESH_OWNER_KEY has fewer than {_LEAST_SECRET} characters")
        url = self.owner_url or ""
        if not url.endswith("/owner"):
            raise ValueError("PAYESH_OWNER_KEY asks for PAYESH_OWNER_URL, which ends in /owner")
        parts = urlsplit(url)
        if parts.scheme != "https" and not is_loopback(parts.hostname):
            raise ValueError("PAYESH_OWNER_URL: https:// is needed, or http:// on loopback")
        if self.owner_register_url is None or self.messages_url is None:
            raise ValueError(
                "PAYESH_OWNER_KEY asks for PAYESH_OWNER_REGISTER_URL and PAYESH_MESSAGES_URL"
            )
        return self

    @field_validator("issued_retention_days")
    @classmethod
    def _only_ever_longer(cls, days: int, others: ValidationInfo) -> int:
        if days < others.data.get("draft_retention_days", 0):
            raise ValueError("less than PAYESH_DRAFT_RETENTION_DAYS, but no lock is ever shortened")
        return days


def unconfigured() -> Settings:
    """Of an application that describes its API and never connects."""
    return Settings(
        http_port=0,
        metrics_port=0,
        public_url="http://localhost",
        kafka_bootstrap="localhost:0",
        database_url=SecretStr("postgresql+asyncpg://unused@localhost/none"),
        s3_endpoint="localhost:0",
        s3_access_key="unused",
        s3_secret_key=SecretStr("none"),
        token_issuer="http://localhost",  # noqa: S106 - an address
        jwks_url="http://localhost",
        query_digest_key=SecretStr("0" * 32),
        pages_client_id="unused",
        pages_client_secret=SecretStr("none"),
        access_url="http://localhost",
    )
