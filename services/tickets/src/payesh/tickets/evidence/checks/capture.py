"""Was the moment of capture known, and the device's certificate in date then?"""

from datetime import timedelta

from payesh.contracts.values import ClockSource, format_utc
from payesh.tickets.evidence.checks.finding import Fault, require_same
from payesh.tickets.evidence.checks.folder import BundleFolder

_CLOCK_STEP = timedelta(seconds=0.5)
"""Frames are timed by the stream's own timeline; `detect` lets it leave the segments' clock so far
before it begins anew."""


def check_clock(folder: BundleFolder) -> str:
    manifest, violation, revision = folder.manifest, folder.violation, folder.revision
    require_same("captured_at", manifest.captured_at, violation.captured_at)
    require_same("clock_source", manifest.clock_source, violation.clock_source)
    require_same("clock_u95_ms", manifest.clock_u95_ms, violation.clock_u95_ms)
    if violation.clock_source is ClockSource.UNVERIFIED:
        raise Fault("it was not verified")
    if violation.clock_u95_ms > revision.maximum_clock_u95_ms:
        raise Fault(
            f"± {violation.clock_u95_ms} ms is above the revision's {revision.maximum_clock_u95_ms}"
        )
    within = _CLOCK_STEP + timedelta(milliseconds=violation.clock_u95_ms)
    links = violation.segments
    first = min(link.captured_at for link in links)
    last = max(link.captured_at + timedelta(milliseconds=link.duration_ms) for link in links)
    if not first - within <= violation.captured_at <= last + within:
        raise Fault("the moment lies outside of the segments")
    moment = format_utc(violation.captured_at)
    return f"{moment} by {violation.clock_source}, ± {violation.clock_u95_ms} ms"


def check_certificate(folder: BundleFolder) -> str:
    violation = folder.violation
    certificate = violation.certificate
    if certificate is None:
        raise Fault("there is none")
    require_same("the manifest's", folder.manifest.certificate, certificate)
    require_same("the revision's", folder.revision.certificate, certificate)
    if not certificate.valid_from <= violation.captured_at <= certificate.valid_to:
        raise Fault("it was not in date at capture")
    return f"{certificate.number} by {certificate.issued_by}, in date at capture"
