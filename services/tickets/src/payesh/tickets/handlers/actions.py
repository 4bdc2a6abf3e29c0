"""What people do to citations: each action's name in the audit log and the scope that it needs.

Declared here once: routes authorize with `scope`, handlers record both.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """`name` is written to the audit log; `writes` is true where the citation is changed, which
    needs a person."""

    name: str
    scope: str
    writes: bool = False


LIST = Action("list", "citations:read")
READ = Action("read", "citations:read")
READ_CLIP = Action("read clip", "evidence:read")
READ_SHOT = Action("read shot", "evidence:read")
READ_MANIFEST = Action("read manifest", "evidence:read")
CLAIM = Action("claim", "citations:decide", writes=True)
RELEASE = Action("release", "citations:decide", writes=True)
ISSUE = Action("issue", "citations:decide", writes=True)
REJECT = Action("reject", "citations:decide", writes=True)


def read_document(name: str) -> Action:
    """Reading one document of the evidence, for example `read law.json`."""
    return Action(f"read {name}", "evidence:read")
