"""Where the stretch of an average speed begins, and what was driven, as the page shows it."""

from dataclasses import dataclass
from datetime import datetime

from payesh.tickets.evidence.clip import PLAYABLE_CODECS
from payesh.tickets.evidence.record import EntryRecord
from payesh.tickets.pages.persian import isolated, persian_digits, persian_number, persian_time
from payesh.tickets.pages.wording import word


@dataclass(frozen=True, slots=True)
class EntryCard:
    """`facts` are labels and texts in the order in which the vehicle was seen."""

    place: str
    camera_id: str
    facts: tuple[tuple[str, str], ...]
    shots: range
    is_video: bool
    is_playable: bool
    clip_size: str
    clip: str


def entry_card(entry: EntryRecord, exit_place: str) -> EntryCard:
    """`exit_place` is the name of the place where the stretch ends."""
    driven = entry.driven
    stretch, entered, left = driven.stretch, driven.entered, driven.left
    time_s = (left.crossed_at - entered.crossed_at).total_seconds()
    place = persian_digits(entry.place_name)
    return EntryCard(
        place=place,
        camera_id=entry.camera_id,
        facts=(
            (
                "مسیر",
                f"{isolated(persian_digits(stretch.name))}: از {place} تا {exit_place}",
            ),
            ("گذر از خط ورود", _crossing(entered.crossed_at, entered.u95_ms)),
            ("گذر از خط خروج", _crossing(left.crossed_at, left.u95_ms)),
            (
                "کوتاه‌ترین راه",
                f"{persian_number(stretch.shortest_way_m, 1)} متر، با عدم‌قطعیت "
                f"{persian_number(stretch.way_u95_m, 1)} متر؛ "
                f"به سود راننده {persian_number(driven.least_way_m, 1)} متر حساب شد",
            ),
            (
                "زمان پیموده",
                f"{persian_number(time_s, 1)} ثانیه؛ "
                f"به سود راننده {persian_number(driven.longest_time_s, 1)} ثانیه حساب شد",
            ),
            (
                "ساعت دوربین ورود",
                f"{word('clocks', entry.clock_source)}، عدم‌قطعیت "
                f"{persian_number(entry.clock_u95_ms)} هزارم ثانیه",
            ),
            (
                "پلاک در ورود",
                f"همان پلاک، با اطمینان {persian_number(100 * entry.read_confidence)}٪",
            ),
        ),
        shots=range(len(entry.shots)),
        is_video=entry.clip.media_type.startswith("video/"),
        is_playable=entry.codec in PLAYABLE_CODECS,
        clip_size=persian_number(entry.clip.size_bytes / 1024 / 1024, 1),
        clip=entry.clip.sha256,
    )


def _crossing(at: datetime, u95_ms: float) -> str:
    within = persian_number(u95_ms)
    return f"ساعت {persian_time(at, tenths=True)} (عدم‌قطعیت {within} هزارم ثانیه)"
