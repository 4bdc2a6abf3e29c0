"""Argon2id off the event loop, two at a time: a flood of sign-ins may not take all memory."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

HASHES_AT_A_TIME = 2
MAX_WAITING = 32


class TooManyWaiting(Exception):
    """More passwords wait to be checked than we are willing to queue."""


class Passwords:
    def __init__(self, memory_kib: int) -> None:
        self._hasher = PasswordHasher(memory_cost=memory_kib)
        self._slots = asyncio.Semaphore(HASHES_AT_A_TIME)
        self._waiting = 0
        # Checked where no account exists, so that the answer's time does not tell who has one.
        self._nobody = self._hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, stored_hash: str | None, password: str) -> bool:
        """False for None too, after as much work. Raises TooManyWaiting."""
        if self._waiting >= MAX_WAITING:
            raise TooManyWaiting
        self._waiting += 1
        try:
            async with self._slots:
                right = await asyncio.to_thread(self._verify, stored_hash or self._nobody, password)
        finally:
            self._waiting -= 1
        return right and stored_hash is not None

    def _verify(self, stored_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored_hash, password)
        except (VerificationError, InvalidHashError):
            return False
