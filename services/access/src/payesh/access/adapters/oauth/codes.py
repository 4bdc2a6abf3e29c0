"""Authorization codes in PostgreSQL, read and written inside Authlib's synchronous flow."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from payesh.access.adapters import secrets
from payesh.access.adapters.people import StoredPerson, stored_person
from payesh.access.adapters.sign_ins import StoredSignIn
from payesh.access.adapters.tables import Agency, AuthorizationCode, Client, Person, SignIn

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StoredCode:
    """A code that was presented rightly. Its methods are those that Authlib calls."""

    person_id: UUID
    sign_in_id: UUID
    redirect_uri: str
    scope: str
    code_challenge: str
    service: str
    code_challenge_method: ClassVar[str] = "S256"

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


def add(
    session: Session,
    code: str,
    *,
    client_id: str,
    person_id: UUID,
    sign_in_id: UUID,
    redirect_uri: str,
    scope: str,
    code_challenge: str,
    service: str,
    expires_at: datetime,
) -> None:
    """Store a new code by its hash."""
    session.add(
        AuthorizationCode(
            code_sha256=secrets.digest(code),
            client_id=client_id,
            person_id=person_id,
            sign_in_id=sign_in_id,
            redirect_uri=redirect_uri,
            scope=scope,
            code_challenge=code_challenge,
            service=service,
            expires_at=expires_at,
            presented_at=None,
        )
    )


def may_still_be_issued(session: Session, sign_in: StoredSignIn, client_id: str) -> bool:
    """Whether the sign-in goes on and the client is enabled. Both rows stay locked against a
    change, so that one which ends them ends the code that is stored next.

    The person comes first, as in every change of an account: else the two could wait for each
    other.
    """
    session.get_one(Person, sign_in.person_id, with_for_update={"read": True, "key_share": True})
    row = session.get_one(SignIn, sign_in.sign_in_id, with_for_update={"read": True})
    client = session.get_one(Client, client_id, with_for_update={"read": True})
    return row.ended_at is None and client.enabled


def present(
    session: Session, code: str, client_id: str, now: datetime, replayed: list[UUID]
) -> StoredCode | None:
    """The code, once: presenting it, rightly or not, spends it.

    A code presented again was stolen from one of the two that presented it (RFC 6749 section
    4.1.2): the sign-in that it came from ends, and is added to `replayed`.
    """
    row = session.get(AuthorizationCode, secrets.digest(code), with_for_update=True)
    if row is None:
        return None
    if row.presented_at is not None:
        session.get_one(SignIn, row.sign_in_id).ended_at = now
        replayed.append(row.sign_in_id)
        log.warning("authorization code presented again", client_id=client_id)
        return None
    row.presented_at = now
    if row.client_id != client_id or row.expires_at <= now or row.service is None:
        return None
    return StoredCode(
        person_id=row.person_id,
        sign_in_id=row.sign_in_id,
        redirect_uri=row.redirect_uri,
        scope=row.scope,
        code_challenge=row.code_challenge,
        service=row.service,
    )


def person(session: Session, person_id: UUID) -> StoredPerson:
    """The account that a sign-in or a code belongs to."""
    return stored_person(session.get_one(Person, person_id))


def person_still_signed_in(session: Session, code: StoredCode) -> StoredPerson | None:
    """The person of a code; None when disabled or signed out since it was issued."""
    row = session.get_one(Person, code.person_id)
    sign_in = session.get_one(SignIn, code.sign_in_id)
    agency = session.get_one(Agency, row.agency_id)
    if not row.enabled or not agency.enabled or sign_in.ended_at is not None:
        return None
    return stored_person(row)
