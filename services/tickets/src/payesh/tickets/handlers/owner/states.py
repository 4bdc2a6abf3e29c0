"""Of which citations an owner may see the case: what the owner was notified of, whatever became of
it."""

from payesh.tickets.domain import dues, objection
from payesh.tickets.domain.supervision import VOID

OPEN_TO_OWNER = frozenset(
    {
        dues.NOTIFIED.name,
        dues.OVERDUE.name,
        dues.PAID.name,
        dues.CLOSED.name,
        objection.OBJECTED.name,
        objection.UPHELD.name,
        objection.REDUCED.name,
        objection.CANCELLED.name,
        VOID.name,
    }
)
