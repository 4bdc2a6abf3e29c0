"""Editions of the law kept by people: drafted, changed, proposed, approved by a second person.

Each change is one transaction and is recorded. Each raises NotFound for an unknown edition,
Conflict where its standing does not allow the change, and Forbidden for a machine: law is what
people put in force.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit.audit import record_read
from payesh.kit.errors import Conflict, Forbidden, NotFound
from payesh.kit.principal import Principal
from payesh.tickets.adapters import law_editions
from payesh.tickets.adapters.law_editions import StoredEdition
from payesh.tickets.adapters.law_file import LawDocument, known_faults
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain.jalali_day import JalaliDay
from payesh.tickets.domain.law import LawTable
from payesh.tickets.domain.law_changes import Change, changes_between, doubts_of
from payesh.tickets.domain.law_edition import EditionStanding, EditionState, Refused
from payesh.tickets.domain.law_remarks import Remark, remark
from payesh.tickets.handlers.law_reading import brought_up, law_book, today
from payesh.tickets.settings import Settings

READ, WRITE, APPROVE = "law:read", "law:write", "law:approve"


@dataclass(frozen=True, slots=True)
class Examined:
    """An edition held against the table that rules on its first day without it."""

    edition: StoredEdition
    against: LawTable
    faults: list[Remark]
    doubts: list[Remark]
    changes: list[Change]


async def list_editions(
    dependencies: Dependencies, *, limit: int, after: tuple[datetime, UUID] | None
) -> Sequence[StoredEdition]:
    """Editions, the newest first."""
    async with dependencies.database.transaction() as session:
        return await law_editions.page(session, limit=limit, after=after)


async def read_edition(dependencies: Dependencies, edition_id: UUID) -> StoredEdition:
    """An edition as it stands. Raises NotFound."""
    async with dependencies.database.transaction() as session:
        return await _found(session, edition_id)


async def examine(dependencies: Dependencies, edition_id: UUID) -> Examined:
    """An edition with what it changes and what is wrong with it. Raises NotFound."""
    async with dependencies.database.transaction() as session:
        edition = await _found(session, edition_id)
        book = await brought_up(session, dependencies.law)
    table, first = edition.table, edition.standing.first
    against = book.law_on(first)
    doubts = list(doubts_of(table))
    if edition.standing.state is not EditionState.APPROVED and first < today():
        doubts.insert(0, remark("past"))
    return Examined(edition, against, known_faults(table), doubts, changes_between(against, table))


async def draft(
    dependencies: Dependencies, principal: Principal, document: LawDocument, first: JalaliDay
) -> UUID:
    """Begin an edition; its id."""
    _require_person(principal)
    edition_id = uuid4()
    standing = EditionStanding(EditionState.DRAFT, 1, first, (principal.subject,))
    async with dependencies.database.transaction() as session:
        await law_editions.add(session, edition_id, standing, document)
        await _record(session, principal, WRITE, "draft law", edition_id)
    return edition_id


async def document_in_force(dependencies: Dependencies, day: JalaliDay) -> LawDocument:
    """What rules on a day, as a document to begin a draft from."""
    return LawDocument.of((await law_book(dependencies)).law_on(day))


async def change(
    dependencies: Dependencies,
    principal: Principal,
    edition_id: UUID,
    revision: int,
    document: LawDocument,
    first: JalaliDay,
) -> None:
    """Replace what a draft says; `revision` is the one that was read."""

    def changed(edition: StoredEdition) -> EditionStanding:
        return edition.standing.changed(principal.subject, revision, first)

    await _move(dependencies, principal, edition_id, WRITE, "change law", changed, document)


async def propose(
    dependencies: Dependencies, principal: Principal, edition_id: UUID, revision: int
) -> None:
    """Put a draft without faults before a second person."""

    def proposed(edition: StoredEdition) -> EditionStanding:
        faults = len(known_faults(edition.table))
        return edition.standing.proposed(principal.subject, revision, faults)

    await _move(dependencies, principal, edition_id, WRITE, "propose law", proposed)


async def give_back(
    dependencies: Dependencies, principal: Principal, edition_id: UUID, revision: int
) -> None:
    """A proposed edition becomes a draft again, by who writes law."""
    await _move(
        dependencies, principal, edition_id, WRITE, "return law",
        lambda edition: edition.standing.returned(revision),
    )  # fmt: skip


async def refuse(
    dependencies: Dependencies, principal: Principal, edition_id: UUID, revision: int
) -> None:
    """A proposed edition becomes a draft again, by who might have approved it."""
    await _move(
        dependencies, principal, edition_id, APPROVE, "refuse law",
        lambda edition: edition.standing.returned(revision),
    )  # fmt: skip


async def withdraw(
    dependencies: Dependencies, principal: Principal, edition_id: UUID, revision: int
) -> None:
    """Give up an edition that is not in force."""

    def withdrawn(edition: StoredEdition) -> EditionStanding:
        return edition.standing.withdrawn(revision)

    await _move(dependencies, principal, edition_id, WRITE, "withdraw law", withdrawn)


async def approve(
    dependencies: Dependencies, principal: Principal, edition_id: UUID, revision: int
) -> None:
    """Put a proposed edition in force from its day on, in every replica, without a restart."""

    def approved(edition: StoredEdition) -> EditionStanding:
        return edition.standing.approved(principal.subject, revision)

    await _move(dependencies, principal, edition_id, APPROVE, "approve law", approved)


async def _move(
    dependencies: Dependencies,
    principal: Principal,
    edition_id: UUID,
    scope: str,
    action: str,
    moved: Callable[[StoredEdition], EditionStanding],
    document: LawDocument | None = None,
) -> None:
    """Store where `moved` puts a locked edition, and its `document` where that changed."""
    _require_person(principal)
    async with dependencies.database.transaction() as session:
        edition = await _found(session, edition_id, lock=True)
        try:
            standing = moved(edition)
        except Refused as refused:
            raise Conflict(str(refused), type=refused.name) from None
        await law_editions.save(session, edition_id, standing, document)
        await _record(session, principal, scope, action, edition_id)


async def _found(session: AsyncSession, edition_id: UUID, *, lock: bool = False) -> StoredEdition:
    edition = await law_editions.find(session, edition_id, lock=lock)
    if edition is None:
        raise NotFound("no such edition of the law")
    return edition


def _require_person(principal: Principal) -> None:
    if not principal.is_person:
        raise Forbidden("a person has to do this, signed in by name", type="person-required")


async def _record(
    session: AsyncSession, principal: Principal, scope: str, action: str, edition_id: UUID
) -> None:
    await record_read(
        session,
        principal,
        service=Settings.service,
        scope=scope,
        action=action,
        resource_kind="law edition",
        resource_ids=[str(edition_id)],
    )
