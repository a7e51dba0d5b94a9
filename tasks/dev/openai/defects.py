"""Bad answers: every way in which a model's program can be wrong, by name."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tasks.dev.openai.composing import Answer, choice, planned
from tasks.dev.openai.wanted import Item, Wanted

Defect = Callable[[Answer, Wanted], None]
DEFECTS: dict[str, Defect] = {}
UNKNOWN = "recBestaatNiet01"
FAR_DATE = "2099-01-01"


def defect(change: Defect) -> Defect:
    """Make a change of a good answer available under its name."""
    DEFECTS[change.__name__] = change
    return change


def _methods(answer: Answer) -> list[dict[str, Any]]:
    return [method for day in answer["schedule"] for method in day["methods"]]


@defect
def foreign_dates(answer: Answer, wanted: Wanted) -> None:
    """Dates nobody asked for, far away and right after the end."""
    for text in (FAR_DATE, (wanted.days[-1].date + timedelta(days=1)).isoformat(), "morgen"):
        answer["schedule"].append(answer["schedule"][0] | {"date": text})


@defect
def missing_dates(answer: Answer, wanted: Wanted) -> None:
    """Every third date is missing."""
    del answer["schedule"][2::3]


@defect
def mostly_missing(answer: Answer, wanted: Wanted) -> None:
    """Only the first date is planned."""
    del answer["schedule"][1:]


@defect
def empty_schedule(answer: Answer, wanted: Wanted) -> None:
    """No date is planned."""
    answer["schedule"] = []


@defect
def empty_days(answer: Answer, wanted: Wanted) -> None:
    """Every third date has no methods."""
    for day in answer["schedule"][2::3]:
        day["methods"] = []


@defect
def double_dates(answer: Answer, wanted: Wanted) -> None:
    """The first date comes twice, with other methods the second time."""
    second = planned(wanted.days[0], wanted.methods[-1:])
    answer["schedule"].append(second)


@defect
def unsorted(answer: Answer, wanted: Wanted) -> None:
    """The last date comes first."""
    answer["schedule"].reverse()


@defect
def wrong_days(answer: Answer, wanted: Wanted) -> None:
    """Weekdays and their ids belong to another date."""
    days = answer["schedule"]
    names = [(day["dayOfWeek"], day["dayId"]) for day in days]
    for day, (weekday, day_id) in zip(days, [*names[1:], ("Feestdag", UNKNOWN)], strict=True):
        day |= {"dayOfWeek": weekday, "dayId": day_id}


@defect
def unknown_methods(answer: Answer, wanted: Wanted) -> None:
    """Each session has an invented method too."""
    for day in answer["schedule"]:
        day["methods"].append({"methodId": UNKNOWN, "methodName": "Verzonnen", "duration": 10})


@defect
def only_unknown_methods(answer: Answer, wanted: Wanted) -> None:
    """All methods are invented."""
    for method in _methods(answer):
        method |= {"methodId": UNKNOWN, "methodName": "Verzonnen"}


@defect
def names_without_ids(answer: Answer, wanted: Wanted) -> None:
    """Methods are known by their names, in capitals; the ids are invented."""
    for method in _methods(answer):
        method |= {"methodId": UNKNOWN, "methodName": method["methodName"].upper()}


@defect
def wrong_names(answer: Answer, wanted: Wanted) -> None:
    """Ids are right, names and minutes are not."""
    for method in _methods(answer):
        method |= {"methodName": "Iets anders", "duration": 45}


@defect
def repeated_methods(answer: Answer, wanted: Wanted) -> None:
    """Each session has its methods twice."""
    for day in answer["schedule"]:
        day["methods"] *= 2


@defect
def weekly_every_day(answer: Answer, wanted: Wanted) -> None:
    """Methods meant for once a week are planned every day."""
    weekly = [item for item in wanted.methods if item.weekly] or wanted.methods[:1]
    _plan_everywhere(answer, wanted, weekly)


@defect
def too_many_methods(answer: Answer, wanted: Wanted) -> None:
    """Each session has every method on offer."""
    _plan_everywhere(answer, wanted, wanted.methods)


def _plan_everywhere(answer: Answer, wanted: Wanted, items: list[Item]) -> None:
    for day, extra in zip(answer["schedule"], wanted.days, strict=True):
        listed = {method["methodId"] for method in day["methods"]}
        more = [item for item in items if item.id not in listed]
        day["methods"] += planned(extra, more)["methods"]


@defect
def wrong_weekly_time(answer: Answer, wanted: Wanted) -> None:
    """The minutes per week are invented."""
    answer["weeklySessionTime"] = -99999


@defect
def long_texts(answer: Answer, wanted: Wanted) -> None:
    """Name, summary and recommendations are longer and more than allowed, with markup."""
    answer["programName"] = (
        "  <b>Het allerbeste programma voor een rustig hoofd</b> en nog veel meer "
    )
    answer["programSummary"] = "Een lange samenvatting. " * 200
    answer["recommendations"] = ["", "  ", "Lang. " * 100, *answer["recommendations"] * 3]


@defect
def blank_texts(answer: Answer, wanted: Wanted) -> None:
    """Name, summary and recommendations say nothing."""
    answer |= {"programName": " <> ", "programSummary": " ", "recommendations": ["", " "]}


@defect
def bad_selections(answer: Answer, wanted: Wanted) -> None:
    """Selections are invented, repeated and too many, under wrong names."""
    for kind, key, pool in (
        ("overtuiging", "selectedOvertuigingen", wanted.beliefs),
        ("goedeGewoonte", "selectedGoedeGewoontes", wanted.habits),
    ):
        invented = Item(UNKNOWN, "Verzonnen")
        chosen = [*pool[:1], invented, *pool[1:2], *pool[1:2], *pool[2:]]
        answer[key] = [choice(kind, item) | {f"{kind}Name": "Iets anders"} for item in chosen]


@defect
def missing_parts(answer: Answer, wanted: Wanted) -> None:
    """Only the schedule is there."""
    for name in set(answer) - {"schedule"}:
        del answer[name]


@defect
def wrong_types(answer: Answer, wanted: Wanted) -> None:
    """Lists, texts and numbers have changed places."""
    answer |= {"programName": 7, "recommendations": "rust", "selectedOvertuigingen": None}
    answer["schedule"] = [*answer["schedule"], None, "maandag", {"date": 5, "methods": "geen"}]


@defect
def no_schedule(answer: Answer, wanted: Wanted) -> None:
    """The schedule is a text."""
    answer["schedule"] = "elke dag een beetje"
