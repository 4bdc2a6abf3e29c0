"""The second reader is asked about what may accuse, and never changes the first read."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import SecretStr

from payesh.plates import main
from payesh.plates.domain.best_read import ShotReading
from payesh.plates.domain.located_plate import LocatedPlate
from payesh.plates.domain.reading import PlateReading
from payesh.plates.domain.second_reading import SecondReading
from payesh.plates.errors import SecondReaderMissing
from payesh.plates.handlers.second_opinion import RereadRules, second_opinion
from payesh.plates.settings import SecondReaderUse, Settings
from tests.integration.plates.vehicle_picture import car, jpeg

CROPS = [jpeg(car(None)), jpeg(car("12ب34567"))]
PLATE = LocatedPlate(200.0, 220.0, 100.0, 21.0, 0.9)


@dataclass
class StatedReader:
    """Reads what it is given; remembers what it was shown."""

    text: str
    name: str = "stated 1"
    sha256: str = "5" * 64
    shown: list[tuple[NDArray[np.uint8], LocatedPlate]] = field(default_factory=list)

    def read_again(self, image_bgr: NDArray[np.uint8], plate: LocatedPlate) -> SecondReading:
        self.shown.append((image_bgr, plate))
        if self.text == "broken":
            raise RuntimeError("out of memory")
        return SecondReading(self.text, 0.7)


def best(text: str = "12ب34567", confidence: float = 0.8) -> ShotReading:
    return ShotReading(1, PLATE, PlateReading(text, "car", confidence, ()))


@pytest.mark.parametrize("text", ["12ب34567", "12ب34568", "12ب3456?"])
def test_a_read_that_may_accuse_is_read_again_in_its_own_shot_and_box(text: str) -> None:
    reader = StatedReader(text)
    opinion = second_opinion(RereadRules(reader, 0.8), best(), CROPS)
    assert opinion is not None
    assert (opinion.text, opinion.confidence, opinion.reader) == (text, 0.7, "stated 1")
    assert opinion.model.sha256 == reader.sha256
    ((picture, plate),) = reader.shown
    assert plate == PLATE
    assert picture[230, 250].max() > picture[100, 250].max(), "the shot with the plate"


@pytest.mark.parametrize(
    "read", [None, best(confidence=0.79), best("12ب3?567", 0.95)], ids=["none", "unsure", "hidden"]
)
def test_no_other_read_costs_a_second_reading(read: ShotReading | None) -> None:
    reader = StatedReader("12ب34567")
    assert second_opinion(RereadRules(reader, 0.8), read, CROPS) is None
    assert reader.shown == []


def test_nothing_legible_is_an_opinion_without_a_text() -> None:
    opinion = second_opinion(RereadRules(StatedReader(""), 0.8), best(), CROPS)
    assert opinion is not None and opinion.text is None


def test_a_second_reader_that_fails_leaves_the_first_read_alone() -> None:
    assert second_opinion(RereadRules(StatedReader("broken"), 0.8), best(), CROPS) is None


def settings(use: SecondReaderUse) -> Settings:
    return Settings(
        http_port=0,
        metrics_port=0,
        kafka_bootstrap="127.0.0.1:1",
        database_url=SecretStr("postgresql+asyncpg://127.0.0.1:1/none"),
        s3_endpoint="127.0.0.1:1",
        s3_access_key="none",
        s3_secret_key=SecretStr("none"),
        token_issuer="",
        jwks_url="",
        query_digest_key=SecretStr("0" * 32),
        second_reader=use,
    )


def test_without_the_extra_only_required_refuses_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "find_spec", lambda _: None)
    assert main.reread_rules(settings(SecondReaderUse.WHEN_PRESENT)) is None
    with pytest.raises(SecondReaderMissing, match=r"payesh-plates\[easyocr\]"):
        main.reread_rules(settings(SecondReaderUse.REQUIRED))


def test_off_loads_nothing_even_where_the_extra_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "find_spec", pytest.fail)
    assert main.reread_rules(settings(SecondReaderUse.OFF)) is None
