"""`POST /v1/bootstrap`: the one-time secret makes the first administrator."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from payesh.access.api.dependencies import DependenciesHere
from payesh.access.api.people import Password, PersonView
from payesh.access.api.rights import Body, Name, Secret
from payesh.access.handlers.bootstrap import OPERATOR, create_first_administrator
from payesh.contracts.values import Identifier

router = APIRouter(tags=["bootstrap"])


class FirstAgency(Body):
    agency_id: Identifier
    name: Name


class FirstAdministrator(Body):
    secret: Annotated[Secret, Field(max_length=200)]
    username: Annotated[Identifier, Field(min_length=3)]
    name: Name
    password: Password
    agency: FirstAgency = FirstAgency(agency_id=OPERATOR, name="Payesh")


class Bootstrapped(BaseModel):
    person: PersonView
    access_token: str = Field(
        description="the administrator's, for access: to set the installation up with"
    )
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
async def bootstrap(body: FirstAdministrator, dependencies: DependenciesHere) -> Bootstrapped:
    """Make the first administrator with the installation's secret; works once."""
    person, token = await create_first_administrator(
        dependencies,
        secret=body.secret.get_secret_value(),
        username=body.username,
        name=body.name,
        agency_id=body.agency.agency_id,
        agency_name=body.agency.name,
        password=body.password.get_secret_value(),
    )
    return Bootstrapped(
        person=PersonView.of(person),
        access_token=token["access_token"],
        token_type=token["token_type"],
        expires_in=token["expires_in"],
    )
