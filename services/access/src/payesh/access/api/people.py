"""`/v1/people`: officers' accounts. Reading them is reading personal data."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field, SecretStr

from payesh.access import handlers
from payesh.access.adapters import people
from payesh.access.adapters.tables import Person
from payesh.access.api.rights import (
    Everything,
    Name,
    Rights,
    RightsChange,
    as_bound,
    from_bound,
    id_in,
)
from payesh.access.api.state import access_of
from payesh.access.domain.passwords import PASSWORD_MAX_LENGTH, password_fault
from payesh.contracts.values import Identifier
from payesh.kit.audit import record_read
from payesh.kit.authorization import Principal, authorize
from payesh.kit.errors import NotFound, Unprocessable
from payesh.kit.paging import Cursor, Limit, next_cursor

router = APIRouter(prefix="/v1/people", tags=["people"])
Reader = Annotated[Principal, Depends(authorize("people:read", resource="people", personal=True))]
# Both answers tell an account: writing reads too.
Writer = Annotated[Principal, Depends(authorize("people:write", resource="people", personal=True))]
Password = Annotated[SecretStr, Field(max_length=PASSWORD_MAX_LENGTH)]


class NewPerson(Rights):
    username: Annotated[Identifier, Field(min_length=3)]
    name: Name
    password: Password
    agency: Identifier


class PersonChange(RightsChange):
    name: Name | None = None
    enabled: bool | None = None
    password: Password | None = None


class PersonView(BaseModel):
    person_id: UUID
    username: str
    name: str
    agency: str
    scopes: list[str]
    counties: list[str] | Everything
    road_classes: list[str] | Everything
    grant_id: str
    enabled: bool
    created_at: datetime

    @classmethod
    def of(cls, row: Person) -> "PersonView":
        return cls(
            person_id=row.person_id,
            username=row.username,
            name=row.name,
            agency=row.agency_id,
            scopes=row.scopes,
            counties=from_bound(row.counties),
            road_classes=from_bound(row.road_classes),
            grant_id=str(row.grant_id),
            enabled=row.enabled,
            created_at=row.created_at,
        )


class PersonPage(BaseModel):
    items: list[PersonView]
    next: str | None


def checked_password(password: SecretStr, username: str) -> str:
    """Raises Unprocessable with the rule that it breaks."""
    if fault := password_fault(password.get_secret_value(), username):
        raise Unprocessable(fault, type="weak-password")
    return password.get_secret_value()


@router.post("", status_code=201, responses={409: {"description": "The username is taken."}})
async def register_person(body: NewPerson, request: Request, principal: Writer) -> PersonView:
    """Make a person's account. Scopes and bounds may not exceed those of whoever asks."""
    access = access_of(request)
    granted = handlers.entitlements(
        body.scopes, as_bound(body.counties), as_bound(body.road_classes)
    )
    async with access.database.transaction() as session:
        # Before a password is hashed; what is written is judged again with it.
        await handlers.check_may_grant(session, principal, "people:write", body.agency, granted)
    password_hash = await access.passwords.hash(checked_password(body.password, body.username))
    async with access.database.transaction() as session:
        row = await handlers.register_person(
            session,
            principal,
            username=body.username,
            name=body.name,
            agency_id=body.agency,
            password_hash=password_hash,
            granted=granted,
            now=datetime.now(UTC),
        )
        await record_read(
            session,
            principal,
            service=access.settings.service,
            scope="people:write",
            action="register",
            resource_kind="person",
            resource_ids=[str(row.person_id)],
        )
    return PersonView.of(row)


@router.get("")
async def list_people(
    request: Request, principal: Reader, cursor: Cursor = None, limit: Limit = 50
) -> PersonPage:
    """Accounts of the caller's agency (of all with `agencies:write`), by username."""
    access = access_of(request)
    async with access.database.transaction() as session:
        rows = await people.page(session, handlers.agency_bound(principal), id_in(cursor), limit)
        await record_read(
            session,
            principal,
            service=access.settings.service,
            scope="people:read",
            action="list",
            resource_kind="person",
            resource_ids=[str(row.person_id) for row in rows],
        )
    following = next_cursor(rows, limit, lambda row: (row.username,))
    return PersonPage(items=[PersonView.of(row) for row in rows], next=following)


@router.get("/{person_id}")
async def read_person(person_id: UUID, request: Request, principal: Reader) -> PersonView:
    """One account."""
    access = access_of(request)
    async with access.database.transaction() as session:
        row = await people.find(session, person_id)
        if row is None or handlers.agency_bound(principal) not in (None, row.agency_id):
            raise NotFound(f"no person {person_id}")
        await record_read(
            session,
            principal,
            service=access.settings.service,
            scope="people:read",
            action="read",
            resource_kind="person",
            resource_ids=[str(person_id)],
        )
    return PersonView.of(row)


@router.patch("/{person_id}")
async def change_person(
    person_id: UUID, body: PersonChange, request: Request, principal: Writer
) -> PersonView:
    """A new password or a disabled account signs its person out. Of one's own account one changes
    the password alone."""
    access = access_of(request)
    async with access.database.transaction() as session:
        row = await handlers.person_to_change(session, principal, person_id, body.model_fields_set)
        password_hash = None
        if body.password is not None:
            password_hash = await access.passwords.hash(
                checked_password(body.password, row.username)
            )
        await handlers.change_entitlements(session, principal, "people:write", row, body.changes())
        if body.name is not None:
            row.name = body.name
        await handlers.change_person(
            session,
            row,
            enabled=body.enabled,
            password_hash=password_hash,
            now=datetime.now(UTC),
        )
        await record_read(
            session,
            principal,
            service=access.settings.service,
            scope="people:write",
            action="change",
            resource_kind="person",
            resource_ids=[str(person_id)],
        )
    return PersonView.of(row)
