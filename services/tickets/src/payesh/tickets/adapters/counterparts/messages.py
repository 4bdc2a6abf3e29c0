"""Short messages to telephones."""

from payesh.kit.errors import DependencyFault
from payesh.tickets.adapters.counterparts.calling import Counterpart
from payesh.tickets.adapters.counterparts.owner_register import Owner

_LONGEST = 128


class Messages:
    """`POST /v1/messages` with telephone and text; the answer's `reference` is the carrier's."""

    def __init__(self, counterpart: Counterpart) -> None:
        self._counterpart = counterpart

    async def send(self, owner: Owner, text: str, *, key: str) -> str:
        """The carrier's reference; the same `key` is one message. Raises DependencyFault and
        CounterpartRefused."""
        body = {"telephone": owner.telephone, "text": text}
        reference = (await self._counterpart.post("/v1/messages", body, key=key)).get("reference")
        if not isinstance(reference, str) or not 0 < len(reference) <= _LONGEST:
            raise DependencyFault(self._counterpart.name, "an answer without a reference")
        return reference
