"""The tables of access. Secrets are stored as hashes or encrypted, never in plain text."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    false,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from payesh.access.domain.entitlements import Entitlements
from payesh.kit.database import new_metadata


class Base(DeclarativeBase):
    metadata = new_metadata()
    type_annotation_map: ClassVar = {
        str: Text,
        datetime: DateTime(timezone=True),
        bytes: LargeBinary,
        bool: Boolean,
        int: Integer,
        list[str]: ARRAY(Text),
        dict[str, Any]: JSONB,
        UUID: Uuid,
    }


class Entitled:
    """Columns of a client or person that holds rights. NULL as a bound is no bound."""

    scopes: Mapped[list[str]]
    counties: Mapped[list[str] | None]
    road_classes: Mapped[list[str] | None]
    # Names this very set of rights in tokens and audit records: a change makes a new one.
    grant_id: Mapped[UUID]

    @property
    def entitlements(self) -> Entitlements:
        return Entitlements(
            frozenset(self.scopes),
            None if self.counties is None else frozenset(self.counties),
            None if self.road_classes is None else frozenset(self.road_classes),
        )

    def entitle(self, to: Entitlements, grant_id: UUID) -> None:
        self.scopes = sorted(to.scopes)
        self.counties = None if to.counties is None else sorted(to.counties)
        self.road_classes = None if to.road_classes is None else sorted(to.road_classes)
        self.grant_id = grant_id


class Agency(Base):
    __tablename__ = "agencies"

    agency_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    enabled: Mapped[bool]
    created_at: Mapped[datetime]


class Client(Entitled, Base):
    __tablename__ = "clients"

    client_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    agency_id: Mapped[str] = mapped_column(ForeignKey("agencies.agency_id"))
    secret_sha256: Mapped[bytes]
    grants: Mapped[list[str]]
    redirect_uris: Mapped[list[str]]
    # In the file of the deployment: it asks people for no consent.
    declared: Mapped[bool] = mapped_column(server_default="false", default=False)
    # Who registered it, or changed what people would consent to, and may not approve it.
    proposed_by: Mapped[str | None]
    approved_by: Mapped[str | None]
    enabled: Mapped[bool]
    created_at: Mapped[datetime]
    # The cameras that it sends stills and recordings of; NULL is every one within its bounds.
    cameras: Mapped[list[str] | None]


class Person(Entitled, Base):
    __tablename__ = "people"

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    agency_id: Mapped[str] = mapped_column(ForeignKey("agencies.agency_id"))
    password_hash: Mapped[str]
    # By another person: good for nothing but choosing one.
    password_given: Mapped[bool] = mapped_column(server_default=false())
    enabled: Mapped[bool]
    created_at: Mapped[datetime]


class Consent(Base):
    """What a person lets a client do that the deployment did not declare."""

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_client_id", "client_id"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.person_id"), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.client_id"), primary_key=True)
    scopes: Mapped[list[str]]
    given_at: Mapped[datetime]


class SignIn(Base):
    """A browser that gave the right password."""

    __tablename__ = "sign_ins"
    __table_args__ = (Index("ix_sign_ins_expires_at", "expires_at"),)

    sign_in_id: Mapped[UUID] = mapped_column(primary_key=True)
    secret_sha256: Mapped[bytes] = mapped_column(unique=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.person_id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class KnownBrowser(Base):
    """A browser in which a person has signed in before: others' failures do not make it wait."""

    __tablename__ = "known_browsers"
    __table_args__ = (
        Index("ix_known_browsers_person_id", "person_id"),
        Index("ix_known_browsers_expires_at", "expires_at"),
    )

    browser_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.person_id"), primary_key=True)
    expires_at: Mapped[datetime]


class SignInFailure(Base):
    """A failed attempt. Hashes, because people type passwords into the field for the name;
    `browser_sha256` is that of a browser which the account's person is known by."""

    __tablename__ = "sign_in_failures"
    __table_args__ = (
        Index("ix_sign_in_failures_account", "account_sha256", "failed_at"),
        Index("ix_sign_in_failures_address", "address_sha256", "failed_at"),
        Index("ix_sign_in_failures_failed_at", "failed_at"),
    )

    failure_id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_sha256: Mapped[bytes]
    address_sha256: Mapped[bytes]
    browser_sha256: Mapped[bytes | None]
    failed_at: Mapped[datetime]


class AuthorizationCode(Base):
    __tablename__ = "authorization_codes"
    __table_args__ = (Index("ix_authorization_codes_expires_at", "expires_at"),)

    code_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.client_id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.person_id"))
    sign_in_id: Mapped[UUID] = mapped_column(ForeignKey("sign_ins.sign_in_id"))
    redirect_uri: Mapped[str]
    scope: Mapped[str]
    code_challenge: Mapped[str]
    service: Mapped[str | None]
    expires_at: Mapped[datetime]
    presented_at: Mapped[datetime | None]


class SigningKey(Base):
    __tablename__ = "signing_keys"

    key_id: Mapped[str] = mapped_column(primary_key=True)
    algorithm: Mapped[str]
    private_key_encrypted: Mapped[bytes]
    public_jwk: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    activates_at: Mapped[datetime]
    retires_at: Mapped[datetime | None]
    withdrawn: Mapped[bool]


class Revocation(Base):
    """What was issued before `number` to `revoked` is refused; `revoked` as on the bus."""

    __tablename__ = "revocations"
    __table_args__ = (
        Index("ix_revocations_number", "number", unique=True),
        Index("ix_revocations_expires_at", "expires_at"),
    )

    revoked: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    revoked_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class RevocationCounter(Base):
    """The last number of a revocation: one row."""

    __tablename__ = "revocation_counter"
    __table_args__ = (CheckConstraint("only_row = 1", name="one_row"),)

    only_row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(BigInteger)


class BootstrapSecret(Base):
    """The secret that makes the first administrator: at most one row."""

    __tablename__ = "bootstrap_secret"
    __table_args__ = (CheckConstraint("only_row = 1", name="one_row"),)

    only_row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    secret_sha256: Mapped[bytes]
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
