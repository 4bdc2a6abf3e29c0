"""What the use cases of access rest on."""

from dataclasses import dataclass, field

from payesh.access.adapters.guessable_passwords import GuessablePasswords
from payesh.access.adapters.key_ring import KeyRing
from payesh.access.adapters.passwords import Passwords
from payesh.access.domain.lag import LagWindow
from payesh.access.settings import Settings
from payesh.kit.database import Database
from payesh.kit.query_digests import QueryDigests


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Built once in `main`; routes get it from `api.dependencies`, handlers as an argument."""

    settings: Settings
    database: Database
    digests: QueryDigests
    ring: KeyRing
    passwords: Passwords
    guessable_passwords: GuessablePasswords = field(default_factory=GuessablePasswords)
    audit_lag: LagWindow = field(default_factory=LagWindow)
