"""The signal heads of one stream: what each shows, frame by frame."""

from typing import ClassVar

from payesh.detect.domain.scene import Scene
from payesh.detect.domain.signals import HeadWatch, Showing
from payesh.detect.frames import Frame
from payesh.detect.ports import Part
from payesh.detect.vision.lamps import look_at


class SignalWatch:
    """Remembers each head's lamps when dark and when lit, and since when it shows what it shows."""

    part_name: ClassVar[str] = "signals"
    part_version: ClassVar[int] = 1

    def __init__(self) -> None:
        self._heads: dict[str, HeadWatch] = {}

    def look(self, frame: Frame, scene: Scene, time_s: float) -> dict[str, Showing]:
        """What the scene's heads show, by name."""
        self._heads = {name: self._heads.get(name) or HeadWatch() for name in scene.signal_heads}
        return {
            name: self._heads[name].see(
                head, [look_at(frame, lamp.box) for lamp in head.lamps], time_s
            )
            for name, head in scene.signal_heads.items()
        }

    def memory(self) -> Part:
        heads = {name: watch.to_state() for name, watch in self._heads.items()}
        return Part(self.part_name, self.part_version, {"heads": heads})

    def recall(self, part: Part) -> None:
        self._heads = {
            name: HeadWatch.from_state(state) for name, state in part.state["heads"].items()
        }
