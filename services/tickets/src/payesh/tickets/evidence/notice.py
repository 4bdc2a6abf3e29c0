"""What a notice is made of: an issued citation as it is stored, and pictures fit for its owner."""

from dataclasses import dataclass
from typing import Protocol

from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.domain.law import Terms
from payesh.tickets.evidence.law_basis import LawBasis
from payesh.tickets.evidence.masking import Picture


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """Nothing here is priced or measured again. `basis` is None of evidence from before the law's
    rows were kept; `owner_url` None where the installation has no owner's page."""

    citation: StoredCitation
    basis: LawBasis | None
    terms: Terms
    pictures: tuple[Picture, ...]
    owner_url: str | None


class Printer(Protocol):
    """Makes the notice; the same facts make the same bytes."""

    def __call__(self, facts: NoticeFacts) -> bytes:
        """A PDF. Blocks. Raises ValueError for a citation that was not issued."""
