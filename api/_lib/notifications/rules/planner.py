"""Which reminders somebody should get in the coming two weeks."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta

from api._lib.notifications.model import (
    Kind,
    PlannedSession,
    Preferences,
    Recipient,
    Reminder,
    ReminderMode,
    ScheduledGoal,
)
from api._lib.notifications.rules import instants
from api._lib.notifications.rules.wording import TARGET, Topic, short, words

WINDOW_DAYS = 14
WEEK = ("Maandag", "Dinsdag", "Woensdag", "Donderdag", "Vrijdag", "Zaterdag", "Zondag")


def plan(
    recipient: Recipient,
    sessions: Iterable[PlannedSession],
    goals: Iterable[ScheduledGoal],
    now: datetime,
) -> list[Reminder]:
    """All reminders of the window, the quiet ones marked; none for who cannot receive (R2, R3)."""
    if not recipient.can_receive:
        return []
    today = now.astimezone(recipient.zone).date()
    open_sessions = [s for s in sessions if is_due(s, today)]
    return [
        *_of_sessions(recipient, open_sessions),
        *_of_days(recipient, open_sessions),
        *_of_goals(recipient, goals, today),
    ]


def is_due(session: PlannedSession, today: date) -> bool:
    """Whether a session lies in the window, its program is not over, and not all of it is done."""
    in_window = today <= session.day < today + timedelta(days=WINDOW_DAYS)
    return in_window and today <= session.program_ends and session.done < session.planned


def wants(preferences: Preferences, kind: Kind) -> bool:
    """Whether somebody wants this kind of reminder; goals are reminded whatever the mode."""
    return kind is Kind.PERSONAL_GOAL or preferences.reminder_mode in (
        ReminderMode.BOTH,
        ReminderMode(kind.value),
    )


def is_goal_day(weekdays: Iterable[str], done_on: Iterable[date], day: date) -> bool:
    """Whether a goal is planned on a day and was not done on it yet (R8)."""
    return WEEK[day.weekday()] in weekdays and day not in done_on


def session_key(session_id: object, user_id: str) -> str:
    """The identity of the reminder of a session."""
    return f"session:{session_id}:user:{user_id}"


def _of_sessions(who: Recipient, sessions: Sequence[PlannedSession]) -> Iterator[Reminder]:
    if not wants(who.preferences, Kind.SESSION):
        return
    for session in sessions:
        yield _reminder(
            who,
            Topic(Kind.SESSION, session.day),
            session_key(session.id, who.user_id),
            {"programId": str(session.program_id), "programScheduleId": str(session.id)},
            program_id=session.program_id,
            session_id=session.id,
        )


def _of_days(who: Recipient, sessions: Sequence[PlannedSession]) -> Iterator[Reminder]:
    if not wants(who.preferences, Kind.DAILY_SUMMARY):
        return
    for day, count in sorted(Counter(session.day for session in sessions).items()):
        yield _reminder(
            who,
            Topic(Kind.DAILY_SUMMARY, day, count=count),
            f"daily:user:{who.user_id}:date:{day}",
            {"sessionCount": count},
        )


def _of_goals(who: Recipient, goals: Iterable[ScheduledGoal], today: date) -> Iterator[Reminder]:
    window = [today + timedelta(days=ahead) for ahead in range(WINDOW_DAYS)]
    for goal in goals:
        for day in window:
            if not is_goal_day(goal.weekdays, goal.done_on, day):
                continue
            name = short(goal.name)
            yield _reminder(
                who,
                Topic(Kind.PERSONAL_GOAL, day, name=name),
                f"pgoal:{goal.id}:user:{who.user_id}:date:{day}",
                {"personalGoalId": str(goal.id), "personalGoalName": name},
                personal_goal_id=goal.id,
            )


def _reminder(
    who: Recipient, topic: Topic, key: str, facts: dict[str, object], **subject: object
) -> Reminder:
    slot = instants.slot(topic.day, who.preferences, who.zone)
    payload = {
        **words(topic, who.language, slot.local_day),
        "targetUrl": TARGET,
        "mode": topic.kind.value,
        "reminderDate": topic.day.isoformat(),
        **facts,
    }
    return Reminder(
        key=key,
        user_id=who.user_id,
        kind=topic.kind,
        day=topic.day,
        fire_at=slot.fire_at,
        expires_at=slot.expires_at,
        is_quiet=slot.is_quiet,
        payload=payload,
        **subject,  # type: ignore[arg-type]  # the id of the session or goal, by its column
    )
