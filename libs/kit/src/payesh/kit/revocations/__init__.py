"""Revocations: what access took back before it expired, known here within seconds.

access publishes each on a compacted topic. Every replica follows the whole topic and also asks
access, so that one of the two ways is enough. While both are away, doors that need certainty close
after a time that is set; see ADR 16.
"""

from payesh.kit.revocations.known import Doors, Revocations
from payesh.kit.revocations.poll import AccessPoll
from payesh.kit.revocations.revoked import RevokedTokens
from payesh.kit.revocations.topic import TopicFollower
from payesh.kit.revocations.wiring import revocations_of

__all__ = [
    "AccessPoll",
    "Doors",
    "Revocations",
    "RevokedTokens",
    "TopicFollower",
    "revocations_of",
]
