"""Was a stretch that both revisions state driven in less time than its limit allows?

The bound is computed again: the least way over the longest time, everything added up.
"""

from datetime import datetime
from math import floor
from typing import Any

from payesh.verify.bundle import Bundle, Document, entry_of
from payesh.verify.documents import finite
from payesh.verify.findings import Fault, Said, require_same

RULE = "average_speed"
EDGE_M = 2.0
"""At each line, what a seen lower edge may lie off the end of the vehicle."""
LONGEST_VEHICLE_M = 20.0
"""Left out where the rear began the stretch and the front ended it."""
_ROUNDED = 0.002


def stretch_limit_kmh(violation: Document) -> float:
    """The limit that the stretch posts. Raises LookupError, TypeError."""
    return finite(violation["driven"]["stretch"]["speed_limit_kmh"])


def check_stretch(bundle: Bundle) -> Said:
    violation, driven = bundle.violation, bundle.violation["driven"]
    entry = entry_of(bundle)
    stretch, entered, left = driven["stretch"], driven["entered"], driven["left"]
    if stretch not in bundle.revision["stretches"]:
        raise Fault("the revision states no such stretch", "ویرایش دوربین چنین مسیری ندارد")
    require_same("entry camera", stretch["entry_camera_id"], entry.revision["camera_id"])
    require_same("entry line", entered["line"], stretch["entry_line"])
    require_same("exit line", left["line"]["name"], stretch["exit_line"])
    for line, revision in ((entered["line"], entry.revision), (left["line"], bundle.revision)):
        if line not in revision["lines"]:
            raise Fault(
                f"a revision has no line {line['name']}", f"ویرایش دوربین خط {line['name']} ندارد"
            )
    require_same("moment of the entry", entered["crossed_at"], entry.violation["captured_at"])
    require_same("moment of the exit", left["crossed_at"], violation["captured_at"])
    began, ended = _moment(entered["crossed_at"]), _moment(left["crossed_at"])
    if not _moment(stretch["valid_from"]) <= began <= ended <= _moment(stretch["valid_to"]):
        raise Fault("the stretch was not valid then", "مسیر در آن زمان معتبر نبوده است")
    return _computed(violation, entry.violation, (ended - began).total_seconds())


def _computed(violation: Document, entry: Document, time_s: float) -> Said:
    driven, measured = violation["driven"], violation["measurement"]
    stretch, entered, left = driven["stretch"], driven["entered"], driven["left"]
    ahead_m = LONGEST_VEHICLE_M if left["approaching"] and not entered["approaching"] else 0.0
    way_m = finite(stretch["shortest_way_m"])
    least_m = way_m - finite(stretch["way_u95_m"]) - 2 * EDGE_M - ahead_m
    off_ms = (entered["u95_ms"], left["u95_ms"], entry["clock_u95_ms"], violation["clock_u95_ms"])
    if min(finite(each) for each in off_ms) < 0 or time_s <= 0:
        raise Fault("its times cannot be", "زمان‌های آن ناممکن است")
    longest_s = time_s + sum(finite(each) for each in off_ms) / 1000.0
    _require_near("least way", driven["least_way_m"], least_m)
    _require_near("longest time", driven["longest_time_s"], longest_s)
    bound = floor(3600.0 * least_m / longest_s) / 1000.0
    _require_near("lower bound", measured["lower_bound"], bound)
    _require_near("value", measured["value"], 3.6 * way_m / time_s)
    return Said(
        f"{least_m:.1f} m in {longest_s:.3f} s at the most: {bound} km/h at the least",
        f"دست‌کم {least_m:.1f} متر در دست‌بالا {longest_s:.3f} ثانیه: دست‌کم {bound} کیلومتر بر ساعت",
    )


def check_entry_ids(bundle: Bundle) -> Said:
    """Both reads are of one plate, and the entry's is of its passage and camera."""
    entry = entry_of(bundle)
    passage = entry.violation
    require_same("passage_id", entry.manifest["passage_id"], passage["passage_id"])
    require_same("the read's passage_id", entry.read["passage_id"], passage["passage_id"])
    require_same("the read's camera_id", entry.read["camera_id"], passage["camera_id"])
    require_same("plate", entry.read["plate"], bundle.read["plate"])
    seen = passage["passage_id"]
    return Said(f"passage {seen} with the same plate", f"گذر {seen} با همان پلاک")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _require_near(what: str, found: Any, expected: float) -> None:
    if abs(finite(found) - expected) > _ROUNDED:
        raise Fault(f"{what} is {found}, not {expected:.3f}", f"{what}: {found}، نه {expected:.3f}")
