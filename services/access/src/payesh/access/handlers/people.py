"""People's accounts: made, listed, changed. They are personal data: each answer shows an account,
so every use case leaves an audit record."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters import endings, people
from payesh.access.adapters.people import StoredPerson
from payesh.access.dependencies import Dependencies
from payesh.access.domain.entitlements import Entitlements, excess
from payesh.access.domain.passwords import password_fault
from payesh.access.handlers.revoking import revoke
from payesh.access.handlers.rights import (
    ChangedRights,
    agency_bound,
    changed_entitlements,
    check_may_change,
    check_may_grant,
    is_visible,
    one_at_a_time,
    require_agency,
    require_known_counties,
)
from payesh.access.settings import Settings
from payesh.contracts.audited_query import Condition
from payesh.contracts.vocabulary import RevocationKind
from payesh.kit.audit import record_read
from payesh.kit.errors import Conflict, Hidden, NotFound, Unprocessable
from payesh.kit.principal import Bounds, Principal

READ, WRITE = "people:read", "people:write"
SIGN_IN = "sign-in"
"""Stands for the scope where a person has no token yet."""


async def check_password(dependencies: Dependencies, password: str, username: str) -> None:
    """Raises Unprocessable with the rule that the password breaks."""
    fault = password_fault(password, username)
    if fault is None:
        guessable = dependencies.guessable_passwords
        fault = await asyncio.to_thread(guessable.fault, password, username)
    if fault is not None:
        raise Unprocessable(fault, type="weak-password")


async def register_person(
    dependencies: Dependencies,
    principal: Principal,
    *,
    username: str,
    name: str,
    agency_id: str,
    password: str,
    granted: Entitlements,
) -> StoredPerson:
    """Make an account, whose owner chooses another password at the first sign-in. Raises Conflict
    when the username is taken."""
    require_known_counties(dependencies.settings.known_counties, granted)
    async with dependencies.database.transaction() as session:
        # Before a password is hashed; the same is checked again with what is written.
        await check_may_grant(session, principal, WRITE, agency_id, granted)
    await check_password(dependencies, password, username)
    password_hash = await dependencies.passwords.hash(password)
    async with dependencies.database.transaction() as session:
        await check_may_grant(session, principal, WRITE, agency_id, granted)
        await require_agency(session, agency_id)
        person = await people.add(
            session,
            username=username,
            name=name,
            agency_id=agency_id,
            password_hash=password_hash,
            password_given=True,
            entitlements=granted,
            now=datetime.now(UTC),
        )
        if person is None:
            raise Conflict(f"the username {username} is taken", type="username-taken")
        await _record(
            dependencies,
            session,
            principal,
            WRITE,
            "register",
            [person.person_id],
            {"username": username},
        )
    return person


async def list_people(
    dependencies: Dependencies, principal: Principal, after: str | None, limit: int
) -> list[StoredPerson]:
    """Accounts that the principal may see, in the order of usernames, from after `after`."""
    async with dependencies.database.transaction() as session:
        found = await people.page(session, agency_bound(principal), after, limit)
        await _record(
            dependencies, session, principal, READ, "list", [each.person_id for each in found], {}
        )
    return found


async def get_person(
    dependencies: Dependencies, principal: Principal, person_id: UUID
) -> StoredPerson:
    """One account. Raises NotFound for one of another agency too."""
    async with dependencies.database.transaction() as session:
        person = await people.find(session, person_id)
        if person is None:
            raise NotFound(f"no person {person_id}")
        if not is_visible(principal, person):
            raise Hidden(f"no person {person_id}")
        await _record(
            dependencies, session, principal, READ, "read", [person_id], {"person_id": person_id}
        )
    return person


async def change_person(
    dependencies: Dependencies,
    principal: Principal,
    person_id: UUID,
    *,
    fields: Collection[str],
    rights: ChangedRights,
    name: str | None,
    enabled: bool | None,
    password: str | None,
) -> StoredPerson:
    """Change what is given; `fields` are the names of all that the caller sent. A new password
    and a disabled account end what is signed in."""
    async with dependencies.database.transaction() as session:
        if enabled is False or rights:
            await one_at_a_time(session)
        person = await people.find(session, person_id, to_change=True)
        if person is None:
            raise NotFound(f"no person {person_id}")
        if not is_visible(principal, person):
            raise Hidden(f"no person {person_id}")
        await check_may_change(session, principal, WRITE, person, fields)
        held = person.entitlements
        password_hash = None
        if password is not None:
            await check_password(dependencies, password, person.username)
            password_hash = await dependencies.passwords.hash(password)
        entitlements = await changed_entitlements(
            session, principal, WRITE, person, rights, dependencies.settings.known_counties
        )
        person = await people.change(
            session,
            person_id,
            name=name,
            enabled=enabled,
            password_hash=password_hash,
            password_given=principal.subject != person.subject,
            entitlements=entitlements,
        )
        if enabled is False or password_hash is not None:
            await endings.end_for_person(session, person_id, datetime.now(UTC))
        if enabled is False or password_hash is not None or excess(held, entitlements):
            await revoke(session, RevocationKind.SUBJECT, person.subject)
        await _record(
            dependencies, session, principal, WRITE, "change", [person_id], {"person_id": person_id}
        )
    return person


async def record_own_password(
    dependencies: Dependencies, session: AsyncSession, person: StoredPerson
) -> None:
    """Record that a person chose a new password while signing in, where there is no token yet."""
    acting = Principal(
        subject=person.subject,
        actor=Settings.service,
        agency=person.agency_id,
        scopes=frozenset(),
        bounds=Bounds(frozenset(), frozenset()),
        purpose=None,
        grant_id=str(person.grant_id),
    )
    about = {"person_id": person.person_id}
    await _record(
        dependencies, session, acting, SIGN_IN, "choose-password", [person.person_id], about
    )


async def _record(
    dependencies: Dependencies,
    session: AsyncSession,
    principal: Principal,
    scope: str,
    action: str,
    people: Sequence[UUID],
    asked: Mapping[str, Condition],
) -> None:
    await record_read(
        session,
        principal,
        service=Settings.service,
        scope=scope,
        action=action,
        resource_kind="person",
        resource_ids=[str(each) for each in people],
        query=dependencies.digests.of(asked),
    )
