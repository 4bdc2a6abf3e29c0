"""Random changes of a whole, decided bundle; each must be refused, and what was changed named.

`python -m tests.unit.verify.mutations COUNT [--seed N]` tries as many as asked and prints one JSON
object: of each kind how many were tried, refused, and named. `--every-byte` flips one bit of each
byte of the archive instead, COUNT bytes at the most.
"""

import argparse
import asyncio
import base64
import io
import json
import random
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from payesh.tickets.adapters.evidence_keys import EvidenceKey, EvidenceKeys, make_root
from payesh.verify.report import Report, verify
from tests.support.bundle_builder import bundle
from tests.support.evidence_keys import (
    DAY_S,
    KEYS,
    decide,
    evidence_keys_setting,
    sign_manifest,
    trust,
)
from tests.support.packed_bundle import bodies_of, packed

Bodies = dict[str, bytes]


@dataclass(frozen=True)
class Mutation:
    """A changed archive. `named` is what the report must blame, `once` whether nothing else."""

    archive: bytes
    named: str | None
    once: bool = False


async def decided_bundle(root: Path) -> Path:
    """A bundle that was issued and then voided."""
    folder = await bundle(root)
    decide(folder)
    decide(folder, state="void", reason="wrong_vehicle")
    return folder


def flipped(chance: random.Random, body: bytes) -> bytes:
    """One bit of one byte is another."""
    at = chance.randrange(len(body))
    return body[:at] + bytes([body[at] ^ 1 << chance.randrange(8)]) + body[at + 1 :]


def a_byte_of_a_member(chance: random.Random, bodies: Bodies) -> Mutation:
    name = chance.choice(sorted(bodies))
    return Mutation(packed(bodies | {name: flipped(chance, bodies[name])}), name, once=True)


def a_byte_of_the_archive(chance: random.Random, bodies: Bodies) -> Mutation:
    return Mutation(flipped(chance, packed(bodies)), None)


def two_members_swapped(chance: random.Random, bodies: Bodies) -> Mutation:
    one, other = chance.sample(sorted(bodies), 2)
    swapped = packed(bodies | {one: bodies[other], other: bodies[one]})
    broken = {one, other}
    # Where the signature is among them it is what the rest hangs on.
    first = "manifest.jws" if "manifest.jws" in broken else min(broken)
    named = "manifest.json" if "manifest.json" in broken and first != "manifest.jws" else first
    return Mutation(swapped, named)


def a_member_left_out(chance: random.Random, bodies: Bodies) -> Mutation:
    # The last decision can be cut off unseen: the report lists that as not proved.
    name = chance.choice(sorted(bodies.keys() - {"decisions/2.jws"}))
    return Mutation(packed({n: b for n, b in bodies.items() if n != name}), name)


def a_member_added(chance: random.Random, bodies: Bodies) -> Mutation:
    name = chance.choice(["shots/9.jpg", "citation.json", "more/law.json", "clip.avi"])
    return Mutation(packed(bodies | {name: b"slipped in"}), name, once=True)


def a_name_twice(chance: random.Random, bodies: Bodies) -> Mutation:
    name = chance.choice(sorted(bodies))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file, warnings.catch_warnings(action="ignore"):
        for each, body in bodies.items():
            file.writestr(each, body)
        file.writestr(name, flipped(chance, bodies[name]))
    return Mutation(made.getvalue(), name)


def a_name_that_leads_out(chance: random.Random, bodies: Bodies) -> Mutation:
    name = chance.choice(["../law.json", "/etc/x.sh", "shots/../../x.jpg", "C:\\x.jpg", ".x.js"])
    return Mutation(packed(bodies | {name: b"x"}), name, once=True)


def a_bomb(chance: random.Random, bodies: Bodies) -> Mutation:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for each, body in bodies.items():
            file.writestr(each, body)
        file.writestr("bomb.mp4", bytes(chance.randrange(1, 8) << 20))
    return Mutation(made.getvalue(), "archive", once=True)


def cut_off(chance: random.Random, bodies: Bodies) -> Mutation:
    whole = packed(bodies)
    return Mutation(whole[: chance.randrange(len(whole))], "archive", once=True)


def bytes_around(chance: random.Random, bodies: Bodies) -> Mutation:
    more = chance.randbytes(chance.randrange(1, 99))
    whole = packed(bodies)
    return Mutation(more + whole if chance.random() < 0.5 else whole + more, None)


def hidden_between(chance: random.Random, bodies: Bodies) -> Mutation:
    """As another program packs it: times, permissions and fields that can carry anything."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for each, body in sorted(bodies.items()):
            info = zipfile.ZipInfo(each)
            info.comment = chance.randbytes(4)
            file.writestr(info, body)
    return Mutation(made.getvalue(), "archive", once=True)


@contextmanager
def unpacked(bodies: Bodies) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as place:
        for name, body in bodies.items():
            path = Path(place) / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(body)
        yield Path(place)


class OutOfTime(EvidenceKeys):
    """Signs now with a key whose time it is not."""

    def _in_force(self, now: int) -> EvidenceKey:
        return self._keys[0]


def another_keys(chance: random.Random) -> EvidenceKeys:
    """Keys that must not be believed: of another root, run out, not valid yet, of the future."""
    kind = chance.choice(["another root", "run out", "not yet", "future"])
    if kind == "another root":
        return EvidenceKeys.read(evidence_keys_setting(make_root()))
    if kind == "future":
        setting, later = evidence_keys_setting(from_days=10, to_days=30), time.time() + 20 * DAY_S
        return EvidenceKeys.read(setting, lambda: later)
    days = (-30, -10) if kind == "run out" else (10, 30)
    return OutOfTime.read(evidence_keys_setting(from_days=days[0], to_days=days[1]))


def another_key_signs(chance: random.Random, bodies: Bodies) -> Mutation:
    with unpacked(bodies) as folder:
        sign_manifest(folder, another_keys(chance))
        return Mutation(packed(bodies_of(folder)), "manifest.jws", once=True)


def a_decision_by_another_key(chance: random.Random, bodies: Bodies) -> Mutation:
    kept = {name: body for name, body in bodies.items() if name != "decisions/2.jws"}
    with unpacked(kept) as folder:
        decide(folder, state="issued", plate="45د67811", reason="x", keys=another_keys(chance))
        return Mutation(packed(bodies_of(folder)), "decisions/2.jws", once=True)


def a_forged_decision(chance: random.Random, bodies: Bodies) -> Mutation:
    """Number, officer, plate, state, reason or time are others; nothing is signed again."""
    name = chance.choice(["decisions/1.jws", "decisions/2.jws"])
    header, payload, signature = bodies[name].decode().split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    field = chance.choice(["number", "officer", "plate", "state", "reason", "decided_at", "iat"])
    claims[field] = claims["iat"] + 60 if field == "iat" else f"x{chance.random()}"
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    forged = f"{header}.{changed}.{signature}".encode()
    return Mutation(packed(bodies | {name: forged}), name, once=True)


def a_decision_out_of_its_row(chance: random.Random, bodies: Bodies) -> Mutation:
    """Signed by the right key: of another bundle, a number left out, or not after the last."""
    kept = {name: body for name, body in bodies.items() if name != "decisions/2.jws"}
    wrong: dict[str, Any] = chance.choice(
        [
            {"manifest_sha256": "0" * 64},
            {"sequence": 3},
            {"sequence": 1},
            {"previous_sha256": "0" * 64},
            {"plate": "45د67811"},
            {"number": None},
            {"officer": ""},
        ]
    )
    with unpacked(kept) as folder:
        decide(folder, keys=KEYS, **wrong)
        return Mutation(packed(bodies_of(folder)), "decisions/2.jws", once=True)


def a_custody_line_left_out(chance: random.Random, bodies: Bodies) -> Mutation:
    """One link less in manifest and violation; with the service's own signature on half of them."""
    manifest, violation = (json.loads(bodies[n]) for n in ("manifest.json", "violation.json"))
    at = chance.choice([1, 2])
    del manifest["chain"]["links"][at]
    del violation["segments"][at]
    del manifest["clip"]["parts"][at + 1]
    body = json.dumps(violation, ensure_ascii=False).encode()
    for each in manifest["documents"]:
        if each["key"].endswith("/violation.json"):
            each["sha256"], each["size_bytes"] = sha256(body).hexdigest(), len(body)
    changed = {"manifest.json": json.dumps(manifest).encode(), "violation.json": body}
    if chance.random() < 0.5:
        return Mutation(packed(bodies | changed), "manifest.json", once=True)
    kept = {n: b for n, b in bodies.items() if not n.startswith("decisions/")}
    with unpacked(kept | changed) as folder:
        sign_manifest(folder)
        return Mutation(packed(bodies_of(folder)), "custody")


KINDS: dict[str, Callable[[random.Random, Bodies], Mutation]] = {
    each.__name__: each
    for each in (
        a_byte_of_a_member,
        a_byte_of_the_archive,
        two_members_swapped,
        a_member_left_out,
        a_member_added,
        a_name_twice,
        a_name_that_leads_out,
        a_bomb,
        cut_off,
        bytes_around,
        hidden_between,
        another_key_signs,
        a_decision_by_another_key,
        a_forged_decision,
        a_decision_out_of_its_row,
        a_custody_line_left_out,
    )
}


def every_byte(chance: random.Random, bodies: Bodies, most: int) -> Iterator[Mutation]:
    """One bit of each byte of the archive in turn."""
    whole = packed(bodies)
    for at in range(min(most, len(whole))):
        changed = bytearray(whole)
        changed[at] ^= 1 << chance.randrange(8)
        yield Mutation(bytes(changed), None)


def judged(mutation: Mutation, place: Path) -> tuple[Report, bool]:
    """The report of a mutation, and whether it blames what was changed as it should."""
    place.write_bytes(mutation.archive)
    report = verify(place, trust())
    subjects = [each.subject for each in report.broken]
    named = mutation.named is None or mutation.named in subjects
    return report, named and (not mutation.once or len(subjects) == 1)


def _mutations(given: argparse.Namespace, bodies: Bodies) -> Iterator[tuple[str, Mutation]]:
    if given.every_byte:
        chance = random.Random(given.seed)  # noqa: S311 - repeatable on purpose
        yield from (("every_byte", each) for each in every_byte(chance, bodies, given.count))
        return
    # Bytes of members are what there is most of to change.
    kinds = ["a_byte_of_a_member", "a_byte_of_the_archive", *KINDS]
    for number in range(given.count):
        kind = kinds[number % len(kinds)]
        chance = random.Random(f"{given.seed}-{number}")  # noqa: S311 - repeatable on purpose
        yield kind, KINDS[kind](chance, bodies)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every-byte", action="store_true")
    given = parser.parse_args()
    tried, refused, named = Counter[str](), Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as place:
        folder = asyncio.run(decided_bundle(Path(place)))
        bodies = bodies_of(folder)
        for kind, mutation in _mutations(given, bodies):
            report, is_named = judged(mutation, Path(place) / "mutated.zip")
            tried[kind] += 1
            refused[kind] += not report.holds
            named[kind] += is_named
            if report.holds or not is_named:
                blamed = [f"{each.subject}: {each.said.en}" for each in report.broken]
                sys.stderr.write(f"{kind} {tried[kind]} wanted {mutation.named}: {blamed}\n")
    figures = {kind: [tried[kind], refused[kind], named[kind]] for kind in sorted(tried)}
    print(
        json.dumps(
            {
                "seed": given.seed,
                "tried": tried.total(),
                "refused": refused.total(),
                "named": named.total(),
                "kinds": figures,
            }
        )
    )
    return 0 if refused.total() == named.total() == tried.total() else 1


if __name__ == "__main__":
    raise SystemExit(main())
