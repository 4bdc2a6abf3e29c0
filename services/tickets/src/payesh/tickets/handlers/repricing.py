"""Drafts that the law had no amount or code for are priced again when the law changes."""

from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit.database import Database
from payesh.kit.errors import DependencyFault
from payesh.kit.objects import ObjectStore
from payesh.tickets import metrics
from payesh.tickets.adapters import decision_statements, unpriced
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.adapters.violations import offence_of
from payesh.tickets.domain.assessment import assess_offence
from payesh.tickets.domain.law_book import LawBook
from payesh.tickets.domain.rejection import Rejection
from payesh.tickets.evidence.bundling import BundleRules
from payesh.tickets.evidence.law_basis import basis_of, reference_of
from payesh.tickets.evidence.repricing import kept_manifest, kept_violation, repriced
from payesh.tickets.evidence.statement import Signer
from payesh.tickets.handlers.law_reading import brought_up

log = structlog.get_logger(__name__)

_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class RepricingDependencies:
    database: Database
    store: ObjectStore
    law: LawBook
    rules: BundleRules
    signer: Signer | None


async def reprice(dependencies: RepricingDependencies) -> None:
    """Ask the law of now about drafts that it was not asked about yet, at most 50. One that it has
    an amount and a code for, and does not let pass, is priced by it and may be issued; the others
    stay held. Raises DependencyFault; nothing is half done then."""
    for _ in range(_AT_ONCE):
        if not await _reprice_one(dependencies):
            return


async def _reprice_one(dependencies: RepricingDependencies) -> bool:
    """Whether there was one. Its row is held meanwhile: nobody decides it on the former law."""
    async with dependencies.database.transaction() as session:
        book = await brought_up(session, dependencies.law)
        citation = await unpriced.lock_one(session, book.name)
        if citation is None:
            return False
        try:
            await _price(dependencies, session, citation, book)
        except DependencyFault:
            raise
        except Exception:  # held as before: a person sees it in the queue
            log.exception("not priced again", citation=str(citation.citation_id))
        await unpriced.note_asked(session, citation.citation_id, book.name)
    return True


async def _price(
    dependencies: RepricingDependencies,
    session: AsyncSession,
    citation: StoredCitation,
    book: LawBook,
) -> None:
    evidence = citation.evidence
    if evidence is None or await decision_statements.of(session, citation.citation_id):
        return  # its statements are of the manifest that was decided on
    manifest = await kept_manifest(evidence, dependencies.store)
    offence = offence_of(await kept_violation(manifest, dependencies.store))
    table = book.law_on(offence.captured_on)
    # Assessed as it was when it was drafted: this law may let pass what the former one did not.
    price = assess_offence(offence, table)
    if isinstance(price, Rejection) or not price.is_issuable:
        return
    law = reference_of(table, price)
    record = await repriced(
        evidence,
        manifest,
        law,
        basis_of(table, price, offence.captured_on),
        store=dependencies.store,
        rules=dependencies.rules,
        signer=dependencies.signer,
    )
    await unpriced.set_price(session, citation.citation_id, law, record)
    metrics.repriced.inc()
    log.info("priced again", citation=str(citation.citation_id), table=table.sha256)
