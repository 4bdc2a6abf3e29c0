"""Was the moment of capture known, and the device's certificate in date then?"""

from datetime import datetime, timedelta

from payesh.verify.bundle import Bundle
from payesh.verify.documents import finite
from payesh.verify.findings import Fault, Said, require_same

_CLOCK_STEP = timedelta(seconds=0.5)
"""Frames are timed by the stream's own timeline; `detect` lets it leave the segments' clock so far
before it begins anew."""


def check_clock(bundle: Bundle) -> Said:
    manifest, violation, revision = bundle.manifest, bundle.violation, bundle.revision
    for field in ("captured_at", "clock_source", "clock_u95_ms"):
        require_same(field, manifest[field], violation[field])
    source, u95_ms = violation["clock_source"], finite(violation["clock_u95_ms"])
    most = finite(revision["maximum_clock_u95_ms"])
    if source == "unverified":
        raise Fault("it was not verified", "درستی ساعت سنجیده نشده است")
    if not 0 <= u95_ms <= most:
        raise Fault(
            f"± {u95_ms} ms is above the revision's {most}",
            f"± {u95_ms} میلی‌ثانیه بیش از {most} است که ویرایش دوربین روا می‌دارد",
        )
    within = _CLOCK_STEP + timedelta(milliseconds=u95_ms)
    captured_at = datetime.fromisoformat(violation["captured_at"])
    begins = [datetime.fromisoformat(link["captured_at"]) for link in violation["segments"]]
    ends = [
        began + timedelta(milliseconds=link["duration_ms"])
        for began, link in zip(begins, violation["segments"], strict=True)
    ]
    if not min(begins) - within <= captured_at <= max(ends) + within:
        raise Fault(
            "the moment lies outside of the segments", "لحظهٔ تخلف بیرون از پاره‌های فیلم است"
        )
    moment = violation["captured_at"]
    return Said(
        f"{moment} by {source}, ± {u95_ms} ms", f"{moment} با ساعت {source}، ± {u95_ms} میلی‌ثانیه"
    )


def check_certificate(bundle: Bundle) -> Said:
    violation = bundle.violation
    certificate = violation["certificate"]
    if certificate is None:
        raise Fault("there is none", "گواهی‌نامه‌ای نیست")
    require_same("the manifest's", bundle.manifest["certificate"], certificate)
    require_same("the revision's", bundle.revision["certificate"], certificate)
    first, moment, last = (
        datetime.fromisoformat(each)
        for each in (certificate["valid_from"], violation["captured_at"], certificate["valid_to"])
    )
    if not first <= moment <= last:
        raise Fault("it was not in date at capture", "هنگام ثبت تخلف معتبر نبوده است")
    number, issuer = certificate["number"], certificate["issued_by"]
    return Said(
        f"{number} by {issuer}, in date at capture", f"{number} از {issuer}، هنگام ثبت معتبر"
    )
