"""`POST /v1/bootstrap`: the one-time secret makes the first administrator."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, SecretStr

from payesh.access import handlers
from payesh.access.adapters.agencies import OPERATOR
from payesh.access.adapters.oauth_server import TokenServer
from payesh.access.api.people import Password, PersonView, checked_password
from payesh.access.api.rights import Body, Name
from payesh.access.api.state import access_of
from payesh.contracts.values import Identifier

router = APIRouter(tags=["bootstrap"])


class FirstAgency(Body):
    agency_id: Identifier
    name: Name


class FirstAdministrator(Body):
    secret: Annotated[SecretStr, Field(max_length=200)]
    username: Annotated[Identifier, Field(min_length=3)]
    name: Name
    password: Password
    agency: FirstAgency = FirstAgency(agency_id=OPERATOR, name="Payesh")


class Bootstrapped(BaseModel):
    person: PersonView
    access_token: str = Field(description="the administrator's, to set the house up with")
    token_type: str
    expires_in: int = Field(description="seconds")


@router.post(
    "/v1/bootstrap",
    status_code=201,
    responses={
        403: {"description": "That is not the secret."},
        409: {"description": "The first administrator exists, or none is expected."},
    },
)
async def bootstrap(body: FirstAdministrator, request: Request) -> Bootstrapped:
    """Make the first administrator with the secret that the installation drew; works once."""
    access = access_of(request)
    secret = body.secret.get_secret_value()
    async with access.database.transaction() as session:
        # Before any password is hashed: this route is open to everybody.
        await handlers.check_bootstrap_secret(session, secret)
    password_hash = await access.passwords.hash(checked_password(body.password, body.username))
    now = datetime.now(UTC)
    async with access.database.transaction() as session:
        person = await handlers.create_first_administrator(
            session,
            secret=secret,
            username=body.username,
            name=body.name,
            agency_id=body.agency.agency_id,
            agency_name=body.agency.name,
            password_hash=password_hash,
            now=now,
        )
        token = await session.run_sync(
            lambda sync: TokenServer(sync, access.settings, access.ring, now).issue(
                None, person, frozenset(person.scopes)
            )
        )
    return Bootstrapped(
        person=PersonView.of(person),
        access_token=token["access_token"],
        token_type=token["token_type"],
        expires_in=token["expires_in"],
    )
