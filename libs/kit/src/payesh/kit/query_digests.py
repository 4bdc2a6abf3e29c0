"""Keyed digests of what was searched: "who looked for this plate" without plates in the log."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import SecretStr

from payesh.contracts.audited_query import (
    PLATE,
    Condition,
    canonical_query,
    normalised_conditions,
)

_KEY_ID = b"payesh-query-digest-key-id"
_MOST_TERMS = 16


@dataclass(frozen=True, slots=True)
class QueryDigest:
    """The digests of one query: `whole` of all its conditions, `terms` of each alone, sorted."""

    key_id: str
    whole: str
    terms: tuple[str, ...]


class QueryDigests:
    """HMAC-SHA-256 under the installation's key, which all its services share.

    Without the key a digest cannot be compared with guesses: there are too few plates for a plain
    hash to hide one. The key's id is derived from it, so that no setting can contradict it.
    """

    def __init__(self, key: SecretStr) -> None:
        self._key = key.get_secret_value().encode()
        self.key_id = hmac.new(self._key, _KEY_ID, hashlib.sha256).hexdigest()[:16]

    def of(self, conditions: Mapping[str, Condition]) -> QueryDigest:
        """The digests of a query. Never raises: a malformed condition is digested as written."""
        normalised = normalised_conditions(conditions)
        terms = sorted(self.term(name, value) for name, value in normalised.items())
        return QueryDigest(self.key_id, self._digest(normalised), tuple(terms[:_MOST_TERMS]))

    def of_shown(self, conditions: Mapping[str, Condition], plate: str | None) -> QueryDigest:
        """The digests of asking for one vehicle's record, by its id, that shows this plate: the
        terms name the plate too, so that who read or exported it is found as who searched it is."""
        asked = self.of(conditions)
        if not plate:
            return asked
        shown = self.term(PLATE, normalised_conditions({PLATE: plate})[PLATE])
        return replace(asked, terms=tuple(sorted({*asked.terms, shown})[:_MOST_TERMS]))

    def term(self, name: str, normalised: str) -> str:
        """The digest of one normalised condition, as it is in `terms` of every such query."""
        return self._digest({name: normalised})

    def _digest(self, conditions: Mapping[str, str]) -> str:
        return hmac.new(self._key, canonical_query(conditions), hashlib.sha256).hexdigest()
