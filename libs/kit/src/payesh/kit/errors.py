"""The errors of Payesh, in one small tree.

PayeshError
 ├─ MessageFault          the message is at fault: it is dead-lettered, the partition moves on
 │    ├─ ObjectMissing    (retried first: a replica may lag)
 │    └─ ObjectTampered
 ├─ DependencyFault       bus, store, database or a peer is away: pause, never dead-letter
 │    ├─ StoreUnavailable, DatabaseUnavailable, BusUnavailable, PeerUnavailable
 ├─ SettingsError         the environment is wrong; the service does not start
 └─ Problem               an HTTP answer by RFC 9457, raised from routes
      ├─ NotFound, Conflict, Forbidden, Unauthorized, Unprocessable, TooLarge, TooMany, Unavailable
      ├─ OutOfBounds      a Forbidden: another county or road class
      └─ Hidden           a NotFound that is a refusal
"""

from typing import Any

from payesh.contracts.values import ObjectReference


class PayeshError(Exception):
    """Base of all errors that Payesh defines. Its text holds no personal data."""


class MessageFault(PayeshError):
    """The message is at fault. `reason`, without personal data, is stored with the dead letter.

    `retry` is False when another attempt cannot succeed.
    """

    def __init__(self, reason: str, *, retry: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry = retry


class ObjectMissing(MessageFault):
    """The store has no such object, or not that version of it."""

    def __init__(self, reference: ObjectReference) -> None:
        super().__init__(f"object missing: {reference.bucket}/{reference.key}", retry=True)
        self.reference = reference


class ObjectTampered(MessageFault):
    """The object's bytes do not match the size or hash of its reference."""

    def __init__(self, reference: ObjectReference) -> None:
        super().__init__(
            f"object does not match its hash: {reference.bucket}/{reference.key}", retry=False
        )
        self.reference = reference


class DependencyFault(PayeshError):
    """A dependency is away; the failed operation may be repeated unchanged."""

    def __init__(self, dependency: str, detail: str = "") -> None:
        super().__init__(f"{dependency} is unavailable" + (f": {detail}" if detail else ""))
        self.dependency = dependency


class StoreUnavailable(DependencyFault):
    def __init__(self, detail: str = "") -> None:
        super().__init__("store", detail)


class DatabaseUnavailable(DependencyFault):
    def __init__(self, detail: str = "") -> None:
        super().__init__("database", detail)


class BusUnavailable(DependencyFault):
    def __init__(self, detail: str = "") -> None:
        super().__init__("bus", detail)


class PeerUnavailable(DependencyFault):
    """Another Payesh service is away; `peer` is its name."""

    def __init__(self, peer: str, detail: str = "") -> None:
        super().__init__(peer, detail)


class SettingsError(PayeshError):
    """A setting is unknown, missing or malformed. The text holds its name, never its value."""


class Problem(PayeshError):
    """Problem details (RFC 9457). `type` is a short slug; `extra` are extension members.

    `is_recorded` marks a refusal that is in the audit log already; others are recorded when they
    are answered.
    """

    headers: dict[str, str]

    def __init__(
        self,
        status: int,
        type: str,
        title: str,
        detail: str | None = None,
        *,
        headers: dict[str, str] | None = None,
        is_recorded: bool = False,
        **extra: Any,
    ) -> None:
        super().__init__(f"{status} {type}: {detail or title}")
        self.status = status
        self.type = type
        self.title = title
        self.detail = detail
        self.headers = headers or {}
        self.is_recorded = is_recorded
        self.extra = extra

    @property
    def is_refusal(self) -> bool:
        """Whether the caller was denied what it asked for."""
        return self.status == 403

    def body(self) -> dict[str, Any]:
        """The problem document."""
        members: dict[str, Any] = {
            "type": f"urn:payesh:problem:{self.type}",
            "title": self.title,
            "status": self.status,
        }
        if self.detail is not None:
            members["detail"] = self.detail
        return {**self.extra, **members}


class NotFound(Problem):
    def __init__(self, detail: str, *, type: str = "not-found", **extra: Any) -> None:
        super().__init__(404, type, "Not found", detail, **extra)


class Conflict(Problem):
    def __init__(self, detail: str, *, type: str = "conflict", **extra: Any) -> None:
        super().__init__(409, type, "Conflict", detail, **extra)


class Forbidden(Problem):
    def __init__(self, detail: str, *, type: str = "forbidden", **extra: Any) -> None:
        super().__init__(403, type, "Forbidden", detail, **extra)


class Hidden(NotFound):
    """It is there and not for this caller, which the answer does not show. The record does."""

    @property
    def is_refusal(self) -> bool:
        return True


class OutOfBounds(Forbidden):
    """It lies outside the caller's counties or road classes."""

    def __init__(self, resource: str, *, is_recorded: bool = False) -> None:
        super().__init__(
            f"{resource} lies outside your counties and road classes",
            type="out-of-bounds",
            is_recorded=is_recorded,
        )


class Unauthorized(Problem):
    def __init__(self, detail: str, *, type: str = "unauthorized", **extra: Any) -> None:
        super().__init__(401, type, "Unauthorized", detail, **extra)


class Unprocessable(Problem):
    def __init__(self, detail: str, *, type: str = "unprocessable", **extra: Any) -> None:
        super().__init__(422, type, "Unprocessable content", detail, **extra)


class TooLarge(Problem):
    def __init__(self, detail: str, *, type: str = "too-large", **extra: Any) -> None:
        super().__init__(413, type, "Content too large", detail, **extra)


class TooMany(Problem):
    """The caller's quota is spent."""

    def __init__(self, *, retry_after_s: int) -> None:
        headers = {"Retry-After": str(retry_after_s)}
        super().__init__(
            429, "quota", "Too many requests", "your quota of requests is spent", headers=headers
        )


class Unavailable(Problem):
    def __init__(
        self, detail: str, *, type: str = "unavailable", retry_after_s: int = 5, **extra: Any
    ) -> None:
        headers = {"Retry-After": str(retry_after_s)}
        super().__init__(503, type, "Unavailable", detail, headers=headers, **extra)
