"""Payments that an owner makes at a bank's gateway."""

from dataclasses import dataclass
from uuid import UUID

from payesh.kit.errors import DependencyFault
from payesh.tickets.adapters.counterparts.calling import Counterpart


@dataclass(frozen=True, slots=True)
class Begun:
    """A payment that the gateway expects; the owner's browser goes to `address`."""

    reference: str
    address: str


class PaymentGateway:
    """`POST /v1/payments` with citation, amount and where to come back to; what was paid comes as
    a signed call to `POST /v1/payments/callback`."""

    def __init__(self, counterpart: Counterpart) -> None:
        self._counterpart = counterpart

    @property
    def secret(self) -> bytes:
        """With which its calls to us are signed."""
        return self._counterpart.secret

    async def begin(
        self, citation_id: UUID, amount_rial: int, *, return_to: str, key: str
    ) -> Begun:
        """Raises DependencyFault and CounterpartRefused."""
        body = {
            "citation_id": str(citation_id),
            "amount_rial": amount_rial,
            "return_to": return_to,
        }
        found = await self._counterpart.post("/v1/payments", body, key=key)
        reference, address = found.get("reference"), found.get("address")
        if not (isinstance(reference, str) and isinstance(address, str)):
            raise DependencyFault(self._counterpart.name, "an answer without an address")
        if not address.startswith(("https://", "http://")):
            raise DependencyFault(self._counterpart.name, "an address of another kind")
        return Begun(reference, address)
