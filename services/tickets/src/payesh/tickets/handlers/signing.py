"""Signing what was decided, in the transaction that decides it."""

from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.tickets.adapters import decision_statements
from payesh.tickets.adapters.clock import require_clock
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.domain.standing import Standing, Step
from payesh.tickets.evidence.statement import Signer, of_decision


async def sign_decision(
    signer: Signer | None,
    session: AsyncSession,
    citation: StoredCitation,
    after: Standing,
    step: Step,
) -> None:
    """Add the signed statement of a citation that stands elsewhere now.

    A bundle that was built without a key has no chain of statements to continue. Raises
    DependencyFault while no key can sign or this host's clock is wrong: then nothing is decided.
    """
    evidence = citation.evidence
    if signer is None or evidence is None or evidence.statement is None:
        return
    await require_clock(session)
    before = await decision_statements.of(session, citation.citation_id)
    previous = sha256(before[-1].encode()).hexdigest() if before else evidence.statement.sha256
    statement = of_decision(
        citation.citation_id,
        after,
        manifest_sha256=evidence.manifest.sha256,
        previous_sha256=previous,
        sequence=len(before) + 1,
        officer=step.by,
        decided_at=step.at,
        same_as=citation.same_as,
    )
    sequence = len(before) + 1
    signed = signer.sign(statement)
    await decision_statements.add(session, citation.citation_id, sequence, signed)
