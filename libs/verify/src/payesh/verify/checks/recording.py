"""Are custody, clip, shots and plate what the violation and its read name, byte for byte?"""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from typing import Any

from payesh.verify.bundle import Bundle, Document
from payesh.verify.documents import finite
from payesh.verify.findings import Fault, Said, require_same


def link_sha256(link: Mapping[str, Any], revision_sha256: str) -> str:
    """The hash of one link, `payesh-link-v1`: a line a field, each ended by a newline, a missing
    value being an empty line."""
    moment = datetime.fromisoformat(link["captured_at"]).astimezone(UTC).replace(tzinfo=None)
    lines = (
        "payesh-link-v1",
        link["previous_link_sha256"] or "",
        link["stream_id"],
        link["sequence"],
        moment.isoformat(timespec="microseconds") + "Z",
        link["duration_ms"],
        link["init"]["sha256"] if link["init"] else "",
        link["media"]["sha256"],
        revision_sha256,
        link["fencing_token"],
    )
    return sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def check_custody(bundle: Bundle) -> Said:
    """Every link recomputes and names the one before: no link is missing between two."""
    chain, violation = bundle.manifest["chain"], bundle.violation
    links = chain["links"]
    require_same("revision_sha256", chain["revision_sha256"], violation["revision"]["sha256"])
    if not links or links != violation["segments"]:
        raise Fault("its links are not the violation's segments", "حلقه‌های آن پاره‌های تخلف نیستند")
    for link in links:
        if link_sha256(link, chain["revision_sha256"]) != link["link_sha256"]:
            sequence = link["sequence"]
            raise Fault(
                f"link of segment {sequence} does not hold", f"حلقهٔ پارهٔ {sequence} درست نیست"
            )
    for earlier, later in pairwise(links):
        if later["previous_link_sha256"] != earlier["link_sha256"]:
            one, other = earlier["sequence"], later["sequence"]
            raise Fault(
                f"a hole: segment {other} does not follow segment {one}",
                f"زنجیره گسسته است: پارهٔ {other} پس از پارهٔ {one} نیست",
            )
    last = links[-1]["link_sha256"]
    return Said(
        f"{len(links)} links recomputed, none missing; the last is {last}",
        f"{len(links)} حلقه از نو حساب شد و هیچ‌یک کم نیست؛ واپسین {last}",
    )


def check_clip(bundle: Bundle) -> Said:
    clip, links = bundle.manifest["clip"], bundle.manifest["chain"]["links"]
    body = bundle.bodies[bundle.clip_name]
    left_out = clip["segments_left_out"]
    if type(left_out) is not int or not 0 <= left_out < len(links):
        raise Fault("it leaves out every segment", "همهٔ پاره‌ها را کنار گذاشته است")
    run = links[left_out:]
    init = run[-1]["init"]
    if any(link["init"] != init for link in run):
        raise Fault("its segments have several inits", "پاره‌های آن از یک جریان نیستند")
    parts = [("media", link["sequence"], link["media"]) for link in run]
    expected = parts if init is None else [("init", None, init), *parts]
    named = [(part["part"], part["sequence"], part["source"]) for part in clip["parts"]]
    if named != expected:
        raise Fault(
            "its parts are not the init and the media of the last links",
            "تکه‌های آن سرآغاز و پاره‌های واپسین زنجیره نیستند",
        )
    offset = 0
    for part in clip["parts"]:
        require_same("start of a part", part["offset_bytes"], offset)
        end = offset + int(part["size_bytes"])
        digest = sha256(body[offset:end]).hexdigest()
        name = part["part"] if part["sequence"] is None else f"{part['part']} {part['sequence']}"
        require_same(f"SHA-256 of {name}", digest, part["source"]["sha256"])
        offset = end
    require_same("size of all parts", offset, len(body))
    count = len(clip["parts"])
    return Said(
        f"{count} parts, byte for byte those of the links, nothing between them",
        f"{count} تکه، بایت به بایت همان‌های زنجیره، بی هیچ چیز میان آنها",
    )


def check_shots(bundle: Bundle) -> Said:
    shots = bundle.manifest["shots"]
    if [shot["taken"] for shot in shots] != bundle.violation["shots"]:
        raise Fault("they are not the violation's shots", "عکس‌های همین تخلف نیستند")
    for number, shot in enumerate(shots):
        require_same(
            f"SHA-256 of shot {number}", shot["object"]["sha256"], shot["taken"]["crop"]["sha256"]
        )
    count = len(shots)
    return Said(f"{count} pictures, the ones the violation names", f"{count} عکس، همان‌های تخلف")


def check_plate(bundle: Bundle) -> Said:
    read = bundle.read
    if read["outcome"] != "read" or read["plate"] is None:
        raise Fault("the read has no plate", "پلاکی خوانده نشده است")
    require_same("plate", bundle.manifest["plate"], read["plate"])
    second = read.get("second_opinion")
    require_same("second opinion", bundle.manifest.get("second_opinion"), second)
    text, confidence = read["plate"]["text"], finite(read["confidence"])
    english, persian = _second(second)
    return Said(
        f"{text}, read with confidence {confidence:.3f}{english}",
        f"{text}، با اطمینان {confidence:.3f}{persian}",
    )


def _second(opinion: Document | None) -> tuple[str, str]:
    """What a second reader read, for both languages; bundles of before have none."""
    if opinion is None:
        return "", ""
    text = opinion["text"]
    if text is None:
        return "; a second reader read nothing", "؛ خوانندهٔ دوم چیزی نخواند"
    return f"; a second reader read {text}", f"؛ خوانندهٔ دوم {text} خواند"
