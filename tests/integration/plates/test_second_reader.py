"""The published read has the second reader's opinion, where one is installed."""

from importlib.util import find_spec

import pytest

from payesh.contracts.vocabulary import ReadOutcome
from tests.integration.plates.conftest import RunningService
from tests.integration.plates.vehicle_picture import VEHICLE, jpeg, splashed
from tests.support.easyocr_present import with_easyocr
from tests.support.passage_builder import passage

PLATE = "12ب34567"


@with_easyocr
async def test_a_sure_read_has_a_second_opinion_and_an_unsure_one_none(
    service: RunningService,
) -> None:
    sure = await service.car_passage(PLATE, PLATE)
    disputed = await service.car_passage(PLATE, "98ی76543")
    await service.publish(sure, disputed)
    read = await service.read_of(sure)
    assert read.plate is not None and read.plate.text == PLATE
    opinion = read.second_opinion
    assert opinion is not None
    assert (opinion.text, opinion.model.name) == (PLATE, "second_reader")
    assert opinion.reader.startswith("easyocr ")
    assert {model.name for model in read.provenance.models} == {"plate_locator", "plate_reader"}
    assert (await service.read_of(disputed)).second_opinion is None


@with_easyocr
async def test_readers_that_disagree_leave_the_first_read_as_it_is(
    service: RunningService,
) -> None:
    """Mud makes a ص of the س on this plate for the first reader, surely enough to accuse."""
    crop = await service.crop(jpeg(splashed("87س16542", seed=83)))
    seen = passage(crops=[crop], vehicle_in_crop=VEHICLE)
    await service.publish(seen)
    read = await service.read_of(seen)
    assert read.outcome == ReadOutcome.READ
    assert read.plate is not None and read.plate.text == "87ص16542"
    assert read.confidence >= service.settings.second_reader_confidence
    assert read.second_opinion is not None
    assert read.second_opinion.text == "87س16542"


async def test_where_no_second_reader_is_installed_a_read_comes_without(
    service: RunningService,
) -> None:
    if find_spec("easyocr") is not None:
        pytest.skip("EasyOCR is installed")
    seen = await service.car_passage(PLATE)
    await service.publish(seen)
    read = await service.read_of(seen)
    assert read.plate is not None and read.plate.text == PLATE
    assert read.second_opinion is None
