"""What holds for every upload."""

from datetime import UTC, datetime, timedelta

from payesh.ingest.domain.file_times import CLOCK_AHEAD_S
from payesh.ingest.errors import BadTime


def require_past(moment: datetime, name: str) -> None:
    """Raises BadTime: the future cannot have been captured."""
    if moment > datetime.now(UTC) + timedelta(seconds=CLOCK_AHEAD_S):
        raise BadTime(f"{name} lies in the future")
