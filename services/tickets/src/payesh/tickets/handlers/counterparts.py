"""What an installation has of the systems of others; any may be absent."""

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import SecretStr

from payesh.tickets.adapters.counterparts.calling import Counterpart
from payesh.tickets.adapters.counterparts.messages import Messages
from payesh.tickets.adapters.counterparts.owner_register import OwnerRegister
from payesh.tickets.adapters.counterparts.payment_gateway import PaymentGateway
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.handlers.owner.sending import CodeSending
from payesh.tickets.handlers.reaching import Reaching
from payesh.tickets.settings import Settings


@dataclass(frozen=True, slots=True)
class Counterparts:
    """None where one is not set up."""

    register: OwnerRegister | None
    messages: Messages | None
    gateway: PaymentGateway | None

    @property
    def reaches_owners(self) -> bool:
        return self.register is not None and self.messages is not None

    def reaching(
        self, desk: Dependencies, word_message: Callable[[StoredCitation, str | None], str]
    ) -> Reaching | None:
        """What notifies owners; None where it takes a clerk."""
        if self.register is None or self.messages is None:
            return None
        return Reaching(desk, self.register, self.messages, word_message)

    def code_sending(
        self, desk: Dependencies, word_code: Callable[[str, str], str]
    ) -> CodeSending | None:
        """What sends codes to owners; None where there is no owner's page."""
        if self.register is None or self.messages is None or not desk.owner_key:
            return None
        return CodeSending(desk, self.register, self.messages, word_code)

    def notices(self) -> dict[str, str]:
        """For `/readyz`: what an operator may have forgotten, no fault."""
        states = {
            "owner register": self.register,
            "messages": self.messages,
            "payment gateway": self.gateway,
        }
        return {name: "absent" for name, found in states.items() if found is None}


def counterparts_of(settings: Settings) -> Counterparts:
    """Nothing connects before it is used."""
    register = _at("owner register", settings.owner_register_url, settings.owner_register_secret)
    messages = _at("messages", settings.messages_url, settings.messages_secret)
    gateway = _at("payment gateway", settings.payments_url, settings.payments_secret)
    return Counterparts(
        None if register is None else OwnerRegister(register),
        None if messages is None else Messages(messages),
        None if gateway is None else PaymentGateway(gateway),
    )


def _at(name: str, url: str | None, secret: SecretStr) -> Counterpart | None:
    if url is None:
        return None
    return Counterpart(name, url, secret.get_secret_value().encode())
