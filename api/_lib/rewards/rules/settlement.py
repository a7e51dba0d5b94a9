"""The recount: from everything that was recorded to where a person stands."""

from collections.abc import Sequence
from datetime import date

from msgspec import structs

from api._lib.rewards.model import (
    Account,
    Activity,
    Entry,
    Facts,
    Inactivity,
    Kind,
    Settlement,
    Standing,
)
from api._lib.rewards.rules import badges, levels, milestones, points, streak
from api._lib.rewards.rules.inactivity import anchor_after, inactivity, last_active_after


def settle(facts: Facts, today: date, activity: Activity | None = None) -> Settlement:
    """The new mirror row and ledger entries; settling the outcome again changes nothing."""
    activity = activity or Activity()
    day = activity.on or today
    anchor = anchor_after(facts.account.streak_anchor_on, facts.account.last_active_on, activity.on)
    current = streak.current_streak(facts.sessions, today, anchor)
    longest = max(activity.longest_streak, _longest(facts, today, anchor))
    paid = [
        *([activity.entry] if activity.entry and not facts.held.entry else []),
        *streak.bonuses(current, facts.held.streaks, day),
        *milestones.entries(facts.progress, facts.held.milestones, day),
    ]
    account = structs.replace(
        _account(facts, current, longest, paid),
        last_active_on=last_active_after(facts.account.last_active_on, activity.on),
        streak_anchor_on=anchor,
    )
    return Settlement(account, [*paid, *_honours(facts, account, paid, day)])


def current_standing(facts: Facts, today: date) -> tuple[Standing, Inactivity | None]:
    """Where a person stands while only looking, and the absence to tell them about."""
    away = inactivity(today, facts.account.last_active_on)
    gone = away is not None and away.days_until_reset == 0
    anchor = facts.account.streak_anchor_on
    current = 0 if gone else streak.current_streak(facts.sessions, today, anchor)
    account = _account(facts, current, _longest(facts, today, anchor), ())
    return _standing(account, facts), away


def _longest(facts: Facts, today: date, anchor: date | None) -> int:
    """The longest streak so far; the one that an absence wipes out now is still remembered."""
    wiped = [s for s in facts.sessions if anchor is not None and s.planned_on < anchor]
    return max(
        facts.account.longest_streak,
        streak.longest_streak(facts.sessions, today, anchor),
        streak.longest_streak(wiped, today, facts.account.streak_anchor_on),
    )


def _account(facts: Facts, current: int, longest: int, paid: Sequence[Entry]) -> Account:
    bonus = facts.tally.bonus_points + sum(entry.points for entry in paid)
    scores = points.scores(structs.replace(facts.tally, bonus_points=bonus))
    return structs.replace(
        facts.account,
        bonus_points=max(0, bonus),
        current_streak=current,
        longest_streak=longest,
        level=levels.level_after(facts.account.level, scores.total),
        total_points=scores.total,
        mental_fitness_score=scores.mental_fitness,
        personal_goals_score=scores.personal_goals,
        good_habits_score=scores.good_habits,
    )


def _honours(facts: Facts, account: Account, paid: Sequence[Entry], day: date) -> list[Entry]:
    """Badges and the level: entries without points that follow from the points."""
    completed = facts.badge_facts.programs_completed + sum(
        entry.kind is Kind.MILESTONE and entry.ref.endswith(":100") for entry in paid
    )
    merits = badges.Merits(
        tally=facts.tally,
        facts=structs.replace(facts.badge_facts, programs_completed=completed),
        streak=account.current_streak,
        level=account.level,
    )
    honours = badges.entries(facts.held.badges, merits, day)
    if account.level > facts.account.level:
        honours.append(Entry(Kind.LEVEL, str(account.level), activity_on=day))
    return honours


def _standing(account: Account, facts: Facts) -> Standing:
    return Standing(
        total_points=account.total_points,
        bonus_points=account.bonus_points,
        current_streak=account.current_streak,
        longest_streak=account.longest_streak,
        last_active_on=account.last_active_on,
        badges=facts.held.badges,
        level=account.level,
        mental_fitness_score=account.mental_fitness_score,
        personal_goals_score=account.personal_goals_score,
        good_habits_score=account.good_habits_score,
    )
