"""The life of citations under officers who act at once, replay, undo and crash, on PostgreSQL.

Each batch of acts runs concurrently; which of them wins is the database's to say. The model counts
what was answered with success and holds the store against it.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import replace
from itertools import pairwise
from typing import Any, TypeVar
from uuid import UUID, uuid4

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select, text, update

from payesh.kit.errors import Conflict, DependencyFault, NotFound
from payesh.kit.principal import Principal
from payesh.kit.tokens import principal_from_claims
from payesh.tickets.adapters.statement_tables import decision_statements
from payesh.tickets.adapters.tables import citation_steps, citations
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain import life
from payesh.tickets.domain.numbering import holds
from payesh.tickets.domain.rejection import Rejection
from payesh.tickets.evidence.statement import Statement
from payesh.tickets.handlers import correcting, deciding, supervising
from payesh.tickets.handlers.finalising import finalise
from payesh.tickets.handlers.lapsing import lapse
from tests.integration.tickets.conftest import Office, claims
from tests.integration.tickets.dues_acts import AFTER, AFTER_ISSUE, time_is_over
from tests.integration.tickets.dues_acts import check as check_dues

PLATE, CORRECTED = "12ب34567", "13ب34567"
CASES = 5
OFFICERS = ("sara", "reza", "omid")
SUPERVISOR = "mina"
T = TypeVar("T")

Act = Callable[[Dependencies, Principal, UUID], Awaitable[object]]
ACTS: dict[str, Act] = {
    "claim": deciding.claim,
    "release": deciding.release,
    "issue": lambda rests, by, case: deciding.issue(rests, by, case, PLATE),
    "issue to another plate": lambda rests, by, case: deciding.issue(rests, by, case, CORRECTED),
    "reject": lambda rests, by, case: deciding.reject(rests, by, case, Rejection.NO_OFFENCE),
    "undo": deciding.undo,
    "return_to_supervisor": lambda rests, by, case: supervising.return_draft(
        rests, by, case, to="supervisor", note="why"
    ),
    "give_back": lambda rests, by, case: supervising.give_back(rests, by, case, "so"),
    "make_void": lambda rests, by, case: supervising.make_void(rests, by, case, "moved"),
    **AFTER_ISSUE,
    "correct_plate": lambda rests, by, case: correcting.correct(
        rests, by, case, plate=CORRECTED, reason="why", shot=0
    ),
    "take_correction": correcting.hold,
    "release_correction": correcting.release,
    "confirm_plate": lambda rests, by, case: correcting.read_again(rests, by, case, CORRECTED),
    "read otherwise": lambda rests, by, case: correcting.read_again(rests, by, case, PLATE),
    "dispute_plate": lambda rests, by, case: correcting.dispute(rests, by, case, "blurred"),
}
ISSUES = ("issue", "issue to another plate")
"""A corrected plate is issued by the second of them."""
DISPUTES = ("read otherwise", "dispute_plate")
OF_SUPERVISOR = {"give_back", "make_void", "withdraw_notification", "reverse_payment"}
SERVICE = (
    "run out",
    "finalise",
    "crash while finalising",
    "next",
    "next correction",
    "time is over",
    "lapse",
)
OF_THE_LAW = ("time is over", "lapse", "make_void")
COUNTED = ACTS.keys() - {"claim", "release", *ISSUES, *DISPUTES}
COUNTED -= {"take_correction", "release_correction"}


class Crashing:
    """An evidence key that is gone when the statement is to be signed."""

    def sign(self, _: Statement) -> str:
        raise DependencyFault("evidence key", "crashed")


class Desk:
    """Some drafts of a county of its own, and what acts on them."""

    def __init__(self, office: Office, model: UUID) -> None:
        self.office = office
        self.model = model
        self.dependencies: Dependencies = office.app.state.dependencies
        self.county = f"county-{uuid4().hex[:8]}"
        self.cases = [uuid4() for _ in range(CASES)]
        self.succeeded: Counter[str] = Counter()

    async def draft(self) -> None:
        """Copies of one draft whose evidence is stored."""
        columns = [each.name for each in citations.columns]
        own = {"citation_id": ":id", "violation_id": ":violation", "county": ":county"}
        values = ", ".join(own.get(name, name) for name in columns)
        copied = text(
            f"INSERT INTO citations ({', '.join(columns)}) "  # noqa: S608 - the table's own names
            f"SELECT {values} FROM citations WHERE citation_id = :model"
        )
        async with self.office.database.transaction() as session:
            for case in self.cases:
                ids = {"id": case, "violation": uuid4(), "county": self.county}
                await session.execute(copied, {**ids, "model": self.model})

    async def act(self, name: str, officer: str, number: int) -> None:
        if name == "next":
            await deciding.take_next(self.dependencies, self.person(officer), ())
        elif name == "run out":
            await self.run_out(self.cases[number])
        elif name == "time is over":
            await time_is_over(self.dependencies, self.cases[number])
        elif name == "lapse":
            await lapse(self.dependencies)
        elif name == "finalise":
            await finalise(self.dependencies)
        elif name == "crash while finalising":
            try:
                await finalise(replace(self.dependencies, signer=Crashing()))
            except DependencyFault:
                return
        elif name == "next correction":
            await correcting.take_next(self.dependencies, self.person(officer))
        else:
            who = SUPERVISOR if name in OF_SUPERVISOR else officer
            try:
                await ACTS[name](self.dependencies, self.person(who), self.cases[number])
            except (Conflict, NotFound):
                return
            self.succeeded[name] += 1

    def person(self, name: str) -> Principal:
        return principal_from_claims(claims(name, counties=[self.county], purpose="test"))

    async def run_out(self, *cases: UUID) -> None:
        """The time to undo is over."""
        async with self.office.database.transaction() as session:
            await session.execute(
                update(citations)
                .where(citations.c.citation_id.in_(cases), citations.c.state == "decided")
                .values(final_at=func.clock_timestamp())
            )

    async def check(self) -> None:
        """Nothing is lost or doubled, and numbers have no gap."""
        async with self.office.database.transaction() as session:
            # One moment: the replica behind the office makes decisions final meanwhile.
            await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            of_county = select(citations).where(citations.c.county == self.county)
            rows = {row.citation_id: row for row in await session.execute(of_county)}
            in_order = select(citation_steps).order_by(citation_steps.c.sequence)
            steps = defaultdict(list)
            mine = citation_steps.c.citation_id.in_(self.cases)
            for step in await session.execute(in_order.where(mine)):
                steps[step.citation_id].append(step)
            counted = await session.execute(
                select(decision_statements.c.citation_id, func.count())
                .where(decision_statements.c.citation_id.in_(self.cases))
                .group_by(decision_statements.c.citation_id)
            )
            statements: dict[UUID, int] = {case: number for case, number in counted}  # noqa: C416
            for case, row in rows.items():
                await check_dues(session, case, row)
        assert rows.keys() == set(self.cases), "a citation is lost, or is there twice"
        known = life.transitions()
        for case, row in rows.items():
            state, signed = "drafted", 0
            for number, step in enumerate(steps[case], 1):
                transition = known[step.step]
                assert step.sequence == number
                assert state in transition.leaves
                assert step.state == transition.reaches
                state, signed = step.state, signed + transition.is_signed
            assert row.state == state, "its history leads elsewhere"
            assert statements.get(case, 0) == signed
            assert (row.number is not None) is (state in AFTER)
            assert (row.final_at is None) is (state in ("drafted", "returned", "corrected"))
            self.check_plate(row.plate_text, steps[case])
        taken = Counter(step.step for each in steps.values() for step in each)
        taken["object"] += taken["insist"]
        answered = self.succeeded
        for name in COUNTED:
            assert taken[name] == answered[name], f"{name}: answered and kept differ"
        assert taken["issue"] == sum(answered[name] for name in ISSUES)
        assert taken["dispute_plate"] == sum(answered[name] for name in DISPUTES)
        numbers = [row.number for row in rows.values() if row.number]
        assert all(holds(number) for number in numbers)
        serials = sorted(int(number.rsplit("-", 2)[1]) for number in numbers)
        assert serials == list(range(1, len(serials) + 1))

    def check_plate(self, plate: str, steps: list[Any]) -> None:
        """It is another plate only where two officers read that one, one after the other."""
        stands = PLATE
        for before, step in pairwise([None, *steps]):
            if step.step == "confirm_plate":
                assert before.step == "correct_plate"
                assert before.officer != step.officer
                assert before.plate == step.plate
                stands = step.plate
            if step.step == "issue":
                assert step.plate == stands, "issued to a plate that does not stand"
        assert plate == stands

    async def end(self) -> None:
        await self.run_out(*self.cases)
        await finalise(self.dependencies)
        async with self.office.database.transaction() as session:
            left = select(func.count()).where(
                citations.c.county == self.county, citations.c.state == "decided"
            )
            for _ in range(100):
                if await session.scalar(left) == 0:
                    break
                await asyncio.sleep(0.05)
            else:
                raise AssertionError("a decision never became final")
        await self.check()


ONE_ACT = st.tuples(
    st.sampled_from([*ACTS, *SERVICE]),
    st.sampled_from(OFFICERS),
    st.integers(0, CASES - 1),
)
BATCH = st.lists(ONE_ACT, min_size=1, max_size=6)
DECISION = st.sampled_from(["issue", "reject", "return_to_supervisor"])


async def test_nothing_is_lost_or_doubled_and_numbers_have_no_gap(office: Office) -> None:
    model = await office.draft()
    loop = asyncio.get_running_loop()
    unhurried = replace(
        office.app.state.dependencies, undo=office.app.state.dependencies.claim_lease
    )

    def wait(work: Coroutine[Any, Any, T]) -> T:
        running = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return running.result(60)
        except TookTooLong:
            running.cancel()
            raise

    class Officers(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.desk = Desk(office, model)
            self.desk.dependencies = unhurried
            wait(self.desk.draft())

        async def _at_once(self, *acts: tuple[str, str, int]) -> None:
            await asyncio.gather(*(self.desk.act(*each) for each in acts))

        @rule(batch=BATCH)
        def several_act_at_once(self, batch: list[tuple[str, str, int]]) -> None:
            wait(self._at_once(*batch))

        @rule(act=ONE_ACT, times=st.integers(2, 3))
        def one_act_is_replayed(self, act: tuple[str, str, int], times: int) -> None:
            wait(self._at_once(*[act] * times))

        @rule(name=DECISION, officer=st.sampled_from(OFFICERS), case=st.integers(0, CASES - 1))
        def a_case_is_claimed_and_decided(self, name: str, officer: str, case: int) -> None:
            wait(self._at_once(("claim", officer, case)))
            wait(self._at_once((name, officer, case), (name, officer, case)))

        @rule(officer=st.sampled_from(OFFICERS), case=st.integers(0, CASES - 1))
        def undo_races_with_the_deadline(self, officer: str, case: int) -> None:
            wait(
                self._at_once(
                    ("undo", officer, case), ("run out", officer, case), ("finalise", officer, case)
                )
            )

        @rule(officer=st.sampled_from(OFFICERS), cases=st.sets(st.integers(0, CASES - 1)))
        def several_become_final_while_a_replica_crashes(
            self, officer: str, cases: set[int]
        ) -> None:
            for name in ("claim", "issue", "run out"):
                wait(self._at_once(*((name, officer, case) for case in cases)))
            crash, finalised = ("crash while finalising", officer, 0), ("finalise", officer, 0)
            wait(self._at_once(crash, crash, finalised, finalised))

        @rule(
            case=st.integers(0, CASES - 1),
            names=st.lists(st.sampled_from([*AFTER_ISSUE, *OF_THE_LAW]), min_size=2, max_size=5),
            officer=st.sampled_from(OFFICERS),
        )
        def an_issued_one_is_acted_on_at_once(
            self, case: int, names: list[str], officer: str
        ) -> None:
            for name in ("claim", "issue", "run out", "finalise", "notify"):
                wait(self._at_once((name, OFFICERS[0], case)))
            wait(self._at_once(*((name, officer, case) for name in names)))

        @rule(case=st.integers(0, CASES - 1))
        def a_supervisor_answers_or_voids(self, case: int) -> None:
            wait(self._at_once(("give_back", SUPERVISOR, case), ("make_void", SUPERVISOR, case)))

        @rule(officer=st.sampled_from(OFFICERS), case=st.integers(0, CASES - 1))
        def a_plate_is_corrected_and_read_by_all_at_once(self, officer: str, case: int) -> None:
            for name in ("claim", "correct_plate"):
                wait(self._at_once((name, officer, case), (name, officer, case)))
            wait(self._at_once(*(("take_correction", each, case) for each in OFFICERS)))
            wait(self._at_once(*(("confirm_plate", each, case) for each in OFFICERS)))

        @invariant()
        def holds(self) -> None:
            wait(self.desk.check())

        def teardown(self) -> None:
            wait(self.desk.end())

    bounded = settings(
        max_examples=12,
        stateful_step_count=12,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        # No shrinking: concurrent acts do not repeat themselves, and it has no bound in time.
        phases=[Phase.generate],
    )
    await asyncio.to_thread(run_state_machine_as_test, Officers, settings=bounded)
