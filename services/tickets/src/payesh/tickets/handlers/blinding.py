"""What a person may not see of a decision: the first one before having decided again, another's
while it can still be undone, and a plate that another corrected before having read it.

Any officer may be given any second look. So an open one hides its decision from every person, not
from its holder alone: a list that was read before would tell as much. Scopes decide nothing here: a
token has those that its holder asked for, who may ask for more in the next one.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit.principal import Principal
from payesh.tickets.adapters import second_looks
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.domain import desk
from payesh.tickets.domain.correction import CORRECTED
from payesh.tickets.domain.standing import Hold, Standing


def looker(principal: Principal) -> str | None:
    """The person who may be given second looks; None for a machine, which decides nothing."""
    return principal.subject if principal.is_person else None


async def blind(
    session: AsyncSession, citation: StoredCitation, principal: Principal
) -> StoredCitation:
    """The citation as this person may see it."""
    (shown,) = await blinded(session, [citation], principal)
    return shown


async def blinded(
    session: AsyncSession, found: Sequence[StoredCitation], principal: Principal
) -> Sequence[StoredCitation]:
    """Citations as this person may see them: one that the person is to decide again is the draft
    that it was, one whose second look is open is decided, without what was decided."""
    officer = looker(principal)
    if officer is None or not found:
        return found
    ids = [each.citation_id for each in found]
    open_looks = await second_looks.open_to(session, ids, officer)
    return [
        _open(each, officer, open_looks[each.citation_id])
        if each.citation_id in open_looks
        else _as_seen_by_another(each, officer)
        for each in found
    ]


def _open(citation: StoredCitation, officer: str, until: datetime | None) -> StoredCitation:
    plate = citation.standing.plate_text
    if until is None or plate is None:
        return _without_outcome(citation)
    draft = replace(desk.drafted(plate), hold=Hold(officer, until))
    return replace(citation, standing=draft, is_second_look=True)


def _as_seen_by_another(citation: StoredCitation, officer: str) -> StoredCitation:
    standing = citation.standing
    correction = standing.correction
    if standing.state == CORRECTED.name and correction is not None and correction.by != officer:
        unread = replace(standing, correction=None, note=None)
        return replace(citation, standing=unread, is_plate_hidden=True)
    # It may be drawn when it is final, and is not published before.
    if standing.state != desk.DECIDED.name or standing.decided_by == officer:
        return citation
    return _without_outcome(citation)


def _without_outcome(citation: StoredCitation) -> StoredCitation:
    standing = Standing(desk.DECIDED.name, citation.standing.plate_text)
    return replace(citation, standing=standing, is_outcome_hidden=True)
