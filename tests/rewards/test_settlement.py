"""A recount gives exactly what the single actions gave."""

from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec import structs

from api._lib.rewards.model import (
    Account,
    Activity,
    BadgeFacts,
    Entry,
    Facts,
    Held,
    Kind,
    Progress,
    Session,
    Tally,
)
from api._lib.rewards.rules.levels import level_for
from api._lib.rewards.rules.settlement import current_standing, settle
from api._lib.rewards.rules.streak import current_streak
from tests.scale import scaled

TODAY = date(2026, 3, 11)
PROGRAM = UUID("91aa0000-0000-4000-8000-000000000001")


def test_points_of_the_activity_itself_raise_the_level() -> None:
    facts = Facts(Account(level=1), Tally(method_points=56))
    result = settle(facts, TODAY, Activity(TODAY))
    assert result.account.level == 2
    assert Entry(Kind.LEVEL, "2", activity_on=TODAY) in result.entries


def test_taking_a_habit_back_keeps_the_level() -> None:
    result = settle(Facts(Account(level=2), Tally(habits=9)), TODAY)
    assert (result.account.total_points, result.account.level) == (45, 2)
    assert result.entries == [Entry(Kind.BADGE, "goede_start", activity_on=TODAY)]


def test_a_belief_pays_one_point_into_the_bonus() -> None:
    belief = Entry(Kind.BELIEF, "recBelief00000001", 1)
    result = settle(Facts(), TODAY, Activity(TODAY, belief))
    assert (result.account.bonus_points, result.account.mental_fitness_score) == (1, 1)


def test_an_entry_of_the_ledger_is_not_paid_again() -> None:
    belief = Entry(Kind.PERSONAL_BELIEF, "one", 1)
    facts = Facts(tally=Tally(bonus_points=1), held=Held(entry=True))
    result = settle(facts, TODAY, Activity(TODAY, belief))
    assert (result.account.bonus_points, list(result.entries)) == (1, [])


def test_the_bonus_of_a_streak_counts_in_the_total_it_is_given_with() -> None:
    week = [Session(TODAY - timedelta(days=n), TODAY - timedelta(days=n)) for n in range(7)]
    result = settle(Facts(sessions=week, tally=Tally(method_points=35)), TODAY, Activity(TODAY))
    assert (result.account.current_streak, result.account.total_points) == (7, 60)
    assert result.account.level == 2


def test_the_last_milestone_completes_a_program() -> None:
    facts = Facts(progress=Progress(PROGRAM, 4, 4))
    result = settle(facts, TODAY, Activity(TODAY, program_id=PROGRAM))
    assert result.account.bonus_points == 250
    assert Entry(Kind.BADGE, "programma_voltooid", activity_on=TODAY) in result.entries


def test_R16_looking_after_ninety_days_shows_no_streak_and_keeps_the_rest() -> None:
    account = Account(last_active_on=TODAY - timedelta(days=90), longest_streak=9, level=3)
    old = TODAY - timedelta(days=95)
    facts = Facts(account, Tally(method_points=130), [Session(old, old)])
    standing, away = current_standing(facts, TODAY)
    assert away is not None
    assert away.days_until_reset == 0
    assert (standing.current_streak, standing.longest_streak, standing.level) == (0, 9, 3)
    assert standing.total_points == 130


def test_coming_back_after_ninety_days_starts_the_streak_anew() -> None:
    gone = TODAY - timedelta(days=90)
    facts = Facts(
        Account(last_active_on=gone, longest_streak=1),
        sessions=[Session(gone, gone), Session(TODAY, TODAY)],
    )
    assert settle(facts, TODAY).account.current_streak == 2
    back = settle(facts, TODAY, Activity(TODAY)).account
    assert (back.current_streak, back.streak_anchor_on) == (1, TODAY)


def test_a_streak_nobody_had_looked_at_is_remembered_after_an_absence() -> None:
    gone = TODAY - timedelta(days=91)
    early = [Session(gone + timedelta(days=n), gone) for n in range(3)]
    facts = Facts(Account(last_active_on=gone, longest_streak=1), sessions=early)
    assert current_standing(facts, TODAY)[0].longest_streak == 3
    back = settle(facts, TODAY, Activity(TODAY)).account
    assert (back.current_streak, back.longest_streak) == (0, 3)


class World:
    """Everything one person did, and the ledger; facts are counted from it as the store does."""

    def __init__(self) -> None:
        self.account = Account()
        self.ledger: dict[tuple[Kind, str], Entry] = {}
        self.methods: list[tuple[date, int]] = []
        self.habits: set[tuple[int, date]] = set()
        self.goals: list[date] = []
        self.sessions: list[Session] = []

    def facts(self, activity: Activity) -> Facts:
        done = sum(session.first_done_on is not None for session in self.sessions)
        own = activity.entry
        return Facts(
            account=self.account,
            tally=self.tally(),
            sessions=self.sessions,
            held=Held(
                badges=self.refs(Kind.BADGE),
                streaks=frozenset(map(int, self.refs(Kind.STREAK))),
                milestones=frozenset(int(r.split(":")[1]) for r in self.refs(Kind.MILESTONE)),
                entry=own is not None and (own.kind, own.ref) in self.ledger,
            ),
            badge_facts=BadgeFacts(
                methods=len(self.methods),
                months_active=len({day.replace(day=1) for day, _ in self.methods}),
                programs_started=1,
                programs_completed=f"{PROGRAM}:100" in self.refs(Kind.MILESTONE),
                first_week_done=False,
                all_kinds_in_one_week=bool(
                    weeks(day for day, _ in self.methods)
                    & weeks(day for _, day in self.habits)
                    & weeks(self.goals)
                ),
            ),
            progress=Progress(PROGRAM, len(self.sessions), done) if activity.program_id else None,
        )

    def tally(self) -> Tally:
        return Tally(
            sum(points for _, points in self.methods),
            len(self.habits),
            len(self.goals),
            sum(entry.points for entry in self.ledger.values()),
        )

    def refs(self, kind: Kind) -> list[str]:
        return [entry.ref for entry in self.ledger.values() if entry.kind is kind]


def weeks(days: Iterable[date]) -> set[date]:
    return {day - timedelta(days=day.weekday()) for day in days}


class Rewards(RuleBasedStateMachine):
    """Any sequence of actions: what each gave is what a recount finds."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.today = TODAY
        self.paid = 0
        self.top = Account()
        self.longest = 0

    def recount(self, points: int, activity: Activity) -> None:
        """Settle after an action that was worth `points` itself."""
        result = settle(self.world.facts(activity), self.today, activity)
        for entry in result.entries:
            key = (entry.kind, entry.ref)
            assert key not in self.world.ledger, "nothing pays twice"
            self.world.ledger[key] = entry
            self.paid += entry.points
        self.paid += points
        self.world.account = result.account
        self.settled_for_good(activity)

    def settled_for_good(self, activity: Activity) -> None:
        again = settle(self.world.facts(activity), self.today, activity)
        assert again.account == self.world.account
        assert list(again.entries) == []

    @rule(points=st.integers(1, 10))
    def method(self, points: int) -> None:
        self.world.methods.append((self.today, points))
        self.recount(points, Activity(self.today))

    @rule(points=st.integers(1, 10), which=st.integers(0, 50))
    def method_of_a_session(self, points: int, which: int) -> None:
        if not self.world.sessions:
            return
        index = which % len(self.world.sessions)
        session = self.world.sessions[index]
        first = min(session.first_done_on or self.today, self.today)
        self.world.sessions[index] = structs.replace(session, first_done_on=first)
        self.world.methods.append((self.today, points))
        self.recount(points, Activity(self.today, program_id=PROGRAM))

    @rule(habit=st.integers(0, 3), late=st.integers(0, 7))
    def tick(self, habit: int, late: int) -> None:
        day = self.today - timedelta(days=late)
        if (habit, day) not in self.world.habits:
            self.world.habits.add((habit, day))
            self.recount(5, Activity(day))

    @rule(habit=st.integers(0, 3))
    def untick(self, habit: int) -> None:
        if (habit, self.today) in self.world.habits:
            self.world.habits.remove((habit, self.today))
            self.recount(-5, Activity())

    @rule()
    def goal(self) -> None:
        self.world.goals.append(self.today)
        self.recount(5, Activity(self.today))

    @rule(belief=st.integers(0, 3))
    def belief(self, belief: int) -> None:
        entry = Entry(Kind.BELIEF, str(belief), 1)
        self.recount(0, Activity(self.today, entry))

    @rule(days=st.sampled_from([0, 1, 2, 3, 5, 8, 13]))
    def plan(self, days: int) -> None:
        self.world.sessions.append(Session(self.today + timedelta(days=days), None))

    @rule()
    def delete_program(self) -> None:
        standing, _ = current_standing(self.world.facts(Activity()), self.today)
        self.world.sessions.clear()
        self.recount(0, Activity(longest_streak=standing.longest_streak))

    @rule(days=st.sampled_from([1, 1, 1, 2, 3, 30, 89, 90]))
    def time_passes(self, days: int) -> None:
        self.today += timedelta(days=days)

    @invariant()
    def recount_equals_increments(self) -> None:
        assert settle(self.world.facts(Activity()), self.today).account.total_points >= self.paid
        standing, _ = current_standing(self.world.facts(Activity()), self.today)
        assert standing.total_points == self.paid
        assert standing.total_points == (
            standing.mental_fitness_score
            + standing.personal_goals_score
            + standing.good_habits_score
        )

    @invariant()
    def streaks_never_contradict(self) -> None:
        standing, _ = current_standing(self.world.facts(Activity()), self.today)
        assert 0 <= standing.current_streak <= standing.longest_streak
        assert standing.longest_streak >= self.longest
        self.longest = standing.longest_streak
        anchor = self.world.account.streak_anchor_on
        assert standing.current_streak in (
            0,
            current_streak(self.world.sessions, self.today, anchor),
        )

    @invariant()
    def nothing_is_lost(self) -> None:
        account = self.world.account
        assert account.level >= max(self.top.level, level_for(account.total_points))
        if self.top.last_active_on:
            assert account.last_active_on
            assert account.last_active_on >= self.top.last_active_on
        self.top = account


TestRewards = Rewards.TestCase
TestRewards.settings = settings(
    max_examples=scaled(10, soak=1_000), stateful_step_count=40, deadline=None
)
