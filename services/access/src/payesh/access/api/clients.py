"""`/v1/clients`: machines and pages that get tokens."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, BaseModel, Field

from payesh.access import handlers
from payesh.access.adapters import clients
from payesh.access.adapters.tables import Client
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
from payesh.access.domain.redirect_uris import redirect_uri_fault
from payesh.contracts.values import Identifier
from payesh.kit.authorization import Principal, authorize
from payesh.kit.errors import NotFound
from payesh.kit.paging import Cursor, Limit, next_cursor

router = APIRouter(prefix="/v1/clients", tags=["clients"])
Reader = Annotated[Principal, Depends(authorize("clients:read", resource="clients"))]
Writer = Annotated[Principal, Depends(authorize("clients:write", resource="clients"))]


def _redirect_uri(value: str) -> str:
    if fault := redirect_uri_fault(value):
        raise ValueError(fault)
    return value


RedirectUris = Annotated[
    list[Annotated[str, Field(max_length=500), AfterValidator(_redirect_uri)]],
    Field(max_length=20),
]


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


class ClientChange(RightsChange):
    name: Name | None = None
    enabled: bool | None = None
    redirect_uris: RedirectUris | None = None


class ClientView(BaseModel):
    client_id: str
    name: str
    agency: str
    grants: list[str]
    redirect_uris: list[str]
    scopes: list[str]
    counties: list[str] | Everything
    road_classes: list[str] | Everything
    grant_id: str
    enabled: bool
    created_at: datetime

    @classmethod
    def of(cls, row: Client) -> "ClientView":
        return cls(
            client_id=row.client_id,
            name=row.name,
            agency=row.agency_id,
            grants=row.grants,
            redirect_uris=row.redirect_uris,
            scopes=row.scopes,
            counties=from_bound(row.counties),
            road_classes=from_bound(row.road_classes),
            grant_id=str(row.grant_id),
            enabled=row.enabled,
            created_at=row.created_at,
        )


class ClientWithSecret(BaseModel):
    client: ClientView
    client_secret: str = Field(description="told once; only its hash is kept")


class ClientPage(BaseModel):
    items: list[ClientView]
    next: str | None


@router.post("", status_code=201, responses={409: {"description": "The client exists."}})
async def register_client(body: NewClient, request: Request, principal: Writer) -> ClientWithSecret:
    """Register a machine or a page that gets tokens.

    Scopes and bounds may not exceed those of whoever asks.
    """
    granted = handlers.entitlements(
        body.scopes, as_bound(body.counties), as_bound(body.road_classes)
    )
    async with access_of(request).database.transaction() as session:
        row, secret = await handlers.register_client(
            session,
            principal,
            client_id=body.client_id,
            name=body.name,
            agency_id=body.agency,
            grants=body.grants,
            redirect_uris=body.redirect_uris,
            granted=granted,
            now=datetime.now(UTC),
        )
    return ClientWithSecret(client=ClientView.of(row), client_secret=secret)


@router.get("")
async def list_clients(
    request: Request, principal: Reader, cursor: Cursor = None, limit: Limit = 50
) -> ClientPage:
    """Clients of the caller's agency (of all with `agencies:write`), by id."""
    async with access_of(request).database.transaction() as session:
        rows = await clients.page(session, handlers.agency_bound(principal), id_in(cursor), limit)
    following = next_cursor(rows, limit, lambda row: (row.client_id,))
    return ClientPage(items=[ClientView.of(row) for row in rows], next=following)


@router.get("/{client_id}")
async def read_client(client_id: Identifier, request: Request, principal: Reader) -> ClientView:
    """One client."""
    async with access_of(request).database.transaction() as session:
        row = await clients.find(session, client_id)
    if row is None or handlers.agency_bound(principal) not in (None, row.agency_id):
        raise NotFound(f"no client {client_id}")
    return ClientView.of(row)


@router.patch("/{client_id}")
async def change_client(
    client_id: Identifier, body: ClientChange, request: Request, principal: Writer
) -> ClientView:
    """A disabled client gets no tokens any more; those it has run out by themselves. No client
    changes itself."""
    async with access_of(request).database.transaction() as session:
        row = await handlers.client_to_change(session, principal, client_id, body.model_fields_set)
        await handlers.change_entitlements(session, principal, "clients:write", row, body.changes())
        if body.name is not None:
            row.name = body.name
        if body.enabled is not None:
            row.enabled = body.enabled
        if body.redirect_uris is not None:
            row.redirect_uris = body.redirect_uris
    return ClientView.of(row)


@router.post("/{client_id}/secret")
async def renew_client_secret(
    client_id: Identifier, request: Request, principal: Writer
) -> ClientWithSecret:
    """A new secret; the one before stops working at once."""
    async with access_of(request).database.transaction() as session:
        row = await handlers.client_to_change(session, principal, client_id, {"secret"})
        secret = handlers.renew_secret(row)
    return ClientWithSecret(client=ClientView.of(row), client_secret=secret)
