"""When further sign-in attempts must wait, without the password being checked.

Guesses slow each other down by account and address, so that nobody is kept out by what others try
elsewhere. A browser in which the person signed in before is known by a cookie and counts alone
(OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

KNOWN_FOR = timedelta(days=180)
"""A browser is known so long after its last sign-in."""
_FIRST_PAUSE = timedelta(seconds=15)
_NETWORK_BITS = 64
"""A site gets at least so much of IPv6: one sender has every address inside."""


@dataclass(frozen=True, slots=True)
class Failures:
    """Failed attempts within the window: how many, and when the first and the last of them."""

    count: int = 0
    first: datetime | None = None
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class Throttle:
    """Failures allowed within `window`: `free` on one account from one address or known browser,
    after which each further one doubles the pause; for browsers that are not known also
    `per_account` from all addresses together, and `per_address` on all accounts together."""

    free: int
    per_account: int
    per_address: int
    window: timedelta

    def pause(self, own: Failures, now: datetime) -> timedelta:
        """How long the next attempt on this account from this address, or in this known browser,
        must wait; zero when it need not.

        >>> throttle = Throttle(3, 200, 50, timedelta(minutes=15))
        >>> now = datetime(2026, 1, 1)
        >>> [throttle.pause(Failures(n, now, now), now).seconds for n in (2, 3, 4, 5, 20)]
        [0, 15, 30, 60, 900]
        """
        if own.count < self.free or own.last is None:
            return timedelta()
        doublings = min(own.count - self.free, 20)
        pause: timedelta = min(_FIRST_PAUSE * 2**doublings, self.window)
        return max(timedelta(), own.last + pause - now)

    def pause_of_strangers(
        self, on_account: Failures, from_address: Failures, now: datetime
    ) -> timedelta:
        """How long a browser that is not known must wait for what others of its kind tried."""
        ends = [
            each.first + self.window - now
            for each, most in ((on_account, self.per_account), (from_address, self.per_address))
            if each.count >= most and each.first is not None
        ]
        return max([timedelta(), *ends])


def sender_of(address: str) -> str:
    """What failures are counted by: an IPv4 address, or the /64 of an IPv6 address.

    >>> sender_of("2001:db8:1:2:3::4"), sender_of("192.0.2.1")
    ('2001:db8:1:2::/64', '192.0.2.1')
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(ip_network((int(parsed), _NETWORK_BITS), strict=False))
    return str(parsed)
