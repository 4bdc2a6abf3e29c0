"""`/v1/clients`: machines and pages that get tokens."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import AfterValidator, BaseModel, Field

from payesh.access.adapters.clients import StoredClient
from payesh.access.api.dependencies import DependenciesHere
from payesh.access.api.rights import (
    Body,
    Everything,
    Name,
    Rights,
    RightsChange,
    as_bound,
    from_bound,
    id_in,
)
from payesh.access.domain.redirect_uris import redirect_uri_fault
from payesh.access.handlers import clients
from payesh.access.handlers.rights import entitlements
from payesh.contracts.values import Identifier
from payesh.kit.authorization import authorize
from payesh.kit.paging import Cursor, Limit, ShortText, next_cursor
from payesh.kit.principal import Principal

router = APIRouter(prefix="/v1/clients", tags=["clients"])
Reader = Annotated[Principal, Depends(authorize(clients.READ, resource="clients"))]
Writer = Annotated[Principal, Depends(authorize(clients.WRITE, resource="clients"))]


def _redirect_uri(value: str) -> str:
    if fault := redirect_uri_fault(value):
        raise ValueError(fault)
    return value


RedirectUris = Annotated[
    list[Annotated[str, Field(max_length=500), AfterValidator(_redirect_uri)]],
    Field(max_length=20),
]


Cameras = Annotated[list[Identifier], Field(max_length=64)]
_CAMERAS = (
    "ids of the cameras whose device it is: it sends stills and recordings of these alone, and "
    "of none where the list is empty"
)


class NewClient(Rights):
    client_id: Identifier
    name: Name
    agency: Identifier
    grants: Annotated[
        list[Literal["client_credentials", "authorization_code"]], Field(min_length=1, max_length=2)
    ]
    redirect_uris: RedirectUris = Field(
        default_factory=list, description="compared to the letter; needed by authorization_code"
    )
    cameras: Cameras = Field(default_factory=list, description=_CAMERAS)


class ClientChange(RightsChange):
    name: Name | None = None
    enabled: bool | None = None
    redirect_uris: RedirectUris | None = None
    cameras: Cameras | None = Field(None, description=_CAMERAS)


class ClientView(BaseModel):
    client_id: str
    name: str
    agency: str
    grants: list[str]
    redirect_uris: list[str]
    scopes: list[str]
    counties: list[str] | Everything
    road_classes: list[str] | Everything
    cameras: list[str] | Everything
    grant_id: str
    enabled: bool
    created_at: datetime
    declared: bool = Field(description="by the deployment: it asks people for no consent")
    awaits_approval: bool = Field(description="of a second person; until then it gets nothing")
    proposed_by: str | None = Field(description="who may not approve it")
    proposal: str | None = Field(description="of what awaits approval; the approval names it")
    approved_by: str | None

    @classmethod
    def of(cls, client: StoredClient) -> "ClientView":
        held = client.entitlements
        return cls(
            client_id=client.client_id,
            name=client.name,
            agency=client.agency_id,
            grants=list(client.grants),
            redirect_uris=list(client.redirect_uris),
            scopes=sorted(held.scopes),
            counties=from_bound(held.counties),
            road_classes=from_bound(held.road_classes),
            cameras=from_bound(client.cameras),
            grant_id=str(client.grant_id),
            enabled=client.enabled,
            created_at=client.created_at,
            declared=client.declared,
            awaits_approval=client.awaits_approval,
            proposed_by=client.proposed_by,
            proposal=client.proposal,
            approved_by=client.approved_by,
        )


class ClientWithSecret(BaseModel):
    client: ClientView
    client_secret: str = Field(description="shown once; only its hash is stored")


class Approval(Body):
    proposal: ShortText = Field(description="of the client as the second person read it")


class ClientPage(BaseModel):
    items: list[ClientView]
    next: str | None


@router.post("", status_code=201, responses={409: {"description": "The client exists."}})
async def register_client(
    body: NewClient, dependencies: DependenciesHere, principal: Writer
) -> ClientWithSecret:
    """Register a machine or a page that gets tokens.

    Scopes and bounds may not exceed those of the caller.
    """
    client, secret = await clients.register_client(
        dependencies,
        principal,
        client_id=body.client_id,
        name=body.name,
        agency_id=body.agency,
        grants=body.grants,
        redirect_uris=body.redirect_uris,
        granted=entitlements(body.scopes, as_bound(body.counties), as_bound(body.road_classes)),
        cameras=body.cameras,
    )
    return ClientWithSecret(client=ClientView.of(client), client_secret=secret)


@router.get("")
async def list_clients(
    dependencies: DependenciesHere, principal: Reader, cursor: Cursor = None, limit: Limit = 50
) -> ClientPage:
    """Clients of the caller's agency (of all with `agencies:write`), by id."""
    found = await clients.list_clients(dependencies, principal, id_in(cursor), limit)
    following = next_cursor(found, limit, lambda each: (each.client_id,))
    return ClientPage(items=[ClientView.of(each) for each in found], next=following)


@router.get("/{client_id}")
async def read_client(
    client_id: Identifier, dependencies: DependenciesHere, principal: Reader
) -> ClientView:
    """One client."""
    return ClientView.of(await clients.get_client(dependencies, principal, client_id))


@router.patch("/{client_id}")
async def change_client(
    client_id: Identifier, body: ClientChange, dependencies: DependenciesHere, principal: Writer
) -> ClientView:
    """A disabled client gets no tokens any more, and those that it holds are refused. No client
    changes itself."""
    changed = await clients.change_client(
        dependencies,
        principal,
        client_id,
        fields=body.model_fields_set,
        rights=body.rights(),
        name=body.name,
        enabled=body.enabled,
        redirect_uris=body.redirect_uris,
        cameras=body.cameras,
    )
    return ClientView.of(changed)


@router.post("/{client_id}/secret")
async def renew_client_secret(
    client_id: Identifier, dependencies: DependenciesHere, principal: Writer
) -> ClientWithSecret:
    """A new secret; the one before stops working at once."""
    client, secret = await clients.renew_secret(dependencies, principal, client_id)
    return ClientWithSecret(client=ClientView.of(client), client_secret=secret)


@router.post(
    "/{client_id}/approve",
    responses={409: {"description": "It awaits no approval, or was changed since it was read."}},
)
async def approve_client(
    client_id: Identifier, body: Approval, dependencies: DependenciesHere, principal: Writer
) -> ClientView:
    """A second person lets a client for people be used that another of the agency registered or
    changed. What people register under the operator's rights needs none."""
    return ClientView.of(
        await clients.approve_client(dependencies, principal, client_id, body.proposal)
    )
