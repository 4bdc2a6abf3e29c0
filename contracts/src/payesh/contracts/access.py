"""Events of `access`, and the audit record that every service publishes."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from payesh.contracts.event import Event, deterministic_id
from payesh.contracts.values import Identifier, RoadClass, UtcTime, Uuid, Value


class KeyRotated(Event):
    """A signing key was published; from `activated_at` it signs. Verifiers fetch the JWKS again."""

    topic: ClassVar[str] = "access.key.rotated.v1"

    key_id: Annotated[str, Field(min_length=8, max_length=128)]
    algorithm: Annotated[str, Field(pattern=r"^(EdDSA|ES256)$")]
    activated_at: UtcTime
    retired_key_id: Annotated[str, Field(min_length=8, max_length=128)] | None

    def key(self) -> str:
        return self.key_id

    def event_id(self) -> UUID:
        return deterministic_id(self.topic, self.key_id)


class TokensRevoked(Event):
    """What was issued before this to a holder, in a sign-in or under a key is no longer accepted.

    `revoked` is a kind of `revocation_kinds.json`, a colon, and the name as tokens have it.
    `number` grows with every revocation, whatever its kind: a token whose claim `rev` is not lower
    was issued after it; one without that claim was issued after it when its `iat` is later than
    `revoked_at`. After `expires_at` no token from before is valid any more, and the revocation may
    be forgotten. An unknown kind revokes all that was issued before.
    """

    topic: ClassVar[str] = "access.tokens.revoked.v1"

    revoked: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}:.{1,128}$")]
    number: Annotated[int, Field(ge=1)]
    revoked_at: UtcTime
    expires_at: UtcTime

    def key(self) -> str:
        return self.revoked

    def event_id(self) -> UUID:
        return deterministic_id(self.topic, self.revoked, self.number)


class AuditOutcome(StrEnum):
    GRANTED = "granted"
    DENIED = "denied"


QueryDigest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class AuditGrant(Value):
    """What the reader held at that moment; null bounds mean all of them."""

    scopes: tuple[Annotated[str, Field(min_length=1, max_length=64)], ...] = Field(max_length=64)
    counties: tuple[Identifier, ...] | None = Field(max_length=64)
    road_classes: tuple[RoadClass, ...] | None = Field(max_length=16)


class AuditReadRecorded(Event):
    """Personal data was read, or a reading was denied.

    `sequence` is gapless in a service and epoch; an epoch begins when a service's numbering is
    known to start again (a restored database). `query_digest` is a keyed digest of the normalised
    query (plate, area, time), so that searches for one thing can be found without naming it;
    `query_terms` are those of each of its conditions alone, in the order of the digests, and
    `query_key_id` names the key.
    """

    topic: ClassVar[str] = "audit.read.recorded.v1"

    record_id: Uuid
    service: Identifier
    sequence: Annotated[int, Field(ge=1)]
    recorded_at: UtcTime
    subject: Annotated[str, Field(min_length=1, max_length=128)]
    actor: Annotated[str, Field(min_length=1, max_length=128)]
    agency: Annotated[str, Field(min_length=1, max_length=64)]
    scope: Annotated[str, Field(min_length=1, max_length=64)]
    purpose: Annotated[str, Field(min_length=1, max_length=500)] | None
    grant_id: Annotated[str, Field(min_length=1, max_length=128)] | None
    action: Annotated[str, Field(min_length=1, max_length=64)]
    resource_kind: Annotated[str, Field(min_length=1, max_length=64)]
    resource_ids: tuple[Annotated[str, Field(min_length=1, max_length=128)], ...] = Field(
        max_length=500
    )
    outcome: AuditOutcome
    trace_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None
    epoch: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None
    query_digest: QueryDigest | None = None
    grant: AuditGrant | None = None
    query_terms: tuple[QueryDigest, ...] = Field((), max_length=16)
    query_key_id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] | None = None

    def key(self) -> str:
        return self.service

    def event_id(self) -> UUID:
        if self.epoch is None:
            return deterministic_id(self.topic, self.service, self.sequence)
        return deterministic_id(self.topic, self.service, self.epoch, self.sequence)


class IngestReadRecorded(AuditReadRecorded):
    """A record that ingest vouches for: it alone may write to this topic."""

    topic: ClassVar[str] = "audit.ingest.recorded.v1"

    service: Literal["ingest"]


class DetectReadRecorded(AuditReadRecorded):
    """A record that detect vouches for."""

    topic: ClassVar[str] = "audit.detect.recorded.v1"

    service: Literal["detect"]


class PlatesReadRecorded(AuditReadRecorded):
    """A record that plates vouches for."""

    topic: ClassVar[str] = "audit.plates.recorded.v1"

    service: Literal["plates"]


class TicketsReadRecorded(AuditReadRecorded):
    """A record that tickets vouches for."""

    topic: ClassVar[str] = "audit.tickets.recorded.v1"

    service: Literal["tickets"]


class AccessReadRecorded(AuditReadRecorded):
    """A record that access vouches for."""

    topic: ClassVar[str] = "audit.access.recorded.v1"

    service: Literal["access"]


AUDIT_RECORDS: Mapping[str, type[AuditReadRecorded]] = MappingProxyType(
    {
        "ingest": IngestReadRecorded,
        "detect": DetectReadRecorded,
        "plates": PlatesReadRecorded,
        "tickets": TicketsReadRecorded,
        "access": AccessReadRecorded,
    }
)
"""Service to the event in which it records a read. `AuditReadRecorded` itself is their common
shape; on its own topic no service vouches for a record, and none is taken into the log."""
