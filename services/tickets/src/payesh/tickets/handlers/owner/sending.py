"""Codes sent to owners: the citation looked up, its owner too, a message under the code's own id.

A crash between message and row sends the same code again under the same key, which the carrier
knows. Nothing is stored of the owner.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from payesh.kit.errors import DependencyFault, PayeshError
from payesh.tickets.adapters import citations, owner_codes, owner_copies
from payesh.tickets.adapters.counterparts.messages import Messages
from payesh.tickets.adapters.counterparts.owner_register import OwnerRegister
from payesh.tickets.adapters.owner_codes import CodeToSend
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain.owner_access import code_of
from payesh.tickets.handlers.owner.states import OPEN_TO_OWNER

log = structlog.get_logger(__name__)

_LEASE = timedelta(seconds=20)
_MOST_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class CodeSending:
    """What sending codes rests on; `word_code` words the message of a code,
    given with the page's address."""

    desk: Dependencies
    register: OwnerRegister
    messages: Messages
    word_code: Callable[[str, str], str]


async def send_codes(sending: CodeSending) -> None:
    """Send at most ten codes that were asked for. What fails is tried again while it is of use."""
    async with sending.desk.database.transaction() as session:
        due = await owner_codes.take(session, lease=_LEASE)
    for code in due:
        try:
            await _send(sending, code)
        except DependencyFault as fault:
            log.warning("code not sent", dependency=fault.dependency)
            if code.attempts >= _MOST_ATTEMPTS:
                await _settle(sending.desk, code)
        except PayeshError as error:
            log.warning("code not sent", reason=type(error).__name__)
            await _settle(sending.desk, code)


async def _send(sending: CodeSending, code: CodeToSend) -> None:
    desk = sending.desk
    async with desk.database.transaction() as session:
        citation_id = await owner_codes.numbered(session, code.number)
        citation = None if citation_id is None else await citations.find(session, citation_id)
        if citation is None or citation.standing.state not in OPEN_TO_OWNER:
            await owner_codes.settle(session, code.code_id)
            return
        # They take seconds, as the owner does until the code is typed.
        await owner_copies.ask(session, citation.citation_id)
    plate = citation.standing.plate_text or ""
    owner = await sending.register.owner_of(plate, citation_id=citation.citation_id)
    if owner is None:
        await _settle(desk, code)
        return
    async with desk.database.transaction() as session:
        await owner_codes.name_citation(session, code.code_id, citation.citation_id)
    text = sending.word_code(code_of(desk.owner_key, code.code_id), desk.owner_url or "")
    await sending.messages.send(owner, text, key=f"code:{code.code_id}")
    await _settle(desk, code)


async def _settle(desk: Dependencies, code: CodeToSend) -> None:
    async with desk.database.transaction() as session:
        await owner_codes.settle(session, code.code_id)
