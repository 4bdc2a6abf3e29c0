"""Law as dated data: which offence, whether it is tolerated, and what it costs on a given day.

Nothing about the law is a constant here; every number comes from the table a deployer publishes.
Days are Solar Hijri, because decrees and seasons are written so.
"""

from dataclasses import dataclass

from payesh.tickets.domain.jalali_day import JalaliDay

ANY = "any"
UNKNOWN_CODE = "0000"
"""Stands for an offence whose code was not found in a source; such a case is never issued."""


@dataclass(frozen=True)
class Period:
    """From a day to a day, both included; None is open-ended."""

    first: JalaliDay | None
    last: JalaliDay | None

    def contains(self, day: JalaliDay) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True)
class Season:
    """A part of each year, for example Nowruz; may run over the turn of the year."""

    name: str
    first_month_day: tuple[int, int]
    last_month_day: tuple[int, int]

    def contains(self, day: JalaliDay) -> bool:
        return self.holds((day.month, day.day))

    def holds(self, month_day: tuple[int, int]) -> bool:
        """As `contains`, in every year."""
        if self.first_month_day <= self.last_month_day:
            return self.first_month_day <= month_day <= self.last_month_day
        return month_day >= self.first_month_day or month_day <= self.last_month_day


@dataclass(frozen=True)
class OffenceClass:
    """Which offence code a broken rule falls under.

    Of a rule that limits a speed, the excess (lower bound minus limit, km/h) lies above
    `over_kmh_above` and at most at `over_kmh_to`; other rules leave both None. `code_known` is
    False where the code was not found in a source and `code` is a placeholder.
    """

    rule: str
    code: str
    title: str
    code_known: bool
    over_kmh_above: float | None
    over_kmh_to: float | None

    def covers(self, rule: str, excess_kmh: float) -> bool:
        if rule != self.rule:
            return False
        above = self.over_kmh_above is None or excess_kmh > self.over_kmh_above
        return above and (self.over_kmh_to is None or excess_kmh <= self.over_kmh_to)


@dataclass(frozen=True)
class Tariff:
    """What an offence costs. `amount_rial` None: not found in law, to be priced later."""

    code: str
    period: Period
    place_class: str
    vehicle_class: str
    season: str
    amount_rial: int | None
    decree: str
    note: str


@dataclass(frozen=True)
class Tolerance:
    """Published enforcement tolerance, km/h above the limit, taken from the lower bound."""

    period: Period
    tolerance_kmh: float
    reference: str


@dataclass(frozen=True)
class Terms:
    """Deadlines of the law for whoever is notified within the period, in whole days.

    `payment_days` and `objection_days` count from the day of notification, `after_decision_days`
    from the day of a decision on an objection. `doubles` says whether an amount that is not paid in
    time doubles, which sources dispute for offences that a camera recorded.
    """

    period: Period
    payment_days: int
    objection_days: int
    after_decision_days: int
    doubles: bool
    reference: str


@dataclass(frozen=True)
class Price:
    """The law that a citation was priced with. `season` is the one its tariff names, if any."""

    offence: OffenceClass
    tariff: Tariff
    season: Season | None

    @property
    def amount_rial(self) -> int | None:
        return self.tariff.amount_rial

    @property
    def decree(self) -> str:
        return self.tariff.decree

    @property
    def is_issuable(self) -> bool:
        """Whether the law has an amount and a code: else a citation is held."""
        return self.amount_rial is not None and self.offence.code != UNKNOWN_CODE


@dataclass(frozen=True)
class LawTable:
    """One published table. `sha256` is of the file it was read from."""

    name: str
    title: str
    warning: str
    sha256: str
    seasons: tuple[Season, ...]
    offences: tuple[OffenceClass, ...]
    tariffs: tuple[Tariff, ...]
    tolerances: tuple[Tolerance, ...]
    terms: tuple[Terms, ...] = ()

    def tolerance(self, day: JalaliDay) -> Tolerance | None:
        """The tolerance in force; of several the one that began last; None: none is published."""
        in_force = [each for each in self.tolerances if each.period.contains(day)]
        return max(in_force, key=_began, default=None)

    def terms_on(self, day: JalaliDay) -> Terms | None:
        """The deadlines for who is notified on `day`; of several rows the one that began last.
        None: the table has none, and nobody can be notified under it."""
        in_force = [each for each in self.terms if each.period.contains(day)]
        return max(in_force, key=_began, default=None)

    def tolerance_kmh(self, day: JalaliDay) -> float:
        """As `tolerance`; 0 where none is published."""
        in_force = self.tolerance(day)
        return 0.0 if in_force is None else in_force.tolerance_kmh

    def offence(self, rule: str, excess_kmh: float) -> OffenceClass | None:
        """The offence a broken rule falls under; None when the table does not know it."""
        return next((each for each in self.offences if each.covers(rule, excess_kmh)), None)

    def price(
        self, rule: str, excess_kmh: float, *, day: JalaliDay, place_class: str, vehicle_class: str
    ) -> Price | None:
        """The law for an offence on `day`; None when it is none, or no tariff was in force.

        Of several tariffs the one naming the season counts before the one naming the vehicle,
        and that before a general one; of equals the one that came into force last.
        """
        offence = self.offence(rule, excess_kmh)
        if offence is None:
            return None
        seasons = {season.name: season for season in self.seasons if season.contains(day)}
        fitting = [
            tariff
            for tariff in self.tariffs
            if tariff.code == offence.code
            and tariff.period.contains(day)
            and tariff.place_class in (place_class, ANY)
            and tariff.vehicle_class in (vehicle_class, ANY)
            and (tariff.season == ANY or tariff.season in seasons)
        ]
        if not fitting:
            return None
        chosen = max(fitting, key=_specificity)
        return Price(offence, chosen, seasons.get(chosen.season))


_EVER = JalaliDay(0, 0, 0)


def _began(row: Tolerance | Terms) -> JalaliDay:
    return row.period.first or _EVER


def _specificity(tariff: Tariff) -> tuple[bool, bool, bool, JalaliDay]:
    return (
        tariff.season != ANY,
        tariff.vehicle_class != ANY,
        tariff.place_class != ANY,
        tariff.period.first or _EVER,
    )
