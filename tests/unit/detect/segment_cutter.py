"""Segments of a drawn film, from one moment on."""

from datetime import UTC, datetime
from functools import partial

from payesh.detect.evaluation import film_segments
from payesh.detect.evaluation.film_segments import CutSegment, revision_reference
from payesh.detect.evaluation.film_segments import object_reference as reference

STARTED_AT = datetime(2026, 5, 4, 8, 0, 10, tzinfo=UTC)
cut = partial(film_segments.cut, started_at=STARTED_AT)

__all__ = ["STARTED_AT", "CutSegment", "cut", "reference", "revision_reference"]
