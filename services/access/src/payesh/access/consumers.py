"""The bus edge: audit records of every service."""

from collections.abc import Mapping
from functools import partial

from payesh.access.dependencies import Dependencies
from payesh.access.handlers.audit import append_record
from payesh.contracts import AuditReadRecorded, Event
from payesh.kit.bus import Handler

GROUP = "access"


def handlers(dependencies: Dependencies) -> Mapping[type[Event], Handler]:
    """Each consumed event with its handler."""
    return {AuditReadRecorded: partial(append_record, dependencies)}
