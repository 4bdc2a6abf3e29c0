"""Which offset of a partition may be committed; without any access to the bus.

The rule: the offset committed is the one to read next after a restart. It is the first held
message of any key or, if none is held, the one after the last handled. A held message is
thereby read again after a crash until a later message of its key releases it. A dead-lettered
message releases none: it is no proof that what was held before it is kept by now.
"""

from dataclasses import dataclass, field


@dataclass
class PartitionOffsets:
    """The offsets of one partition, whose messages are handled in order of offset."""

    _held: dict[bytes, int] = field(default_factory=dict)
    _next: int | None = None
    _committed: int | None = None

    def done(self, offset: int, key: bytes) -> None:
        """`offset` was handled, and with it everything of its key that was held."""
        self._advance(offset)
        self._held.pop(key, None)

    def held(self, offset: int, key: bytes) -> None:
        """`offset` was handled, but its effect is not yet kept: it must be read again."""
        self._advance(offset)
        self._held.setdefault(key, offset)

    def dead_lettered(self, offset: int) -> None:
        """`offset` lies among the dead letters; what is held before it stays held."""
        self._advance(offset)

    def committable(self) -> int | None:
        """The offset to commit, or None when nothing new may be."""
        if self._next is None:
            return None
        first = min(self._held.values(), default=self._next)
        return None if first == self._committed else first

    def committed(self, offset: int) -> None:
        self._committed = offset

    def _advance(self, offset: int) -> None:
        if self._next is not None and offset < self._next:
            raise ValueError(f"offset {offset} was handled after {self._next - 1}")
        self._next = offset + 1
