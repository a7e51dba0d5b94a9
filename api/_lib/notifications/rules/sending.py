"""Whether a due reminder may still be sent, and what becomes of it afterwards."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from api._lib.messages import Language
from api._lib.notifications.model import Device, Kind, Preferences, Status
from api._lib.notifications.rules.instants import is_quiet_at
from api._lib.notifications.rules.planner import is_goal_day, wants
from api._lib.notifications.rules.wording import Topic, words
from api._lib.push_results import PushResult

LONGEST_ERROR = 1_000
Sent = Sequence[tuple[int, PushResult | None]]
"""Result by device; None = its turn did not come."""


class Due(Struct, frozen=True, kw_only=True):
    """A claimed reminder with everything that is known right before it is sent.

    `program_ends`: of each session of it that is still to do, the last day of its program.
    `reached`: devices that took it before, or may have.
    """

    id: int
    user_id: str
    key: str
    kind: Kind
    day: date
    fire_at: datetime
    expires_at: datetime
    payload: Mapping[str, object]
    attempts: int
    is_active: bool
    preferences: Preferences
    zone: ZoneInfo
    language: Language
    program_ends: Sequence[date] = ()
    goal_weekdays: Sequence[str] = ()
    goal_done_on: Sequence[date] = ()
    devices: Sequence[Device] = ()
    reached: Collection[int] = ()


class Retries(Struct, frozen=True):
    """How often and when to try again; the jitter is a factor round 1."""

    limit: int
    base_seconds: float
    jitter: float = 1.0


class Ending(Struct, frozen=True):
    """What becomes of a reminder; a next attempt only when it waits for one."""

    id: int
    status: Status
    error: str | None = None
    next_attempt_at: datetime | None = None
    uncounted: bool = False


def verdict(due: Due, now: datetime) -> Ending | Sequence[Device]:
    """The devices to send to, or how it ends without being sent (S2, S3, S4)."""
    if not _is_wanted(due, now):
        return _stopped(due, Status.CANCELLED, "no longer wanted")
    if now > due.expires_at:
        return _stopped(due, Status.CANCELLED, "expired")
    wish = due.preferences
    if is_quiet_at(now, due.zone, wish.quiet_hours_start, wish.quiet_hours_end):
        return _stopped(due, Status.SKIPPED, None)
    if not due.devices:
        return _stopped(due, Status.CANCELLED, "no active subscription")
    left = [device for device in due.devices if device.id not in due.reached]
    return left or _stopped(due, Status.SENT, None)


def _stopped(due: Due, status: Status, reason: str | None) -> Ending:
    if due.reached:
        return Ending(due.id, Status.SENT)
    return Ending(due.id, status, reason)


def _is_wanted(due: Due, now: datetime) -> bool:
    wished = due.preferences.enabled and wants(due.preferences, due.kind)
    return due.is_active and wished and _is_to_do(due, now)


def _is_to_do(due: Due, now: datetime) -> bool:
    if due.kind is Kind.PERSONAL_GOAL:
        return is_goal_day(due.goal_weekdays, due.goal_done_on, due.day)
    return sessions_left(due, now) > 0


def sessions_left(due: Due, now: datetime) -> int:
    """How many sessions of a reminder are still to do, in programs that are not over."""
    today = now.astimezone(due.zone).date()
    return sum(today <= end for end in due.program_ends)


def payload_at(due: Due, now: datetime) -> dict[str, object]:
    """The message as it is true now: a late one may come a day later or count fewer sessions."""
    payload = dict(due.payload)
    topic = Topic(due.kind, due.day, name=str(payload.get("personalGoalName", "")))
    if due.kind is Kind.DAILY_SUMMARY:
        payload["sessionCount"] = count = sessions_left(due, now)
        topic = Topic(due.kind, due.day, count=count)
    return payload | words(topic, due.language, now.astimezone(due.zone).date())


def seconds_left(due: Due, now: datetime) -> int:
    """How long the push service may keep it."""
    return int((due.expires_at - now).total_seconds())


def ending(due: Due, results: Sent, retries: Retries, now: datetime) -> Ending:
    """What becomes of a reminder after its devices were tried (8.1, S4)."""
    given = [result for _, result in results if result is not None]
    error = _error(given)
    if not given:
        return Ending(due.id, Status.PENDING, error, now, uncounted=True)
    if len(given) < len(results):
        return Ending(due.id, Status.PENDING, error, now)
    reached = bool(due.reached) or any(result.ok for result in given)
    again = [result for result in given if result.retryable]
    if again and due.attempts < retries.limit:
        return Ending(due.id, Status.PENDING, error, _next_attempt(due, again, retries, now))
    if reached:
        return Ending(due.id, Status.SENT)
    return Ending(due.id, Status.DEAD_LETTER, error)


def broken(due_id: int, attempts: int, retries: Retries, now: datetime) -> Ending:
    """What becomes of a reminder that could not be dealt with at all."""
    if attempts >= retries.limit:
        return Ending(due_id, Status.DEAD_LETTER, "cannot be handled")
    wait = timedelta(seconds=backoff(attempts, retries))
    return Ending(due_id, Status.PENDING, "cannot be handled", now + wait)


def backoff(attempts: int, retries: Retries) -> float:
    """Seconds to wait after so many attempts."""
    return retries.base_seconds * attempts**2 * retries.jitter


def _next_attempt(
    due: Due, failed: Sequence[PushResult], retries: Retries, now: datetime
) -> datetime:
    asked = max((result.retry_after or 0.0 for result in failed), default=0.0)
    wait = timedelta(seconds=max(backoff(due.attempts, retries), asked))
    return min(now + wait, due.expires_at)


def _error(results: Sequence[PushResult]) -> str | None:
    failed = [result for result in results if not result.ok]
    text = "; ".join(f"{result.status or '-'}:{result.text}" for result in failed)
    return text[:LONGEST_ERROR] or None
