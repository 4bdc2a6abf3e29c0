"""What people do to citations: each action's name in the audit log and the scope that it needs.

Declared here once: routes authorize with `scope`, handlers record both. `owner` is no scope of any
token: an owner of a vehicle has a session of the own citation, and no principal writes by it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """`name` is written to the audit log; `writes` is true where the citation is changed, which
    needs a person, unless it `registers` what others did: a machine may, for it decides nothing."""

    name: str
    scope: str
    writes: bool = False
    registers: bool = False


LIST = Action("list", "citations:read")
SEARCH = Action("search", "citations:read")
READ = Action("read", "citations:read")
READ_CLIP = Action("read clip", "evidence:read")
READ_SHOT = Action("read shot", "evidence:read")
READ_ENTRY_CLIP = Action("read entry clip", "evidence:read")
READ_ENTRY_SHOT = Action("read entry shot", "evidence:read")
READ_MANIFEST = Action("read manifest", "evidence:read")
READ_NOTICE = Action("read notice", "evidence:read")
READ_ARCHIVE = Action("read evidence archive", "evidence:read")
CLAIM = Action("claim", "citations:decide", writes=True)
RELEASE = Action("release", "citations:decide", writes=True)
ISSUE = Action("issue", "citations:decide", writes=True)
REJECT = Action("reject", "citations:decide", writes=True)
UNDO = Action("undo", "citations:decide", writes=True)
RETURN = Action("return_to_supervisor", "citations:decide", writes=True)
GIVE_BACK = Action("give_back", "citations:supervise", writes=True)
MAKE_VOID = Action("make_void", "citations:supervise", writes=True)
NOTIFY = Action("notify", "citations:serve", writes=True, registers=True)
PAY = Action("pay", "citations:serve", writes=True, registers=True)
OBJECT = Action("object", "citations:serve", writes=True, registers=True)
WITHDRAW_NOTIFICATION = Action("withdraw_notification", "citations:supervise", writes=True)
REVERSE_PAYMENT = Action("reverse_payment", "citations:supervise", writes=True)
READ_OBJECTIONS = Action("read objections", "citations:read")
LIST_OBJECTIONS = Action("list objections", "citations:review")
DECIDE_OBJECTION = Action("decide_objection", "citations:review", writes=True)
CORRECT_PLATE = Action("correct_plate", "citations:decide", writes=True)
TAKE_CORRECTION = Action("take_correction", "citations:decide", writes=True)
RELEASE_CORRECTION = Action("release_correction", "citations:decide", writes=True)
CONFIRM_PLATE = Action("confirm_plate", "citations:decide", writes=True)
DISPUTE_PLATE = Action("dispute_plate", "citations:decide", writes=True)
SECOND_LOOK = Action("second_look", "citations:decide", writes=True)
SUPERVISE = Action("supervise", "citations:supervise")
WARN = Action("warn_only", "citations:supervise", writes=True)
LIFT = Action("lift_suspension", "citations:supervise", writes=True)
LIST_EXEMPTIONS = Action("list exemptions", "citations:supervise")
READ_EXEMPTION = Action("read exemption", "citations:supervise")
PROPOSE_EXEMPTION = Action("propose exemption", "citations:supervise", writes=True)
APPROVE_EXEMPTION = Action("approve exemption", "citations:supervise", writes=True)
REFUSE_EXEMPTION = Action("refuse exemption", "citations:supervise", writes=True)
END_EXEMPTION = Action("end exemption", "citations:supervise", writes=True)
SET_HOLD_ASIDE = Action("set_hold_aside", "citations:supervise", writes=True)
SET_EXEMPTION_ASIDE = Action("set exemption aside", "citations:supervise", writes=True)
OWNER_OPEN = Action("open own case", "owner")
OWNER_READ = Action("read own case", "owner")
OWNER_PICTURE = Action("read own picture", "owner")
OWNER_CLIP = Action("read own clip", "owner")
OWNER_NOTICE = Action("read own notice", "owner")
OWNER_OBJECT = Action("object to own case", "owner")
OWNER_PAY = Action("begin own payment", "owner")
READ_ATTACHMENT = Action("read attachment", "citations:read")
SUBSCRIBE = "citations:subscribe"
"""The scope with which a machine keeps webhooks."""


def read_document(name: str) -> Action:
    """Reading one document of the evidence, for example `read law.json`."""
    return Action(f"read {name}", "evidence:read")
