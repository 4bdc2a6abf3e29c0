"""What the numbers of a service's audit records reveal: records lost, held back, or counted twice.

A service counts its records without gaps in an epoch, and each record travels after the one before
it. An epoch begins with a service's database, or when that database was restored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Anomaly(StrEnum):
    """Something that does not happen while every database and the bus are whole."""

    SEQUENCE_TAKEN = "sequence-taken"
    """Another record has this number: a copied database counts twice, or one of them is forged."""
    SEQUENCE_SKIPPED = "sequence-skipped"
    """Numbers before this one have not arrived."""
    SEQUENCE_BACKWARDS = "sequence-backwards"
    """A lower number than one that arrived before, and not a second delivery."""
    EPOCH_BEGAN = "epoch-began"
    """The service counts anew: its database was restored, or a standby was promoted."""
    EPOCH_RETURNED = "epoch-returned"
    """An epoch that had been followed by another goes on: two copies of one database live."""


@dataclass(frozen=True, slots=True)
class Count:
    """How far the records of an epoch have come."""

    first_position: int
    last_sequence: int
    records: int

    def after(self, sequence: int) -> "Count":
        return Count(self.first_position, max(self.last_sequence, sequence), self.records + 1)


def newest_epoch(epochs: Mapping[str, Count]) -> str | None:
    """The epoch whose first record came last; None without any."""
    return max(epochs, key=lambda epoch: epochs[epoch].first_position, default=None)


def anomalies(epochs: Mapping[str, Count], epoch: str, sequence: int) -> list[Anomaly]:
    """What is wrong about a new record, given how far the service's epochs have come."""
    found = []
    newest = newest_epoch(epochs)
    count = epochs.get(epoch)
    if count is None:
        if newest is not None:
            found.append(Anomaly.EPOCH_BEGAN)
    elif epoch != newest:
        found.append(Anomaly.EPOCH_RETURNED)
    last = 0 if count is None else count.last_sequence
    if sequence > last + 1:
        found.append(Anomaly.SEQUENCE_SKIPPED)
    elif sequence <= last:
        found.append(Anomaly.SEQUENCE_BACKWARDS)
    return found
