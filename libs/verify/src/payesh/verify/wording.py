"""Words of the report: subjects, verdicts, and what no check can show, in both languages."""

from collections.abc import Sequence

from payesh.verify.bundle import Bundle, Document
from payesh.verify.findings import Said, Verdict
from payesh.verify.statements import Trust
from payesh.verify.time_stamps import Stamp

VERDICTS = {
    Verdict.HOLDS: Said("holds", "درست"),
    Verdict.BROKEN: Said("BROKEN", "نادرست"),
    Verdict.NOT_CHECKED: Said("not checked", "بررسی نشد"),
}
SUBJECTS = {
    "archive": Said("archive", "بایگانی"),
    "manifest.jws": Said("signature", "امضا"),
    "manifest.json": Said("manifest", "فهرست"),
    "files": Said("files", "پرونده‌ها"),
    "decision": Said("decision", "تصمیم"),
    "ids": Said("ids", "شناسه‌ها"),
    "revision": Said("revision", "ویرایش دوربین"),
    "custody": Said("custody", "زنجیرهٔ نگهداری"),
    "clip": Said("clip", "فیلم"),
    "shots": Said("shots", "عکس‌ها"),
    "plate": Said("plate", "پلاک"),
    "clock": Said("clock", "ساعت"),
    "certificate": Said("certificate", "گواهی دستگاه"),
    "measurement": Said("measurement", "اندازه‌گیری"),
    "law": Said("law", "قانون"),
    "entry": Said("entry", "ورود"),
    "entry revision": Said("entry revision", "ویرایش دوربین ورود"),
    "entry custody": Said("entry custody", "زنجیرهٔ نگهداری ورود"),
    "entry clip": Said("entry clip", "فیلم ورود"),
    "entry shots": Said("entry shots", "عکس‌های ورود"),
    "entry plate": Said("entry plate", "پلاک در ورود"),
    "entry clock": Said("entry clock", "ساعت ورود"),
    "entry certificate": Said("entry certificate", "گواهی دستگاه ورود"),
    "stretch": Said("stretch", "مسیر میان دو دوربین"),
    "published law": Said("published law", "جدول منتشرشده"),
}
"""Subjects that are no file's name, and the two that are more than one."""
HOLDS = Said("everything that was checked holds", "هرچه بررسی شد درست است")
IS_BROKEN = Said("THE EVIDENCE DOES NOT HOLD", "این مدرک درست نیست")
NOT_PROVED = Said("not proved", "ثابت نشده")


def not_proved(
    bundle: Bundle,
    standing: Document | None,
    key_id: str,
    trust: Trust,
    stamp: Stamp | None = None,
) -> Sequence[Said]:
    """What a bundle that holds leaves open; `stamp` is the last decision's."""
    found = [
        Said(
            f"that the root key {trust.root.key_id} is the installation's: compare it with the "
            "published one",
            f"اینکه کلید ریشهٔ {trust.root.key_id} از آن سامانه است: با کلید منتشرشده بسنجید",
        ),
        Said(
            f"when it was signed: the time is the word of who held the key {key_id}",
            f"زمان امضا: سخن دارندهٔ کلید {key_id} است",
        )
        if stamp is None
        else Said(
            f"how long before {stamp.at.isoformat()} it was signed: that is the word of who held "
            f"the key {key_id}",
            f"چه مدت پیش از {stamp.at.isoformat()} امضا شده است: سخن دارندهٔ کلید {key_id} است",
        ),
        Said(
            "what came before the first link, and what the camera saw outside of the clip",
            "آنچه پیش از نخستین حلقه بوده و آنچه بیرون از فیلم رخ داده است",
        ),
        Said(
            "the reading of pixels: plate, place and speed are not computed again",
            "خواندن تصویر: پلاک، جا و سرعت از نو حساب نشده است",
        ),
        Said(
            "that no other row of the published law fits better",
            "اینکه ردیف دیگری از قانون منتشرشده بهتر نمی‌خورد",
        ),
    ]
    if standing is None:
        decided = Said("any decision: this is a draft", "هیچ تصمیمی: این پیش‌نویس است")
    else:
        state = standing["state"]
        decided = Said(
            f"that nothing was decided later: as of this bundle it is {state}",
            f"اینکه پس از آن تصمیمی گرفته نشده است: وضعیت در این مدرک {state} است",
        )
    warning = bundle.law["warning"]
    if warning:
        found.append(
            Said(f"the law table itself, which warns: {warning}", f"خود جدول قانون: {warning}")
        )
    return [*found, decided]
