"""When further sign-in attempts are refused without checking the password."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Throttle:
    """Failures allowed within `window`, on one account and from one address."""

    per_account: int
    per_address: int
    window: timedelta

    def refuses(self, account_failures: int, address_failures: int) -> bool:
        """Whether either limit is reached."""
        return account_failures >= self.per_account or address_failures >= self.per_address
