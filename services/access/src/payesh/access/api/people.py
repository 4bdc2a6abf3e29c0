"""`/v1/people`: officers' accounts. Reading them is reading personal data."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from payesh.access.adapters.people import StoredPerson
from payesh.access.api.dependencies import DependenciesHere
from payesh.access.api.rights import (
    Everything,
    Name,
    Rights,
    RightsChange,
    Secret,
    as_bound,
    from_bound,
    id_in,
)
from payesh.access.domain.passwords import PASSWORD_MAX_LENGTH
from payesh.access.handlers import people
from payesh.access.handlers.rights import entitlements
from payesh.contracts.values import Identifier
from payesh.kit.authorization import authorize
from payesh.kit.paging import Cursor, Limit, next_cursor
from payesh.kit.principal import Principal

router = APIRouter(prefix="/v1/people", tags=["people"])
Reader = Annotated[Principal, Depends(authorize(people.READ, resource="people", personal=True))]
# A writing route answers with the account: it reads too.
Writer = Annotated[Principal, Depends(authorize(people.WRITE, resource="people", personal=True))]
Password = Annotated[Secret, Field(max_length=PASSWORD_MAX_LENGTH)]


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
    def of(cls, person: StoredPerson) -> "PersonView":
        held = person.entitlements
        return cls(
            person_id=person.person_id,
            username=person.username,
            name=person.name,
            agency=person.agency_id,
            scopes=sorted(held.scopes),
            counties=from_bound(held.counties),
            road_classes=from_bound(held.road_classes),
            grant_id=str(person.grant_id),
            enabled=person.enabled,
            created_at=person.created_at,
        )


class PersonPage(BaseModel):
    items: list[PersonView]
    next: str | None


@router.post("", status_code=201, responses={409: {"description": "The username is taken."}})
async def register_person(
    body: NewPerson, dependencies: DependenciesHere, principal: Writer
) -> PersonView:
    """Make a person's account. Scopes and bounds may not exceed those of the caller."""
    person = await people.register_person(
        dependencies,
        principal,
        username=body.username,
        name=body.name,
        agency_id=body.agency,
        password=body.password.get_secret_value(),
        granted=entitlements(body.scopes, as_bound(body.counties), as_bound(body.road_classes)),
    )
    return PersonView.of(person)


@router.get("")
async def list_people(
    dependencies: DependenciesHere, principal: Reader, cursor: Cursor = None, limit: Limit = 50
) -> PersonPage:
    """Accounts of the caller's agency (of all with `agencies:write`), by username."""
    found = await people.list_people(dependencies, principal, id_in(cursor), limit)
    following = next_cursor(found, limit, lambda each: (each.username,))
    return PersonPage(items=[PersonView.of(each) for each in found], next=following)


@router.get("/{person_id}")
async def read_person(
    person_id: UUID, dependencies: DependenciesHere, principal: Reader
) -> PersonView:
    """One account."""
    return PersonView.of(await people.get_person(dependencies, principal, person_id))


@router.patch("/{person_id}")
async def change_person(
    person_id: UUID, body: PersonChange, dependencies: DependenciesHere, principal: Writer
) -> PersonView:
    """A new password or a disabled account signs its person out. Of one's own account one changes
    the password alone."""
    person = await people.change_person(
        dependencies,
        principal,
        person_id,
        fields=body.model_fields_set,
        rights=body.rights(),
        name=body.name,
        enabled=body.enabled,
        password=body.password.get_secret_value() if body.password is not None else None,
    )
    return PersonView.of(person)
