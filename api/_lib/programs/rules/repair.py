"""Making a plan out of the model's answer; the same answer always gives the same plan."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from api._lib.programs.rules.answer import Answer, AnsweredMethod, Choice, UnusableAnswerError
from api._lib.programs.rules.brief import Brief, BriefMethod, Option
from api._lib.programs.rules.calendar import TrainingDate
from api._lib.programs.rules.plan import Chosen, Plan, PlannedDay, planned_day
from api._lib.programs.rules.text import clean, clean_name, cut_at_word, rounded

MAX_PER_DAY = 6
ENOUGH_MINUTES = 15
ENOUGH_METHODS = 3
MAX_CHOICES = 3
MAX_RECOMMENDATIONS = 5
MAX_RECOMMENDATION = 300
MAX_REASON = 300
MAX_SUMMARY = 2_000
MAX_PROGRAM_NAME = 40
DEFAULT_NAME = "Mijn mentaal programma"
Schedule = dict[date, list[str]]


def repair(answer: Answer, brief: Brief) -> Plan:
    """The plan of an answer; raises UnusableAnswerError when most dates are missing from it."""
    known = {method.id: method for method in brief.methods}
    schedule = _filled(_tidied(_answered(answer, brief, known), brief, known), brief, known)
    days = tuple(_days(brief.dates, _tidied(schedule, brief, known), known))
    return Plan(
        name=_name(answer.name),
        summary=clean(answer.summary, MAX_SUMMARY),
        recommendations=_recommendations(answer.recommendations),
        days=days,
        weekly_minutes=weekly_minutes(days, brief.weeks),
        beliefs=_chosen(answer.beliefs, brief.beliefs),
        habits=_chosen(answer.habits, brief.habits),
    )


def weekly_minutes(days: Iterable[PlannedDay], weeks: int) -> int:
    """Minutes of training in an average week."""
    return rounded(sum(m.duration for day in days for m in day.methods) / weeks)


def _answered(answer: Answer, brief: Brief, known: Mapping[str, BriefMethod]) -> Schedule:
    by_name = _unique_names(brief.methods)
    schedule: Schedule = {when.date: [] for when in brief.asked}
    by_text = {day.isoformat(): methods for day, methods in schedule.items()}
    for day in answer.days:
        by_text.get(day.date, []).extend(_known_ids(day.methods, known, by_name))
    return schedule


def _known_ids(
    methods: Iterable[AnsweredMethod], known: Mapping[str, BriefMethod], by_name: Mapping[str, str]
) -> Iterator[str]:
    for method in methods:
        if method.id in known:
            yield method.id
        elif (id := by_name.get(_folded(method.name))) is not None:
            yield id


def _unique_names(methods: Sequence[BriefMethod]) -> dict[str, str]:
    times = Counter(_folded(method.name) for method in methods)
    return {_folded(m.name): m.id for m in methods if times[_folded(m.name)] == 1}


def _folded(name: str) -> str:
    return name.strip().casefold()


def _tidied(schedule: Schedule, brief: Brief, known: Mapping[str, BriefMethod]) -> Schedule:
    seen: set[tuple[int, str]] = set()
    tidy: Schedule = {}
    for day, ids in schedule.items():
        week = _week(day, brief)
        distinct = list(dict.fromkeys(ids))
        fresh = [id for id in distinct if not known[id].weekly or (week, id) not in seen]
        tidy[day] = (fresh or distinct[:1])[:MAX_PER_DAY]
        seen.update((week, id) for id in tidy[day])
    return tidy


def _filled(schedule: Schedule, brief: Brief, known: Mapping[str, BriefMethod]) -> Schedule:
    empty = [day for day, ids in schedule.items() if not ids]
    # Dates beyond those that are asked for count as planned, but repeating nothing is no plan.
    if len(empty) == len(schedule) or 2 * len(empty) > len(brief.dates):
        raise UnusableAnswerError("most dates are not planned")
    rotation = list(dict.fromkeys(id for ids in schedule.values() for id in ids))
    turn = 0
    for day in empty:
        used = _used_in_week(schedule, day, brief)
        turn += _fill(schedule[day], rotation, turn, known, used)
    return schedule


def _used_in_week(schedule: Schedule, day: date, brief: Brief) -> set[str]:
    week = [ids for other, ids in schedule.items() if _week(other, brief) == _week(day, brief)]
    return {id for ids in week for id in ids}


def _fill(
    day: list[str],
    rotation: Sequence[str],
    turn: int,
    known: Mapping[str, BriefMethod],
    used: set[str],
) -> int:
    for step in range(len(rotation)):
        id = rotation[(turn + step) % len(rotation)]
        if not (known[id].weekly and id in used):
            day.append(id)
        if len(day) == ENOUGH_METHODS or sum(known[i].minutes for i in day) >= ENOUGH_MINUTES:
            return step + 1
    if not day:
        day.append(rotation[turn % len(rotation)])
    return len(rotation)


def _days(
    dates: Sequence[TrainingDate], schedule: Schedule, known: Mapping[str, BriefMethod]
) -> Iterator[PlannedDay]:
    plans = list(schedule.values())
    for position, when in enumerate(dates):
        yield planned_day(when, (known[id] for id in plans[position % len(plans)]))


def _week(day: date, brief: Brief) -> int:
    return (day - brief.start).days // 7


def _name(text: str) -> str:
    return cut_at_word(clean_name(text), MAX_PROGRAM_NAME) or DEFAULT_NAME


def _recommendations(texts: Iterable[str]) -> tuple[str, ...]:
    cleaned = (clean(text, MAX_RECOMMENDATION) for text in texts)
    return tuple(text for text in cleaned if text)[:MAX_RECOMMENDATIONS]


def _chosen(choices: Iterable[Choice], pool: Iterable[Option]) -> tuple[Chosen, ...]:
    names = {option.id: option.name for option in pool}
    reasons: dict[str, str] = {}
    for choice in choices:
        if choice.id in names:
            reasons.setdefault(choice.id, clean(choice.reason, MAX_REASON))
    chosen = [Chosen(id, names[id], reason) for id, reason in reasons.items()]
    return tuple(chosen[:MAX_CHOICES])
