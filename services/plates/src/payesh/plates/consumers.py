"""The bus edge: observed passages in, one read of each out."""

from collections.abc import Mapping
from functools import partial

from payesh.contracts import Event, PassageObserved
from payesh.kit.bus import Handler
from payesh.plates.handlers.reading import ReadingDependencies, handle_passage

GROUP = "plates"


def handlers(dependencies: ReadingDependencies) -> Mapping[type[Event], Handler]:
    """Each consumed event with its handler."""
    return {PassageObserved: partial(handle_passage, dependencies)}
