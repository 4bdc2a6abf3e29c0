"""Builds the facts of a notice, with a picture of the drawn street.

`python -m tests.support.notice_builder` draws docs/images/notice.png anew.
"""

import io
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from payesh.contracts.detect import Shot
from payesh.contracts.values import Box
from payesh.local.street.backdrop import paint_backdrop
from payesh.local.street.geometry import PinholeCamera, Road
from payesh.local.street.plate_art import draw_plate
from payesh.local.street.rendering import FPS, Painter, Scene
from payesh.local.street.traffic import TrafficPlan, generate_traffic
from payesh.local.street.truth import ground_truth
from payesh.tickets.adapters.law_file import read_law
from payesh.tickets.domain.jalali_day import JalaliDay
from payesh.tickets.evidence.law_basis import basis_of, reference_of
from payesh.tickets.evidence.masking import pictures_for_owner
from payesh.tickets.evidence.notice import NoticeFacts
from payesh.tickets.pages.notice.printing import picture_notice
from tests.support.citation_builder import DRAFTED_AT, stored_citation
from tests.support.violation_builder import reference, violation

DAY = JalaliDay(1405, 8, 29)
URL = "https://owner.payesh.test/owner"


@dataclass(frozen=True, slots=True)
class SeenPlate:
    """A crop of a vehicle as JPEG, the shot that it is of, and its plate with its box there."""

    body: bytes
    shot: Shot
    box: Box
    text: str


@cache
def drawn_shot() -> SeenPlate:
    """A plate on a plain vehicle."""
    picture = Image.new("RGB", (240, 200), (96, 98, 100))
    picture.paste((150, 40, 36), (40, 20, 200, 180))
    plate = Image.fromarray(draw_plate("12ب34567", height_px=18)[..., ::-1])
    picture.paste(plate, (80, 140))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92)
    shot = violation(shots=[reference("shots", "0.jpg")]).shots[0]
    box = Box(x_px=80.0, y_px=140.0, width_px=float(plate.width), height_px=float(plate.height))
    return SeenPlate(out.getvalue(), shot, box, "12ب34567")


def street_shot() -> SeenPlate:
    """Of the drawn street's offenders the car whose plate is drawn largest."""
    camera, road, plan = PinholeCamera(), Road(), TrafficPlan()
    vehicles = generate_traffic(1, plan, road)
    frames = round(plan.duration_s * FPS)
    truth = ground_truth(1, vehicles, camera, road, fps=FPS, frames=frames)
    cars = [each for each in truth.vehicles if each.vehicle_class == "car" and each.offence]
    seen = max(cars, key=lambda each: np.ptp([x for x, _ in each.plate_px]))
    scene = Scene(1, vehicles, camera, road, frames)
    frame = Painter(scene, paint_backdrop(camera, road, seed=7)).draw(seen.best_frame)
    left, top, right, bottom = seen.box_px
    width, height = right - left, bottom - top
    aside = 0.12 * width
    crop = (
        max(0, int(left - aside)),
        max(0, int(top - aside)),
        min(camera.width_px, int(left + width + aside)),
        min(camera.height_px, int(top + height + aside)),
    )
    out = io.BytesIO()
    Image.fromarray(frame[..., ::-1]).crop(crop).save(out, "JPEG", quality=92)
    xs, ys = zip(*seen.plate_px, strict=True)
    plate = Box(
        x_px=min(xs) - crop[0],
        y_px=min(ys) - crop[1],
        width_px=max(xs) - min(xs),
        height_px=max(ys) - min(ys),
    )
    boxes = {
        "box": Box(x_px=left, y_px=top, width_px=width, height_px=height),
        "crop_box": Box(
            x_px=float(crop[0]),
            y_px=float(crop[1]),
            width_px=float(crop[2] - crop[0]),
            height_px=float(crop[3] - crop[1]),
        ),
    }
    shot = drawn_shot().shot.model_copy(update=boxes)
    return SeenPlate(out.getvalue(), shot, plate, seen.plate)


def notice_facts(seen: SeenPlate | None = None) -> NoticeFacts:
    """Of a speed of 99 km/h, issued a minute after it was drafted."""
    seen = seen or drawn_shot()
    table = read_law(None)
    price = table.price("speeding", 36.9, day=DAY, place_class="A", vehicle_class="car")
    terms = table.terms_on(DAY)
    assert price is not None and terms is not None
    citation = stored_citation(law=reference_of(table, price))
    standing = replace(
        citation.standing,
        state="issued",
        plate_text=seen.text,
        number="1405-semnan-12-82",
        decided_by="person:4f6c2d",
        decided_at=DRAFTED_AT + timedelta(minutes=1),
    )
    return NoticeFacts(
        citation=replace(citation, standing=standing),
        basis=basis_of(table, price, DAY),
        terms=terms,
        pictures=pictures_for_owner(seen.body, seen.shot, seen.box),
        owner_url=URL,
    )


if __name__ == "__main__":
    picture = Path(__file__).parents[2] / "docs" / "images" / "notice.png"
    picture.write_bytes(picture_notice(notice_facts(street_shot())))
