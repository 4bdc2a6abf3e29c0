"""Events of `tickets`."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from payesh.contracts.event import CameraEvent, CapturedEvent, deterministic_id
from payesh.contracts.values import Measurement, ObjectReference, Plate, UtcTime, Uuid, Value
from payesh.contracts.vocabulary import Term


class LawReference(Value):
    """The row of the dated law table that priced a citation; a null amount was not found in law."""

    table: Annotated[str, Field(min_length=1, max_length=64)]
    table_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    offence_code: Annotated[str, Field(pattern=r"^[0-9]{3,6}$")]
    decree: Annotated[str, Field(min_length=1, max_length=200)]
    amount_rial: Annotated[int, Field(ge=0)] | None


class CitationDrafted(CapturedEvent):
    """A violation and a read were joined and the clip is stored: an officer may claim it."""

    topic: ClassVar[str] = "tickets.citation.drafted.v1"

    citation_id: Uuid
    violation_id: Uuid
    passage_id: Uuid
    rule: Term
    plate: Plate
    measurement: Measurement
    law: LawReference
    manifest: ObjectReference
    clip: ObjectReference
    drafted_at: UtcTime

    def key(self) -> str:
        return str(self.citation_id)

    def event_id(self) -> UUID:
        return deterministic_id(self.topic, self.citation_id)


class CitationIssued(CameraEvent):
    """An officer checked the evidence and issued the citation."""

    topic: ClassVar[str] = "tickets.citation.issued.v1"

    citation_id: Uuid
    number: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9a-z][0-9a-z._-]{0,79}$")] = Field(
        description="Jalali year, a hyphen, and what is unique in that year"
    )
    law: LawReference
    officer: Annotated[str, Field(min_length=1, max_length=128)]
    issued_at: UtcTime
    plate: Plate | None = Field(
        default=None,
        description="where two officers corrected the drafted plate: the one that it is issued to",
    )

    def key(self) -> str:
        return str(self.citation_id)

    def event_id(self) -> UUID:
        return deterministic_id(self.topic, self.citation_id)


class CitationRejected(CameraEvent):
    """A citation ended without a bill: an officer's decision, or a rule before any officer."""

    topic: ClassVar[str] = "tickets.citation.rejected.v1"

    citation_id: Uuid
    violation_id: Uuid
    reason: Term
    officer: Annotated[str, Field(min_length=1, max_length=128)] | None = Field(
        description="null when a rule rejected it"
    )
    rejected_at: UtcTime

    def key(self) -> str:
        return str(self.citation_id)

    def event_id(self) -> UUID:
        return deterministic_id(self.topic, self.citation_id)


class CitationObjected(CameraEvent):
    """The holder objected within the legal time."""

    topic: ClassVar[str] = "tickets.citation.objected.v1"

    citation_id: Uuid
    objection_id: Uuid
    objected_at: UtcTime

    def key(self) -> str:
        return str(self.citation_id)

    def event_id(self) -> UUID:
        return deterministic_id(self.topic, self.objection_id)


class CitationClosed(CameraEvent):
    """Nothing more is owed or decided."""

    topic: ClassVar[str] = "tickets.citation.closed.v1"

    citation_id: Uuid
    reason: Term
    closed_at: UtcTime

    def key(self) -> str:
        return str(self.citation_id)

    def event_id(self) -> UUID:
        return deterministic_id(self.topic, self.citation_id)
