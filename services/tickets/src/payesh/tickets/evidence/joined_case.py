"""A violation joined with its plate read and priced: what an evidence bundle is built of."""

from dataclasses import dataclass
from uuid import UUID

from payesh.contracts import PlateRead, ViolationDetected
from payesh.contracts.tickets import LawReference


@dataclass(frozen=True, slots=True)
class JoinedCase:
    """`law_basis` is `law.json` as written at the join; None where an older version joined it and
    kept no rows. `entry_read` is the read where the stretch of an average speed begins."""

    citation_id: UUID
    violation: ViolationDetected
    read: PlateRead
    law: LawReference
    law_basis: str | None
    entry_read: PlateRead | None = None
