"""The plate in a row of decisions: the one that was read, until two officers read another."""

from payesh.verify.bundle import Document
from payesh.verify.findings import Fault, Said, require_same

_CORRECTED = "corrected"


class Plates:
    """Follows the plate through decisions in their order, from the one that the reader read."""

    def __init__(self, manifest: Document) -> None:
        plate = manifest["plate"]
        self._read = None if plate is None else plate["text"]
        self._stands = self._read
        self._pictures = {
            each["object"]["sha256"] for each in (*manifest["shots"], manifest["clip"])
        }
        self._correction: Document | None = None
        self.said = Said("", "")
        """What the last decision did to the plate; empty where it stands as it was read."""

    def follow(self, claims: Document) -> None:
        """The next decision. Raises Fault where it names a plate that it may not."""
        if claims["state"] == _CORRECTED:
            self._open(claims)
            read = claims["correction"]["plate"]
            self.said = Said(f", who reads the plate {read}", f"، که پلاک را {read} می‌خواند")
            return
        plate, first = claims["plate"], self._correction
        self._correction = None
        if plate not in (None, self._stands):
            self._confirm(claims, plate, first)
        stands = self._stands
        self.said = Said("", "")
        if stands != self._read:
            self.said = Said(
                f", plate {stands} as two officers read it",
                f"، پلاک {stands} به خوانش دو مأمور",
            )

    def _confirm(self, claims: Document, plate: object, first: Document | None) -> None:
        if first is None or plate != first["plate"]:
            raise Fault(
                f"its plate {plate} is not the one that stands, {self._stands}, and no officer "
                "corrected it to that",
                f"پلاک آن {plate} است، نه {self._stands}، و مأموری آن را چنین اصلاح نکرده است",
            )
        if claims["officer"] == first["by"]:
            raise Fault(
                f"who corrected its plate, {first['by']}, confirmed it too",
                f"اصلاح‌کنندهٔ پلاک، {first['by']}، خودش آن را تأیید کرده است",
            )
        said = claims["correction"]
        require_same("second_by", said["second_by"], claims["officer"])
        require_same("second_plate", said["second_plate"], plate)
        self._stands = plate

    def _open(self, claims: Document) -> None:
        correction = claims["correction"]
        require_same("plate", claims["plate"], self._stands)
        require_same("correction.drafted", correction["drafted"], self._read)
        require_same("correction.by", correction["by"], claims["officer"])
        require_same("correction.at", correction["at"], claims["decided_at"])
        if not correction["plate"] or not correction["reason"]:
            raise Fault("its correction has no plate or reason", "اصلاح آن پلاک یا دلیل ندارد")
        if correction["picture_sha256"] not in self._pictures:
            raise Fault(
                "the picture that it was corrected from is not in the evidence",
                "تصویری که پلاک از آن اصلاح شده در مدرک نیست",
            )
        self._correction = correction
