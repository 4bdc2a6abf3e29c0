"""An owner asks for a code, and comes in with it. No answer depends on whether a number exists:
asking looks up no citation, and a wrong code is refused, counted and recorded alike."""

from uuid import uuid4

from payesh.tickets.adapters import citations, owner_codes, owner_copies, owner_sessions
from payesh.tickets.adapters.owner_sessions import OwnerSession
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain.owner_access import (
    FAILURES_PER_SENDER,
    PER_NUMBER,
    PER_SENDER,
    is_code,
    is_within,
    sender_digest,
)
from payesh.tickets.handlers.actions import OWNER_OPEN
from payesh.tickets.handlers.owner.recording import record_failure, record_look


async def ask_for_code(dependencies: Dependencies, number: str, sender: str) -> bool:
    """A code is sent soon, if there is such a citation; False where too many were asked for."""
    digest = sender_digest(dependencies.owner_key, sender)
    async with dependencies.database.transaction() as session:
        await owner_codes.hold(session, digest, number)
        of_number = await owner_codes.asked_for(session, number)
        of_sender = await owner_codes.asked_by(session, digest)
        if not (
            is_within(PER_NUMBER, of_number.at, of_number.now)
            and is_within(PER_SENDER, of_sender.at, of_sender.now)
        ):
            return False
        await owner_codes.add(session, number, digest)
    return True


async def open_with_code(
    dependencies: Dependencies, number: str, typed: str, sender: str
) -> str | None:
    """The cookie of a new session; None for a wrong code, and for a sender of too many."""
    key = dependencies.owner_key
    digest = sender_digest(key, sender)
    async with dependencies.database.transaction() as session:
        await owner_codes.hold(session, digest, number)
        failed = await owner_codes.failed_by(session, digest)
        if not is_within(FAILURES_PER_SENDER, failed.at, failed.now):
            return None
        live = await owner_codes.live(session, number)
        # All are compared, and one that was never asked for where there is none.
        ids = [each.code_id for each in live] or [uuid4()]
        fits = [is_code(key, code_id, typed) for code_id in ids]
        opened = [each.citation_id for each, fit in zip(live, fits, strict=False) if fit]
        citation_id = opened[0] if opened else None
        citation = None if citation_id is None else await citations.find(session, citation_id)
        if citation is None:
            await owner_codes.note_failure(session, number, digest)
            known = next((each.citation_id for each in live if each.citation_id), None)
            await record_failure(dependencies, session, number, known)
            return None
        await owner_codes.use(session, number)
        await owner_copies.ask(session, citation.citation_id)
        await record_look(dependencies, session, citation, OWNER_OPEN)
        return await owner_sessions.begin(session, citation.citation_id)


async def session_of(dependencies: Dependencies, cookie: str) -> OwnerSession | None:
    """The session of a browser's cookie, while it lasts."""
    if not cookie or dependencies.owner_key == b"":
        return None
    async with dependencies.database.transaction() as session:
        return await owner_sessions.find(session, cookie)


async def end(dependencies: Dependencies, cookie: str) -> None:
    """The browser's session is over."""
    async with dependencies.database.transaction() as session:
        await owner_sessions.end(session, cookie)
