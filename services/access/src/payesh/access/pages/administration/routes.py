"""Agencies, people, clients and keys as pages; what they change goes through the API's routes."""

from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from payesh.access.api.dependencies import DependenciesHere
from payesh.access.api.rights import id_in
from payesh.access.dependencies import Dependencies
from payesh.access.handlers import agencies, clients, keys, people
from payesh.access.handlers.rights import agency_bound
from payesh.access.pages.administration import cards
from payesh.access.pages.administration.entering import HOME, PLACES
from payesh.access.pages.administration.wording import moment
from payesh.access.pages.rendering import in_digits_of
from payesh.contracts.values import Identifier
from payesh.kit.page_reader import page_reader
from payesh.kit.paging import Cursor, Limit, next_cursor
from payesh.kit.principal import Principal

router = APIRouter(prefix=HOME, include_in_schema=False)

_AGENCIES = 200
"""Offered to choose from; more are named by their ids over the API."""
_POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; script-src 'self'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
_templates = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

_templates.filters["in_digits_of"] = in_digits_of


def _reader(scope: str, resource: str) -> Any:
    return Depends(page_reader(scope, resource=resource))


PeopleReader = Annotated[Principal, _reader(people.READ, "people")]
ClientsReader = Annotated[Principal, _reader(clients.READ, "clients")]
AgenciesReader = Annotated[Principal, _reader(agencies.READ, "agencies")]
KeysReader = Annotated[Principal, _reader(keys.WRITE, "signing keys")]


@router.get("/people")
async def people_page(
    dependencies: DependenciesHere,
    principal: PeopleReader,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> HTMLResponse:
    """Accounts that the reader may see, and a new one."""
    found = await people.list_people(dependencies, principal, id_in(cursor), limit)
    return await _page(
        dependencies,
        principal,
        "people.html",
        people=[cards.person_card(each, principal.subject) for each in found],
        following=next_cursor(found, limit, lambda each: (each.username,)),
        may_write=people.WRITE in principal.scopes,
        rights=cards.rights_card(principal, dependencies.settings.known_counties),
    )


@router.get("/people/{person_id}")
async def person_page(
    person_id: UUID, dependencies: DependenciesHere, principal: PeopleReader
) -> HTMLResponse:
    """One account: its rights, its password, its switch."""
    person = await people.get_person(dependencies, principal, person_id)
    known = dependencies.settings.known_counties
    return await _page(
        dependencies,
        principal,
        "person.html",
        person=cards.person_card(person, principal.subject),
        may_write=people.WRITE in principal.scopes,
        rights=cards.rights_card(principal, known, person.entitlements),
    )


@router.get("/clients")
async def clients_page(
    dependencies: DependenciesHere,
    principal: ClientsReader,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> HTMLResponse:
    """Clients that the reader may see, and a new one."""
    found = await clients.list_clients(dependencies, principal, id_in(cursor), limit)
    return await _page(
        dependencies,
        principal,
        "clients.html",
        clients=[cards.client_card(each) for each in found],
        following=next_cursor(found, limit, lambda each: (each.client_id,)),
        may_write=clients.WRITE in principal.scopes,
        rights=cards.rights_card(principal, dependencies.settings.known_counties),
    )


@router.get("/clients/{client_id}")
async def client_page(
    client_id: Identifier, dependencies: DependenciesHere, principal: ClientsReader
) -> HTMLResponse:
    """One client: its rights, its secret, its approval, its switch."""
    client = await clients.get_client(dependencies, principal, client_id)
    known = dependencies.settings.known_counties
    return await _page(
        dependencies,
        principal,
        "client.html",
        client=cards.client_card(client),
        may_write=clients.WRITE in principal.scopes,
        rights=cards.rights_card(principal, known, client.entitlements),
    )


@router.get("/agencies")
async def agencies_page(
    dependencies: DependenciesHere,
    principal: AgenciesReader,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> HTMLResponse:
    """Every agency, and a new one."""
    found = await agencies.list_agencies(dependencies, id_in(cursor), limit)
    return await _page(
        dependencies,
        principal,
        "agencies.html",
        found=[(each, moment(each.created_at)) for each in found],
        own=principal.agency,
        following=next_cursor(found, limit, lambda each: (each.agency_id,)),
        may_write=agencies.WRITE in principal.scopes,
    )


@router.get("/keys")
async def keys_page(dependencies: DependenciesHere, principal: KeysReader) -> HTMLResponse:
    """Published keys, and their rotation."""
    found = await keys.published_keys(dependencies)
    delay_s = dependencies.settings.key_activation_delay_s
    shown = [cards.key_card(each) for each in found]
    return await _page(dependencies, principal, "keys.html", keys=shown, delay_s=delay_s)


async def _page(
    dependencies: Dependencies, principal: Principal, template: str, **values: Any
) -> HTMLResponse:
    bound = agency_bound(principal)
    offered = [(bound, bound)]
    if bound is None:
        found = await agencies.list_agencies(dependencies, None, _AGENCIES)
        offered = [(each.agency_id, each.name) for each in found if each.enabled]
    body = _templates.get_template(template).render(
        reader=principal.subject,
        own_agency=principal.agency,
        places=[path for scope, path in PLACES.items() if scope in principal.scopes],
        agencies=offered,
        **values,
    )
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": _POLICY}
    return HTMLResponse(body, headers=headers)
