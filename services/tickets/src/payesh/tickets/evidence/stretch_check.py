"""Is an average speed measured over a stretch that both cameras' revisions state?"""

from collections.abc import Sequence

from payesh.contracts import ViolationDetected
from payesh.tickets.errors import EvidenceBroken
from payesh.tickets.evidence.camera_evidence import Gathered


def check_stretch(violation: ViolationDetected, gathered: Sequence[Gathered]) -> None:
    """`gathered` is of the camera where the stretch ends, then of the one where it begins. Raises
    EvidenceBroken where they state another stretch, or other lines."""
    driven, entry = violation.driven, violation.entry_passage
    if driven is None and entry is None:
        return
    if driven is None or entry is None:
        raise EvidenceBroken("an average speed has a stretch and an entry", retry=False)
    ends, begins = (each.revision for each in gathered)
    stretch = driven.stretch
    if stretch not in ends.stretches or stretch.entry_camera_id != begins.camera_id:
        raise EvidenceBroken("the revision states no such stretch", retry=False)
    if driven.entered.line != stretch.entry_line or stretch.entry_line not in begins.lines:
        raise EvidenceBroken("the stretch begins at no such line", retry=False)
    if driven.left.line.name != stretch.exit_line or driven.left.line not in ends.lines:
        raise EvidenceBroken("the stretch ends at no such line", retry=False)
    moments = (driven.entered.crossed_at, driven.left.crossed_at)
    if moments != (entry.captured_at, violation.captured_at):
        raise EvidenceBroken("the lines were crossed at other moments", retry=False)
