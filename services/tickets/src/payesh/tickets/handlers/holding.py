"""Holding drafts that are doubtful by what is known of them, and setting a hold aside."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.plate_text import parse
from payesh.kit.errors import Conflict
from payesh.kit.principal import Principal
from payesh.tickets.adapters import holds
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain.desk import DRAFTED
from payesh.tickets.domain.holds import (
    Checks,
    HoldKind,
    Journey,
    Reach,
    SecondReaderRule,
    doubt_of,
    journey,
)
from payesh.tickets.domain.sighting import Sighting
from payesh.tickets.domain.standing import NOT_IN_THIS_STATE, Refusal
from payesh.tickets.domain.supervision import RETURNED
from payesh.tickets.handlers import actions
from payesh.tickets.handlers.taking import locked

_FACTS = ("second", "second_at_entry")
"""What the second reader read in the violation's shot and, of an average speed, at its entry."""
NOT_HELD = Refusal("not-held", "no such hold of this draft lasts")


async def examine(session: AsyncSession, citation: StoredCitation, checks: Checks) -> None:
    """Hold a draft of this transaction where its plate cannot be on such a vehicle, or was seen too
    far away; the other sighting is held too while it is undecided. The caller holds the plate, so
    that of two drafted at once one finds the other."""
    plate = parse(citation.standing.plate_text or "")
    letter = None if plate is None else plate.letter
    if checks.classes.forbid(letter, citation.vehicle_class):
        facts = {"letter": letter, "vehicle_class": citation.vehicle_class}
        await holds.place(session, citation.citation_id, HoldKind.CLASS_MISMATCH, facts)
    await _examine_readings(session, citation, checks.second_reader)
    if not checks.reach.window:
        return
    around = await holds.sightings_around(session, citation, checks.reach.window)
    for other, way in _out_of_reach(citation, around, checks.reach):
        await _hold_both(session, citation, other, way)


async def _examine_readings(
    session: AsyncSession, citation: StoredCitation, rule: SecondReaderRule
) -> None:
    """Hold a draft whose plate the second reader did not confirm, but one that two officers read:
    what networks made of the plate before says nothing against them."""
    standing, evidence = citation.standing, citation.evidence
    corrected = standing.correction is not None and standing.correction.is_confirmed
    if evidence is None or standing.plate_text is None or corrected:
        return
    opinions = evidence.second_opinions
    seconds = [None if each is None else each.text or "" for each in opinions]
    doubt = doubt_of(standing.plate_text, seconds, rule)
    if doubt is None:
        return
    facts = dict(zip(_FACTS, seconds, strict=False)) if doubt is HoldKind.READERS_DISAGREE else {}
    await holds.place(session, citation.citation_id, doubt, facts)


def _out_of_reach(
    citation: StoredCitation, around: Sequence[StoredCitation], reach: Reach
) -> Iterator[tuple[StoredCitation, Journey]]:
    for other in around:
        here, there = _sighting(citation), _sighting(other)
        if here is None or there is None or other.camera_id == citation.camera_id:
            continue
        clocks = timedelta(milliseconds=citation.clock_u95_ms + other.clock_u95_ms)
        way = journey(here, there, clocks)
        if reach.forbids(way):
            yield other, way


async def _hold_both(
    session: AsyncSession, citation: StoredCitation, other: StoredCitation, way: Journey
) -> None:
    for held, seen in ((citation, other), (other, citation)):
        if held.standing.state in holds.UNDECIDED:
            await holds.place(session, held.citation_id, HoldKind.CLONED_PLATE, _facts(seen, way))


def _facts(other: StoredCitation, way: Journey) -> dict[str, Any]:
    return {
        "other": str(other.citation_id),
        "camera_id": other.camera_id,
        "metres": round(way.metres),
        "seconds": round(way.seconds, 1),
        "kmh": round(way.kmh),
    }


def _sighting(citation: StoredCitation) -> Sighting | None:
    evidence = citation.evidence
    if evidence is None:
        return None
    return Sighting(citation.camera_id, citation.captured_at, evidence.latitude, evidence.longitude)


async def examine_anew(
    session: AsyncSession, citation: StoredCitation, checks: Checks, *, by: str, note: str
) -> None:
    """Hold a draft, whose plate is another now, for what is doubtful of that plate alone."""
    await holds.end(session, citation.citation_id, by=by, note=note)
    await examine(session, citation, checks)


async def set_aside(
    dependencies: Dependencies, principal: Principal, citation_id: UUID, kind: HoldKind, note: str
) -> StoredCitation:
    """Let a held draft be issued in spite of a hold, with the reason. Raises Conflict where no such
    hold lasts, and what `locked` raises."""
    action = actions.SET_HOLD_ASIDE
    async with locked(dependencies, principal, citation_id, action) as (session, citation):
        if citation.standing.state not in (DRAFTED.name, RETURNED.name):
            raise Conflict(NOT_IN_THIS_STATE.text, type=NOT_IN_THIS_STATE.name)
        ended = await holds.end(session, citation_id, by=principal.subject, note=note, kind=kind)
        if not ended:
            raise Conflict(NOT_HELD.text, type=NOT_HELD.name)
        return replace(citation, holds=tuple(await holds.lasting(session, citation_id)))
