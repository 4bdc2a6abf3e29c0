"""Is the citation priced as the rows in `law.json` have it?"""

from datetime import datetime
from typing import Any

from payesh.verify.bundle import Bundle, Document
from payesh.verify.checks.jalali import Day, day_in_tehran, day_of
from payesh.verify.documents import finite
from payesh.verify.findings import Fault, Said, require_same


def tolerance_kmh(bundle: Bundle) -> float:
    """The published tolerance that was applied; 0 where none was published."""
    row = bundle.law["tolerance"]
    return 0.0 if row is None else finite(row["tolerance_kmh"])


def check_law(bundle: Bundle, excess_kmh: float) -> Said:
    """`excess_kmh` is what chooses the offence."""
    law, priced, violation = bundle.law, bundle.manifest["law"], bundle.violation
    day = day_in_tehran(datetime.fromisoformat(violation["captured_at"]))
    require_same("table", law["table"], priced["table"])
    require_same("table_sha256", law["table_sha256"], priced["table_sha256"])
    require_same("day", day_of(law["captured_on"]), day)
    tolerance, offence, tariff = law["tolerance"], law["offence"], law["tariff"]
    if tolerance is not None and not _in_force(tolerance, day):
        raise Fault(
            "its tolerance was not in force at capture", "رواداری آن هنگام ثبت در اجرا نبوده است"
        )
    fits = (
        _covers(offence, violation["rule"], excess_kmh)
        and tariff["code"] == offence["code"]
        and _in_force(tariff, day)
        and tariff["place_class"] in (violation["place_class"], "any")
        and tariff["vehicle_class"] in (violation["vehicle"]["vehicle_class"], "any")
        and _in_season(law, tariff["season"], day)
    )
    if not fits:
        raise Fault("its rows do not fit this case", "ردیف‌های آن با این پرونده جور نیست")
    require_same("offence_code", offence["code"], priced["offence_code"])
    require_same("decree", tariff["decree"], priced["decree"])
    require_same("amount_rial", tariff["amount_rial"], priced["amount_rial"])
    amount, code, table = tariff["amount_rial"], offence["code"], law["table"]
    if amount is None:
        return Said(
            f"no amount for {code}, by a row of {table}", f"بی مبلغ برای {code} در جدول {table}"
        )
    return Said(
        f"{amount} rial for {code}, by a row of {table}",
        f"{amount} ریال برای {code} از {table}",
    )


def _covers(offence: Document, rule: str, excess_kmh: float) -> bool:
    above, to = offence["over_kmh_above"], offence["over_kmh_to"]
    return (
        offence["rule"] == rule
        and (above is None or excess_kmh > above)
        and (to is None or excess_kmh <= to)
    )


def _in_force(row: Document, day: Day) -> bool:
    first, last = row["first"], row["last"]
    return (first is None or day_of(first) <= day) and (last is None or day <= day_of(last))


def _in_season(law: Document, name: Any, day: Day) -> bool:
    season = law["season"]
    if name == "any":
        return season is None
    if season is None or season["name"] != name:
        return False
    first, last = str(season["first_month_day"]), str(season["last_month_day"])
    today = f"{day.month:02d}-{day.day:02d}"
    # A season may run over the turn of the year.
    return first <= today <= last if first <= last else today >= first or today <= last
