"""Second looks in the database: what was drawn, who decides it again, and the rates of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    exists,
    func,
    insert,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit.bounds import within
from payesh.kit.principal import Bounds
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.adapters.tables import camera_suspensions, citations, second_looks
from payesh.tickets.domain.desk import DECIDED, DRAFTED, ISSUED
from payesh.tickets.domain.second_look import LONGEST_WAIT, WrongfulRate
from payesh.tickets.domain.warning import WARNED

_EVER = datetime(1970, 1, 1, tzinfo=UTC)

Of = Literal["camera_id", "rule", "first_officer"]
"""Whose rate: a camera's, an offence's, an officer's."""


async def draw(session: AsyncSession, final: StoredCitation) -> None:
    """Let a decision that is final be decided again."""
    await session.execute(
        insert(second_looks).values(
            citation_id=final.citation_id,
            camera_id=final.camera_id,
            county=final.county,
            road_class=final.road_class,
            rule=final.rule,
            first_officer=final.standing.decided_by,
            first_issued=final.standing.state in (ISSUED.name, WARNED.name),
        )
    )


async def claim_next(
    session: AsyncSession, bounds: Bounds, *, officer: str, lease: timedelta
) -> UUID | None:
    """Hold what was drawn first, of what others decided and nobody else holds; None: nothing."""
    table = second_looks
    now = func.clock_timestamp()
    free = or_(table.c.claimed_by.is_(None), table.c.claimed_until <= now)
    following = (
        select(table.c.citation_id)
        .where(
            within(table, bounds),
            _waiting(),
            table.c.first_officer != officer,
            or_(free, table.c.claimed_by == officer),
        )
        .order_by(table.c.drawn_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    found: UUID | None = await session.scalar(
        update(table)
        .where(table.c.citation_id == following.scalar_subquery())
        .values(claimed_by=officer, claimed_until=now + lease)
        .returning(table.c.citation_id)
    )
    return found


async def open_to(
    session: AsyncSession, citation_ids: Collection[UUID], officer: str
) -> dict[UUID, datetime | None]:
    """Of these citations those whose second look is open and whose first decision is another
    officer's; each with until when this officer holds the look, None where the officer does not."""
    table = second_looks
    rows = await session.execute(
        select(table.c.citation_id, case((_held_by(officer), table.c.claimed_until))).where(
            table.c.citation_id.in_(citation_ids), _open_beside(officer)
        )
    )
    return dict(rows.tuples().all())


async def is_open(session: AsyncSession, citation_id: UUID) -> bool:
    """Whether its decision is still to be taken again."""
    table = second_looks
    waiting = exists().where(table.c.citation_id == citation_id, _waiting())
    return bool(await session.scalar(select(waiting)))


def shown_blind(shown: ColumnElement[bool], state: str, officer: str) -> ColumnElement[bool]:
    """Citations that this officer sees in a state, where `shown` are those that stand in it: an
    open look is seen as claimed by its holder and as decided by others, however it was decided."""
    table = second_looks
    of_it = exists().where(table.c.citation_id == citations.c.citation_id, _open_beside(officer))
    held = of_it.where(_held_by(officer))
    if state == DRAFTED.held_as:
        return or_(shown, held)
    if state == DECIDED.name:
        return or_(shown, and_(of_it, not_(held)))
    return and_(shown, not_(of_it))


def _open_beside(officer: str) -> ColumnElement[bool]:
    return and_(_waiting(), second_looks.c.first_officer != officer)


def _waiting() -> ColumnElement[bool]:
    """Looks that are still to be taken; the others were, or have lapsed."""
    drawn_after = func.clock_timestamp() - LONGEST_WAIT
    return and_(second_looks.c.looked_at.is_(None), second_looks.c.drawn_at > drawn_after)


def _held_by(officer: str) -> ColumnElement[bool]:
    table = second_looks
    return and_(table.c.claimed_by == officer, table.c.claimed_until > func.clock_timestamp())


async def decide(
    session: AsyncSession, citation_id: UUID, officer: str, *, issued: bool, reason: str | None
) -> bool:
    """Whether it was stored: the officer held it, and had not decided it the first time."""
    table = second_looks
    stored = await session.scalar(
        update(table)
        .where(
            table.c.citation_id == citation_id,
            _waiting(),
            table.c.claimed_by == officer,
            table.c.claimed_until > func.clock_timestamp(),
        )
        .values(
            second_officer=officer,
            second_issued=issued,
            reason=reason,
            looked_at=func.clock_timestamp(),
        )
        .returning(table.c.citation_id)
    )
    return stored is not None


async def rate_of_camera(session: AsyncSession, camera_id: str) -> WrongfulRate:
    """Over the second looks since the camera's last suspension was lifted."""
    table, lifted = second_looks, camera_suspensions
    # Two looks at one camera that commit together would each miss the other's.
    lock = func.pg_advisory_xact_lock(func.hashtextextended(camera_id, 0))
    await session.execute(select(lock))
    since = select(func.max(lifted.c.lifted_at)).where(lifted.c.camera_id == camera_id)
    row = (
        await session.execute(
            select(func.count().filter(table.c.second_issued.is_(False)), func.count()).where(
                table.c.camera_id == camera_id,
                table.c.first_issued,
                table.c.looked_at > func.coalesce(since.scalar_subquery(), _EVER),
            )
        )
    ).one()
    return WrongfulRate(*row)


async def rates(
    session: AsyncSession, bounds: Bounds, of: Of, *, limit: int = 50
) -> Sequence[tuple[str, WrongfulRate]]:
    """Rates within the bounds, by camera, offence or officer; most wrongful first."""
    table = second_looks
    wrongful = func.count().filter(table.c.second_issued.is_(False))
    rows = await session.execute(
        select(table.c[of], wrongful, func.count())
        .where(within(table, bounds), table.c.first_issued, table.c.looked_at.is_not(None))
        .group_by(table.c[of])
        .order_by(wrongful.desc(), func.count().desc(), table.c[of])
        .limit(limit)
    )
    return [(name, WrongfulRate(wrong, looked)) for name, wrong, looked in rows]


@dataclass(frozen=True, slots=True)
class Looks:
    """Second looks within bounds; `agreed` of `looked` led to the same decision. Those of `lapsed`
    nobody took: what they would have found is in no rate."""

    waiting: int
    lapsed: int
    looked: int
    agreed: int


async def looks(session: AsyncSession, bounds: Bounds) -> Looks:
    table = second_looks
    same = and_(table.c.looked_at.is_not(None), table.c.first_issued == table.c.second_issued)
    row = await session.execute(
        select(
            func.count().filter(_waiting()),
            func.count().filter(and_(table.c.looked_at.is_(None), not_(_waiting()))),
            func.count().filter(table.c.looked_at.is_not(None)),
            func.count().filter(same),
        ).where(within(table, bounds))
    )
    return Looks(*row.one())


async def disputed(session: AsyncSession, bounds: Bounds, *, limit: int = 20) -> Sequence[UUID]:
    """Issued citations that the second officer rejected, the newest first."""
    table = second_looks
    found = await session.scalars(
        select(table.c.citation_id)
        .where(within(table, bounds), table.c.first_issued, table.c.second_issued.is_(False))
        .order_by(table.c.looked_at.desc())
        .limit(limit)
    )
    return list(found)
