"""Owners reached by a message: looked up, sent the notice's address, recorded as notified.

Nothing is stored of an owner but the carrier's reference. A crash between message and record sends
the same message again under the same key, which the carrier knows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from payesh.kit.errors import Conflict, DependencyFault, PayeshError
from payesh.tickets.adapters import citations, notification_jobs, second_looks
from payesh.tickets.adapters.counterparts.calling import CounterpartRefused
from payesh.tickets.adapters.counterparts.messages import Messages
from payesh.tickets.adapters.counterparts.owner_register import OwnerRegister
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain.desk import ISSUED
from payesh.tickets.handlers.noticing import notice_of
from payesh.tickets.handlers.notifying import be_notified

log = structlog.get_logger(__name__)

_LEASE = timedelta(minutes=2)
NOTIFIER = "notifier"
"""Who notifies an owner by message: no person, and no subject of a token."""


@dataclass(frozen=True, slots=True)
class Reaching:
    """What reaching owners rests on; `word_message` words the message of a citation."""

    desk: Dependencies
    register: OwnerRegister
    messages: Messages
    word_message: Callable[[StoredCitation, str | None], str]


async def notify_owners(reaching: Reaching) -> None:
    """Notify at most twenty owners that are due. What fails is tried again later, and keeps no
    other waiting."""
    async with reaching.desk.database.transaction() as session:
        due = await notification_jobs.take(session, lease=_LEASE)
    for citation_id in due:
        try:
            await _notify(reaching, citation_id)
        except DependencyFault as fault:
            await _note(reaching, citation_id, f"{fault.dependency}-away")
        except CounterpartRefused as refused:
            await _note(reaching, citation_id, f"refused-{refused.status}", for_good=True)
        except Conflict as conflict:
            await _note(reaching, citation_id, conflict.type)
        except PayeshError:
            log.exception("owner not notified", citation=str(citation_id))
            await _note(reaching, citation_id, "notice-not-made")


async def _notify(reaching: Reaching, citation_id: UUID) -> None:
    desk = reaching.desk
    async with desk.database.transaction() as session:
        citation = await citations.find(session, citation_id)
        is_open = await second_looks.is_open(session, citation_id)
        if citation is None or citation.standing.state != ISSUED.name:
            await notification_jobs.finish(session, citation_id)
            return
        if is_open:
            return  # it comes round again when the lease is over, and counts no try
    plate = citation.standing.plate_text or ""
    owner = await reaching.register.owner_of(plate, citation_id=citation_id)
    if owner is None:
        await _note(reaching, citation_id, "owner-unknown", for_good=True)
        return
    await notice_of(desk, citation)
    text = reaching.word_message(citation, desk.owner_url)
    reference = await reaching.messages.send(owner, text, key=f"notice:{citation_id}")
    async with desk.database.transaction() as session:
        locked = await citations.lock(session, citation_id)
        if locked is None:
            return
        await be_notified(
            desk,
            session,
            locked,
            by=NOTIFIER,
            channel="sms",
            reference=reference,
            notified_at=locked.now,
        )
        await notification_jobs.finish(session, citation_id)


async def _note(
    reaching: Reaching, citation_id: UUID, fault: str, *, for_good: bool = False
) -> None:
    async with reaching.desk.database.transaction() as session:
        await notification_jobs.note_fault(session, citation_id, fault, for_good=for_good)
