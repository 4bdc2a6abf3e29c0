"""Passwords hashed and checked with Argon2id, off the event loop and two at a time, so that a
flood of sign-ins does not take all memory."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

HASHES_AT_A_TIME = 2
MAX_WAITING = 32


class TooManyWaiting(Exception):
    """`MAX_WAITING` passwords wait to be checked already."""


class Passwords:
    """Hashes passwords and checks them; `memory_kib` is what one hash takes."""

    def __init__(self, memory_kib: int) -> None:
        self._hasher = PasswordHasher(memory_cost=memory_kib)
        self._slots = asyncio.Semaphore(HASHES_AT_A_TIME)
        self._waiting = 0
        # Checked where no account exists, so that the answer's time does not show which exist.
        self._no_accounts_hash = self._hasher.hash("the password of no account")

    async def hash(self, password: str) -> str:
        """The encoded hash, with its parameters and salt."""
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, stored_hash: str | None, password: str) -> bool:
        """Whether the password is the hashed one; False for None, after as much work.

        Raises TooManyWaiting.
        """
        if self._waiting >= MAX_WAITING:
            raise TooManyWaiting
        self._waiting += 1
        try:
            async with self._slots:
                right = await asyncio.to_thread(
                    self._verify, stored_hash or self._no_accounts_hash, password
                )
        finally:
            self._waiting -= 1
        return right and stored_hash is not None

    def _verify(self, stored_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored_hash, password)
        except (VerificationError, InvalidHashError):
            return False
