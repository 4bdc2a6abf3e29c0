"""Who may give what to whom: accounts and clients are made and changed here.

Each function works in its caller's transaction and raises problems as answers.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters import agencies, bootstrap, clients, people, secrets, sign_ins
from payesh.access.adapters.tables import Agency, Client, Person
from payesh.access.domain.entitlements import Entitlements, excess, unknown_scopes
from payesh.kit.errors import Conflict, Forbidden, NotFound, Unprocessable
from payesh.kit.tokens import Bounds, Principal

_OWN_TO_CHANGE = {"password", "secret"}


def entitlements(
    scopes: Iterable[str], counties: Iterable[str] | None, road_classes: Iterable[str] | None
) -> Entitlements:
    """Raises Unprocessable for a scope that does not exist."""
    if unknown := unknown_scopes(scopes):
        raise Unprocessable(f"no such scope: {', '.join(unknown)}", type="unknown-scope")
    return Entitlements(
        frozenset(scopes),
        None if counties is None else frozenset(counties),
        None if road_classes is None else frozenset(road_classes),
    )


def agency_bound(principal: Principal) -> str | None:
    """The one agency a principal may manage, None for all."""
    return None if "agencies:write" in principal.scopes else principal.agency


def audit_bound(principal: Principal) -> str | None:
    """The one agency whose reads a principal may look through, None for all."""
    return None if principal.agency == agencies.OPERATOR else agency_bound(principal)


async def as_of_now(session: AsyncSession, principal: Principal, scope: str) -> Principal:
    """The principal with no more than is stored now for the person and for the client.

    A token outlives a right that was taken away by minutes; what it wrote here would outlive it
    for good. So every write asks this, and does so after locking the row that it changes: whoever
    is disabled first and has that row changed next cannot undo it. Raises Forbidden when an
    account or its agency is disabled, or no longer holds `scope`.
    """
    held = Entitlements(principal.scopes, principal.counties, principal.road_classes)
    for subject in {principal.subject, principal.actor}:
        holder = await _who_may_act(session, subject)
        if holder is None:
            raise Forbidden(f"{subject} or its agency is disabled", type="disabled")
        held = held.shared_with(holder.entitlements)
    if scope not in held.scopes:
        raise Forbidden(f"the scope {scope} was taken away", type="missing-scope", scope=scope)
    return replace(principal, scopes=held.scopes, bounds=Bounds(held.counties, held.road_classes))


async def check_may_grant(
    session: AsyncSession, principal: Principal, scope: str, agency_id: str, granted: Entitlements
) -> None:
    """Raises Forbidden when that is more than the granter holds now, or in another agency."""
    granter = await as_of_now(session, principal, scope)
    bound = agency_bound(granter)
    if bound is not None and agency_id != bound:
        raise Forbidden("that agency is not yours to manage", type="other-agency")
    held = Entitlements(granter.scopes, granter.counties, granter.road_classes)
    if beyond := excess(granted, held):
        raise Forbidden(
            f"you do not hold that yourself: {', '.join(beyond)}", type="wider-than-own"
        )


async def register_agency(
    session: AsyncSession, principal: Principal, agency_id: str, name: str, now: datetime
) -> Agency:
    await as_of_now(session, principal, "agencies:write")
    agency = await agencies.add(session, agency_id, name, now)
    if agency is None:
        raise Conflict(f"the agency {agency_id} exists", type="agency-exists")
    return agency


async def switch_agency(
    session: AsyncSession, principal: Principal, agency_id: str, *, enabled: bool
) -> Agency:
    agency = await agencies.find(session, agency_id, to_change=True)
    await as_of_now(session, principal, "agencies:write")
    if agency is None:
        raise NotFound(f"no agency {agency_id}")
    agency.enabled = enabled
    return agency


async def register_client(
    session: AsyncSession,
    principal: Principal,
    *,
    client_id: str,
    name: str,
    agency_id: str,
    grants: Sequence[str],
    redirect_uris: Sequence[str],
    granted: Entitlements,
    now: datetime,
) -> tuple[Client, str]:
    """The client and its secret, which nobody can read again."""
    await check_may_grant(session, principal, "clients:write", agency_id, granted)
    await _require_agency(session, agency_id)
    secret = secrets.new_secret()
    client = await clients.add(
        session,
        client_id=client_id,
        name=name,
        agency_id=agency_id,
        secret=secret,
        grants=grants,
        redirect_uris=redirect_uris,
        entitlements=granted,
        now=now,
    )
    if client is None:
        raise Conflict(f"the client {client_id} exists", type="client-exists")
    return client, secret


async def client_to_change(
    session: AsyncSession, principal: Principal, client_id: str, what: Collection[str]
) -> Client:
    """Locked. Whoever holds less than the client may not touch it: its secret would be theirs."""
    client = await clients.find(session, client_id, to_change=True)
    if client is None or agency_bound(principal) not in (None, client.agency_id):
        raise NotFound(f"no client {client_id}")
    await check_may_grant(
        session, principal, "clients:write", client.agency_id, client.entitlements
    )
    _check_own(principal, client, what)
    return client


def renew_secret(client: Client) -> str:
    """A new secret; the one before stops working at once."""
    secret = secrets.new_secret()
    client.secret_sha256 = secrets.digest(secret)
    return secret


async def register_person(
    session: AsyncSession,
    principal: Principal,
    *,
    username: str,
    name: str,
    agency_id: str,
    password_hash: str,
    granted: Entitlements,
    now: datetime,
) -> Person:
    await check_may_grant(session, principal, "people:write", agency_id, granted)
    await _require_agency(session, agency_id)
    person = await people.add(
        session,
        username=username,
        name=name,
        agency_id=agency_id,
        password_hash=password_hash,
        entitlements=granted,
        now=now,
    )
    if person is None:
        raise Conflict(f"the username {username} is taken", type="username-taken")
    return person


async def person_to_change(
    session: AsyncSession, principal: Principal, person_id: UUID, what: Collection[str]
) -> Person:
    """Locked. Whoever holds less than the person may not touch the account: a password set for
    an administrator makes one."""
    person = await people.find(session, person_id, to_change=True)
    if person is None or agency_bound(principal) not in (None, person.agency_id):
        raise NotFound(f"no person {person_id}")
    await check_may_grant(session, principal, "people:write", person.agency_id, person.entitlements)
    _check_own(principal, person, what)
    return person


async def change_entitlements(
    session: AsyncSession,
    principal: Principal,
    scope: str,
    holder: Client | Person,
    changes: dict[str, Any],
) -> None:
    """Apply `scopes`, `counties`, `road_classes` where given; a change is a new grant."""
    current = holder.entitlements
    wanted = entitlements(
        changes.get("scopes", current.scopes),
        changes.get("counties", current.counties),
        changes.get("road_classes", current.road_classes),
    )
    if wanted != current:
        await check_may_grant(session, principal, scope, holder.agency_id, wanted)
        holder.entitle(wanted, uuid4())


async def change_person(
    session: AsyncSession,
    person: Person,
    *,
    enabled: bool | None,
    password_hash: str | None,
    now: datetime,
) -> None:
    """A new password and a disabled account end what is signed in."""
    if enabled is not None:
        person.enabled = enabled
    if password_hash is not None:
        person.password_hash = password_hash
    if enabled is False or password_hash is not None:
        await sign_ins.end_all(session, person.person_id, now)


async def check_bootstrap_secret(session: AsyncSession, secret: str) -> None:
    """Raises Conflict when none waits to be used, Forbidden when it is another."""
    row = await bootstrap.locked(session)
    if row is None:
        raise Conflict("no first administrator is expected", type="not-offered")
    if row.used_at is not None:
        raise Conflict("the first administrator exists", type="already-bootstrapped")
    if not secrets.matches(row.secret_sha256, secret):
        raise Forbidden("that is not the secret", type="wrong-secret")


async def create_first_administrator(
    session: AsyncSession,
    *,
    secret: str,
    username: str,
    name: str,
    agency_id: str,
    agency_name: str,
    password_hash: str,
    now: datetime,
) -> Person:
    """Once: the secret's row is held from the check to the commit."""
    await check_bootstrap_secret(session, secret)
    await agencies.add(session, agency_id, agency_name, now)
    person = await people.add(
        session,
        username=username,
        name=name,
        agency_id=agency_id,
        password_hash=password_hash,
        entitlements=Entitlements.unlimited(),
        now=now,
    )
    if person is None:
        raise Conflict(f"the username {username} is taken", type="username-taken")
    await bootstrap.spend(session, now)
    return person


async def _who_may_act(session: AsyncSession, subject: str) -> Client | Person | None:
    username = subject.removeprefix(Person.SUBJECT_PREFIX)
    if username != subject:
        return await people.who_may_sign_in(session, username)
    return await clients.who_may_get_tokens(session, subject)


def _check_own(principal: Principal, holder: Client | Person, what: Collection[str]) -> None:
    """Raises Forbidden when somebody changes more of their own account than its secret."""
    if holder.subject == principal.subject and not _OWN_TO_CHANGE.issuperset(what):
        raise Forbidden("your own account is for somebody else to change", type="own-account")


async def _require_agency(session: AsyncSession, agency_id: str) -> None:
    agency = await agencies.find(session, agency_id)
    if agency is None or not agency.enabled:
        raise Unprocessable(f"no agency {agency_id}", type="unknown-agency")
