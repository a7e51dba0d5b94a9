"""What holds for every plan, whatever people, programs, preferences and moments."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from api._lib.notifications.model import (
    Kind,
    Plan,
    PlannedSession,
    Recipient,
    Reminder,
    ReminderMode,
    ScheduledGoal,
    Status,
    Stored,
)
from api._lib.notifications.rules.instants import is_quiet
from api._lib.notifications.rules.planner import WEEK, plan
from api._lib.notifications.rules.transitions import changes
from tests.notifications.cases import somebody, stored

ZONES = [
    *("Europe/Brussels", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"),
    *("Asia/Kathmandu", "Africa/Cairo", "UTC"),
]

minutes = st.builds(time, st.integers(0, 23), st.integers(0, 59))
wishes = st.fixed_dictionaries(
    {
        "reminder_mode": st.sampled_from(ReminderMode),
        "lead_minutes": st.integers(0, 1440),
        "preferred_time_local": minutes,
        "quiet_hours_start": minutes,
        "quiet_hours_end": minutes,
        "language": st.sampled_from(["nl", "fr", "en"]),
    }
)
people = st.builds(lambda zone, wish: somebody(zone, **wish), st.sampled_from(ZONES), wishes)
CLOCK_CHANGES = [
    *(datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)),
    *(datetime(2027, 3, 28, tzinfo=UTC), datetime(2027, 10, 31, tzinfo=UTC)),
    *(datetime(2026, 3, 8, tzinfo=UTC), datetime(2027, 11, 7, tzinfo=UTC)),
]
# Within two weeks before a change of clocks, or anywhere.
moments = st.one_of(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    st.builds(
        lambda change, before: change - timedelta(minutes=before),
        st.sampled_from(CLOCK_CHANGES),
        st.integers(0, 14 * 24 * 60),
    ),
)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[datetime, list[PlannedSession], list[ScheduledGoal]]:
    """A moment, and sessions and goals around it."""
    now = draw(moments)
    days = st.integers(-3, 20).map(lambda ahead: now.date() + timedelta(days=ahead))
    sessions = [
        PlannedSession(UUID(int=n), UUID(int=99), day, planned, min(planned, done), ends)
        for n, (day, planned, done, ends) in enumerate(
            draw(st.lists(st.tuples(days, st.integers(0, 3), st.integers(0, 3), days), max_size=6)),
            start=1,
        )
    ]
    goals = [
        ScheduledGoal(UUID(int=n), f"Doel {n}", weekdays, done)
        for n, (weekdays, done) in enumerate(
            draw(
                st.lists(
                    st.tuples(
                        st.lists(st.sampled_from(WEEK), unique=True), st.lists(days, max_size=3)
                    ),
                    max_size=3,
                )
            ),
            start=101,
        )
    ]
    return now, sessions, goals


World = tuple[datetime, list[PlannedSession], list[ScheduledGoal]]


def planned(who: Recipient, world: World) -> list[Reminder]:
    now, sessions, goals = world
    return plan(who, sessions, goals, now)


def rows_after(rows: list[Stored], written: Plan) -> list[Stored]:
    """The table after a plan was written to it."""
    by_id = {row.id: row for row in rows}
    for change in written.changes:
        row = structs.replace(by_id[change.id], status=change.status)
        if change.reminder is not None:
            row = stored([change.reminder], change.status, change.id)[0]
        by_id[change.id] = row
    return [*by_id.values(), *stored(written.new, first=len(rows) + 1)]


@given(people, worlds())
def test_nothing_is_planned_into_quiet_hours(who: Recipient, world: World) -> None:
    wish = who.preferences
    for reminder in planned(who, world):
        local = reminder.fire_at.astimezone(who.zone).time()
        quiet = is_quiet(local, wish.quiet_hours_start, wish.quiet_hours_end)
        assert reminder.status is (Status.SKIPPED if quiet else Status.PENDING)


@given(people, worlds())
def test_no_reminder_is_planned_twice(who: Recipient, world: World) -> None:
    reminders = planned(who, world)
    assert len({r.key for r in reminders}) == len(reminders)
    subjects = [(r.kind, r.day, r.session_id, r.personal_goal_id) for r in reminders]
    assert len(set(subjects)) == len(subjects)


@given(people, worlds())
def test_nothing_is_planned_for_what_is_done_or_over(who: Recipient, world: World) -> None:
    now, sessions, goals = world
    today = now.astimezone(who.zone).date()
    to_do = {
        s.id: s.day for s in sessions if s.done < s.planned and s.day >= today <= s.program_ends
    }
    done_on = {goal.id: goal.done_on for goal in goals}
    for reminder in planned(who, world):
        if reminder.kind is Kind.SESSION:
            assert to_do[reminder.session_id or UUID(int=0)] == reminder.day
        elif reminder.kind is Kind.DAILY_SUMMARY:
            count = sum(day == reminder.day for day in to_do.values())
            assert reminder.payload["sessionCount"] == count > 0
        else:
            assert reminder.day not in done_on[reminder.personal_goal_id or UUID(int=0)]


@given(people, worlds())
def test_the_local_time_is_the_one_that_was_asked_for(who: Recipient, world: World) -> None:
    """Preferred time less lead; where the clock jumps over it, later by the width of the gap."""
    wish = who.preferences
    for reminder in planned(who, world):
        base = reminder.fire_at + timedelta(minutes=wish.lead_minutes)
        local = base.astimezone(who.zone)
        asked = datetime.combine(reminder.day, wish.preferred_time_local, who.zone)
        exists = asked.astimezone(UTC).astimezone(who.zone).replace(tzinfo=None)
        if exists == asked.replace(tzinfo=None):
            assert local.replace(tzinfo=None) == exists
            assert local.fold == 0
        else:
            late = local.replace(tzinfo=None) - asked.replace(tzinfo=None)
            assert timedelta(0) < late <= timedelta(hours=1)


@given(people, worlds())
def test_the_window_is_two_weeks_of_local_days(who: Recipient, world: World) -> None:
    today = world[0].astimezone(who.zone).date()
    for reminder in planned(who, world):
        assert today <= reminder.day <= today + timedelta(days=13)
        assert reminder.expires_at > reminder.fire_at


@given(people, worlds())
def test_writing_a_plan_twice_changes_nothing_the_second_time(who: Recipient, world: World) -> None:
    now, today = world[0], world[0].astimezone(who.zone).date()
    wanted = planned(who, world)
    rows = rows_after([], changes(wanted, [], today, now))
    assert changes(wanted, rows, today, now) == Plan([], [])


@given(people, people, worlds(), worlds(), st.lists(st.sampled_from(Status), min_size=1))
def test_F5_what_was_sent_or_given_up_is_never_touched_again(
    before: Recipient, after: Recipient, world: World, later: World, states: list[Status]
) -> None:
    rows = [
        structs.replace(row, status=states[row.id % len(states)])
        for row in stored(planned(before, world))
    ]
    now, today = later[0], later[0].astimezone(after.zone).date()
    written = changes(planned(after, later), rows, today, now)
    ended = {row.id for row in rows if row.status in ("sent", "dead_letter", "processing")}
    assert not ended & {change.id for change in written.changes}
    assert not {row.key for row in rows} & {reminder.key for reminder in written.new}


@given(
    people, people, worlds(), st.integers(0, 3000), st.lists(st.sampled_from(Status), min_size=1)
)
def test_F6_nothing_waits_at_an_instant_that_has_long_passed_or_nobody_asked_for(
    before: Recipient, after: Recipient, world: World, passed: int, states: list[Status]
) -> None:
    """After any change of preferences at any moment, what waits is wanted at that very instant."""
    now, sessions, goals = world
    rows = [
        structs.replace(row, status=states[row.id % len(states)])
        for row in stored(planned(before, world))
    ]
    later = now + timedelta(minutes=passed)
    today = later.astimezone(after.zone).date()
    wanted = {r.key: r for r in plan(after, sessions, goals, later)}
    end = rows_after(rows, changes(list(wanted.values()), rows, today, later))
    waiting = [row for row in end if row.status is Status.PENDING and row.day >= today]
    untouched = {(row.key, row.fire_at) for row in rows if row.status is Status.PENDING}
    for row in waiting:
        assert row.fire_at == wanted[row.key].fire_at
        on_time = row.fire_at >= later - timedelta(minutes=15)
        assert on_time or (row.key, row.fire_at) in untouched
    assert not [row for row in waiting if wanted[row.key].is_quiet]
