"""The register of vehicles: whom to notify of a citation."""

from dataclasses import dataclass
from uuid import UUID

from payesh.kit.errors import DependencyFault
from payesh.tickets.adapters.counterparts.calling import Counterpart, CounterpartRefused

_NOT_FOUND = 404


@dataclass(frozen=True, slots=True, repr=False)
class Owner:
    """Where an owner is reached. It is never stored nor logged; `repr` does not show it."""

    telephone: str


class OwnerRegister:
    """`POST /v1/owners/lookup` with plate and citation; 404 for a plate that has no owner."""

    def __init__(self, counterpart: Counterpart) -> None:
        self._counterpart = counterpart

    async def owner_of(self, plate: str, *, citation_id: UUID) -> Owner | None:
        """Raises DependencyFault and CounterpartRefused."""
        asked = {"plate": plate, "citation_id": str(citation_id)}
        try:
            found = await self._counterpart.post(
                "/v1/owners/lookup", asked, key=f"owner:{citation_id}"
            )
        except CounterpartRefused as refused:
            if refused.status == _NOT_FOUND:
                return None
            raise
        telephone = found.get("telephone")
        if not isinstance(telephone, str) or not telephone:
            raise DependencyFault(self._counterpart.name, "an answer without a telephone")
        return Owner(telephone)
