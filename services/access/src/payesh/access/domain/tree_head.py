"""A tree head: what the audit log says of itself at a moment, signed and published."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

TYP = "payesh-tree-head+jwt"
"""`typ` of the signed statement: no access token is taken for one, and none for an access token."""

ENDORSEMENT_TYP = "payesh-tree-head-key+jwt"


@dataclass(frozen=True, slots=True)
class Endorsement:
    """What a key says of the one that replaces it: heads of trees larger than `tree_size` are
    signed by `next_key_id`, and no more by `key_id`."""

    key_id: str
    next_key_id: str
    tree_size: int


@dataclass(frozen=True, slots=True)
class ServiceHead:
    """How far a service's records have come: the last number of its newest epoch, how many records
    that epoch has, and how many all of its epochs."""

    epoch: str
    sequence: int
    records: int
    records_of_all_epochs: int


@dataclass(frozen=True, slots=True)
class TreeHead:
    """Size and root of the log's tree, with the head of each service, as signed at `signed_at`.

    A log that later shows another root for this size, or fewer records of a service, was changed.
    """

    log: str
    tree_size: int
    root_hash: bytes
    signed_at: datetime
    services: Mapping[str, ServiceHead]

    def claims(self) -> dict[str, Any]:
        return {
            "iss": self.log,
            "iat": int(self.signed_at.timestamp()),
            "tree_size": self.tree_size,
            "root_sha256": self.root_hash.hex(),
            "services": {
                name: {
                    "epoch": head.epoch,
                    "sequence": head.sequence,
                    "records": head.records,
                    "records_of_all_epochs": head.records_of_all_epochs,
                }
                for name, head in sorted(self.services.items())
            },
        }


def tree_head_of(claims: Mapping[str, Any]) -> TreeHead:
    """The tree head of verified claims. Raises ValueError for what is none."""
    try:
        head = TreeHead(
            log=_checked(claims["iss"], str),
            tree_size=_checked(claims["tree_size"], int),
            root_hash=bytes.fromhex(_checked(claims["root_sha256"], str)),
            signed_at=datetime.fromtimestamp(_checked(claims["iat"], int), UTC),
            services={
                _checked(name, str): ServiceHead(
                    _checked(given["epoch"], str),
                    _checked(given["sequence"], int),
                    _checked(given["records"], int),
                    _checked(given["records_of_all_epochs"], int),
                )
                for name, given in _checked(claims["services"], dict).items()
            },
        )
    except (KeyError, TypeError, OverflowError, OSError) as error:
        raise ValueError("not the claims of a tree head") from error
    if head.tree_size < 0 or len(head.root_hash) != 32:
        raise ValueError("not the claims of a tree head")
    return head


def _checked(value: Any, kind: type[Any]) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(kind.__name__)
    return value
