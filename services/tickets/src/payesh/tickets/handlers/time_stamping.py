"""Time-stamps of what was decided, by an authority: asked for afterwards, so that an authority that
does not answer keeps no officer waiting."""

from dataclasses import dataclass
from datetime import timedelta

from payesh.kit.database import Database
from payesh.kit.objects import ObjectStore
from payesh.tickets import metrics
from payesh.tickets.adapters import decision_statements
from payesh.tickets.adapters.decision_statements import SignedDecision
from payesh.tickets.adapters.time_stamp_authority import TimeStampAuthority
from payesh.tickets.evidence.bundling import EVIDENCE
from payesh.tickets.evidence.statement import Signer, Statement
from payesh.tickets.settings import Settings
from payesh.verify.statements import TIME_STAMP_TYP
from payesh.verify.time_stamps import claims_of, file_name

_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Stamping:
    """What time-stamping rests on; `lasts` is how long a decision is kept under lock."""

    database: Database
    store: ObjectStore
    signer: Signer
    authority: TimeStampAuthority
    lasts: timedelta


def stamping_of(
    settings: Settings, database: Database, store: ObjectStore, signer: Signer | None
) -> Stamping | None:
    """None where no authority is set up, or nothing is signed. Raises SettingsError."""
    authority = TimeStampAuthority.of(settings.time_stamp_url, settings.time_stamp_roots)
    if authority is None or signer is None:
        return None
    lasts = timedelta(days=settings.issued_retention_days)
    return Stamping(database, store, signer, authority, lasts)


async def stamp_decisions(stamping: Stamping) -> None:
    """Have at most 20 decisions time-stamped, each in a transaction of its own; the stamp lies
    beside its decision, in the database and under lock. The newest first: a stamp is worth the more
    the sooner it is made, and what waits since an outage has lost that. Raises DependencyFault; the
    rest is asked for later."""
    for _ in range(_AT_ONCE):
        async with stamping.database.transaction() as session:
            metrics.stamps_waiting.set(await decision_statements.not_stamped(session))
            decision = await decision_statements.lock_not_stamped(session)
            if decision is None:
                return
            signed = await _stamped(stamping, decision)
            await decision_statements.note_stamp(session, decision, signed)


async def _stamped(stamping: Stamping, decision: SignedDecision) -> str:
    answer = await stamping.authority.stamp(decision.statement)
    claims = claims_of(decision.statement, str(decision.citation_id), answer)
    signed = stamping.signer.sign(Statement(TIME_STAMP_TYP, claims))
    await stamping.store.put(
        EVIDENCE,
        f"{decision.citation_id}/{file_name(decision.sequence)}",
        signed.encode(),
        media_type="application/jose",
        retain_until=decision.made_at + stamping.lasts,
    )
    return signed
