"""Settings of plates; each is read from `PAYESH_<NAME>` or a secret file of that name."""

from typing import ClassVar

from pydantic import Field

from payesh.kit.settings import (
    AuditSettings,
    BusSettings,
    DatabaseSettings,
    HttpSettings,
    ObjectSettings,
    PeerSettings,
    TelemetrySettings,
)


class Settings(
    HttpSettings,
    BusSettings,
    DatabaseSettings,
    ObjectSettings,
    PeerSettings,
    AuditSettings,
    TelemetrySettings,
):
    service: ClassVar[str] = "plates"

    reading_threads: int = Field(
        1,
        ge=1,
        le=64,
        description="CPU threads of the networks; more than there are cores slows every process.",
    )
    reading_concurrency: int = Field(
        2, ge=1, le=64, description="Passages read at a time; each holds its crops in memory."
    )
    minimum_confidence: float = Field(
        0.2,
        ge=0,
        le=1,
        description="Probability of the whole text below which a plate counts as unreadable; "
        "lower publishes more guesses, which the limit of tickets must then refuse.",
    )
    read_keep_hours: int = Field(
        72,
        ge=1,
        le=24 * 365,
        description="Hours after which a read is deleted here; a citation keeps its own evidence.",
    )
