"""Plans made out of answers of a language model."""

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api._lib.programs.rules.answer import (
    Answer,
    AnsweredDay,
    AnsweredMethod,
    UnusableAnswerError,
    read_answer,
)
from api._lib.programs.rules.brief import Brief, BriefMethod, GoalBrief, Option
from api._lib.programs.rules.calendar import end_date, training_dates
from api._lib.programs.rules.plan import Plan
from api._lib.programs.rules.repair import repair
from tests.programs.strategies import BY_NAME, WEEKDAYS, answers, briefs

MONDAY, WEDNESDAY = date(2026, 1, 5), date(2026, 1, 7)
METHODS = (
    BriefMethod("A", "Ademen", 10),
    BriefMethod("B", "Bodyscan", 5),
    BriefMethod("C", "Concentratie", 10),
)
POOL = tuple(Option(f"P{n}", f"Overtuiging {n}") for n in range(1, 5))
Said = list[tuple[str, str]]


def brief(
    *,
    weeks: int = 1,
    names: tuple[str, ...] = ("Maandag", "Woensdag"),
    methods: tuple[BriefMethod, ...] = METHODS,
) -> Brief:
    chosen = [BY_NAME[name] for name in names]
    return Brief(
        start=MONDAY,
        weeks=weeks,
        dates=tuple(training_dates(MONDAY, end_date(MONDAY, weeks), chosen)),
        goals=(GoalBrief("Rust"),),
        methods=methods,
        beliefs=POOL,
        habits=POOL,
    )


def answer(days: Said, **more: object) -> Answer:
    """An answer with days such as ("2026-01-05", "AB"), as it comes from the service."""
    schedule = [
        {"date": day, "dayId": "recVerkeerd000001", "methods": [{"methodId": id} for id in ids]}
        for day, ids in days
    ]
    return read_answer({"schedule": schedule, **more})


def planned(plan: Plan) -> Said:
    return [(day.date.isoformat(), "".join(day.method_ids)) for day in plan.days]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([("2026-01-05", "AX"), ("2026-01-07", "B")], ["A", "B"]),
        ([("2026-01-05", "AB"), ("2099-01-01", "C")], ["AB", "AB"]),
        ([("2026-01-05", "A"), ("2026-01-05", "C"), ("2026-01-07", "A")], ["AC", "A"]),
        ([("2026-01-07", "B"), ("2026-01-05", "AAB")], ["AB", "B"]),
    ],
)
def test_P6_the_worked_examples_of_repair(said: Said, expected: list[str]) -> None:
    plan = repair(answer(said), brief())
    assert planned(plan) == list(zip(["2026-01-05", "2026-01-07"], expected, strict=True))
    assert [day.day_of_week for day in plan.days] == ["Maandag", "Woensdag"]
    assert [day.day_id for day in plan.days] == [BY_NAME["Maandag"].id, BY_NAME["Woensdag"].id]


def test_minutes_and_names_come_from_the_reference_data() -> None:
    said = {"methodId": "A", "methodName": "Iets anders", "duration": 45}
    schedule = [
        {"date": "2026-01-05", "methods": [said]},
        {"date": "2026-01-07", "methods": [{"methodId": "B"}]},
    ]
    plan = repair(read_answer({"schedule": schedule, "weeklySessionTime": 999}), brief())
    method = plan.days[0].methods[0]
    assert (method.method_name, method.duration) == ("Ademen", 10)
    assert plan.weekly_minutes == 15


def test_an_unknown_id_with_the_name_of_exactly_one_method_means_that_method() -> None:
    days = tuple(
        AnsweredDay(day.isoformat(), (AnsweredMethod("recVerzonnen00001", name),))
        for day, name in ((MONDAY, " bodySCAN "), (WEDNESDAY, "Onbekend"))
    )
    assert planned(repair(Answer(days=days), brief()))[0] == ("2026-01-05", "B")
    twins = (*METHODS, BriefMethod("D", "bodyscan", 5))
    with pytest.raises(UnusableAnswerError):
        repair(Answer(days=days), brief(methods=twins))


@pytest.mark.parametrize("said", [[], [("2026-01-05", "")], [("2026-01-05", "XYZ")]])
def test_an_answer_that_plans_less_than_half_is_unusable(said: Said) -> None:
    with pytest.raises(UnusableAnswerError):
        repair(answer(said), brief())


@pytest.mark.parametrize("said", [[], [("2026-01-05", "XYZ")], [("2026-03-16", "A")]])
def test_an_answer_that_plans_nothing_is_unusable_however_long_the_program(said: Said) -> None:
    long = brief(weeks=52, names=tuple(day.name for day in WEEKDAYS))
    with pytest.raises(UnusableAnswerError):
        repair(answer(said), long)


def test_P7_dates_beyond_the_seventieth_count_as_planned() -> None:
    days = tuple(day.name for day in WEEKDAYS)
    assert len(repair(answer([("2026-01-05", "A")]), brief(weeks=20, names=days)).days) == 140
    with pytest.raises(UnusableAnswerError):
        repair(answer([("2026-01-05", "A")]), brief(weeks=19, names=days))


def test_exactly_half_of_the_dates_may_be_filled() -> None:
    assert planned(repair(answer([("2026-01-05", "A")]), brief()))[1] == ("2026-01-07", "A")


@pytest.mark.parametrize(
    "root", [None, [], "text", {}, {"schedule": None}, {"schedule": {"date": "2026-01-05"}}]
)
def test_an_answer_without_a_schedule_is_unusable(root: object) -> None:
    with pytest.raises(UnusableAnswerError):
        read_answer(root)


def test_parts_of_the_wrong_type_are_passed_over() -> None:
    strange = {
        "schedule": [7, {"date": 7}, {"date": "2026-01-05", "methods": ["A", {"methodId": "A"}]}],
        "programName": ["?"],
        "recommendations": "adem",
        "selectedOvertuigingen": [None, {"overtuigingId": 4}],
    }
    plan = repair(read_answer(strange), brief())
    assert planned(plan)[0] == ("2026-01-05", "A")
    assert (plan.recommendations, plan.beliefs) == ((), ())


def test_a_weekly_method_is_kept_once_per_program_week_if_the_day_keeps_another() -> None:
    weekly = (BriefMethod("A", "Ademen", 10, labels=("Wekelijks",)), *METHODS[1:])
    said = [
        ("2026-01-05", "AB"),
        ("2026-01-07", "AC"),
        ("2026-01-09", "A"),
        ("2026-01-12", "AB"),
        ("2026-01-14", "B"),
        ("2026-01-16", "B"),
    ]
    plan = repair(
        answer(said), brief(weeks=2, names=("Maandag", "Woensdag", "Vrijdag"), methods=weekly)
    )
    assert [ids for _, ids in planned(plan)] == ["AB", "C", "A", "AB", "B", "B"]


def test_a_gap_is_filled_by_a_repeated_weekly_method_only_when_there_is_no_other() -> None:
    only = (BriefMethod("A", "Ademen", 10, labels=("Wekelijks",)),)
    plan = repair(answer([("2026-01-05", "A")]), brief(methods=only))
    assert [ids for _, ids in planned(plan)] == ["A", "A"]


def test_a_day_has_six_methods_at_most() -> None:
    many = tuple(BriefMethod(id, id, 5) for id in "ABCDEFGH")
    said = [("2026-01-05", "ABCDEFGH"), ("2026-01-07", "A")]
    assert planned(repair(answer(said), brief(methods=many)))[0] == ("2026-01-05", "ABCDEF")


def test_P7_dates_beyond_the_seventieth_repeat_the_plan_from_its_beginning() -> None:
    wanted = brief(weeks=11, names=tuple(day.name for day in WEEKDAYS))
    said = [(when.date.isoformat(), "ABC"[n % 3]) for n, when in enumerate(wanted.asked)]
    plan = repair(answer([*said, (wanted.dates[-1].date.isoformat(), "ABC")]), wanted)
    assert len(plan.days) == 77
    assert [ids for _, ids in planned(plan)[70:]] == [ids for _, ids in planned(plan)[:7]]


def test_at_most_three_distinct_known_options_are_chosen() -> None:
    chosen = [
        {"overtuigingId": id, "overtuigingName": "?", "reason": "past"}
        for id in ("P1", "P9", "P2", "P2", "P3", "P4")
    ]
    said = [("2026-01-05", "A"), ("2026-01-07", "B")]
    plan = repair(answer(said, selectedOvertuigingen=chosen), brief())
    assert [belief.id for belief in plan.beliefs] == ["P1", "P2", "P3"]
    assert plan.beliefs[0].name == "Overtuiging 1"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("  <b>Rust & Kracht</b> ", "bRust & Kracht/b"),
        ("Een heel erg lange naam die nergens op past", "Een heel erg lange naam die nergens op"),
        ("<>", "Mijn mentaal programma"),
        ("", "Mijn mentaal programma"),
    ],
)
def test_the_name_is_short_plain_and_never_blank(said: str, name: str) -> None:
    days = [("2026-01-05", "A"), ("2026-01-07", "B")]
    assert repair(answer(days, programName=said), brief()).name == name


def test_texts_are_bounded() -> None:
    days = [("2026-01-05", "A"), ("2026-01-07", "B")]
    plan = repair(
        answer(
            days, programSummary="s" * 3_000, recommendations=[" ", *("r" * 400 for _ in "123456")]
        ),
        brief(),
    )
    assert len(plan.summary) == 2_000
    assert [len(text) for text in plan.recommendations] == [300] * 5


@given(st.data())
def test_whatever_the_model_says_a_plan_is_whole(data: st.DataObject) -> None:
    wanted = data.draw(briefs())
    try:
        plan = repair(data.draw(answers(wanted)), wanted)
    except UnusableAnswerError:
        return
    assert [day.date for day in plan.days] == [when.date for when in wanted.dates]
    assert [day.day_id for day in plan.days] == [when.day_id for when in wanted.dates]
    known = {method.id: method for method in wanted.methods}
    for day in plan.days:
        assert 1 <= len(day.methods) <= 6
        assert len(set(day.method_ids)) == len(day.methods)
        assert set(day.method_ids) <= known.keys()
        assert all(known[m.method_id].minutes == m.duration for m in day.methods)
    assert len(plan.beliefs) <= 3
    assert len(plan.name) <= 40


@given(st.data())
def test_a_weekly_method_comes_twice_a_week_only_where_it_is_alone(data: st.DataObject) -> None:
    wanted = data.draw(briefs(max_weeks=10))
    try:
        plan = repair(data.draw(answers(wanted)), wanted)
    except UnusableAnswerError:
        return
    weekly = {method.id for method in wanted.methods if method.weekly}
    seen: set[tuple[int, str]] = set()
    for day in plan.days:
        week = (day.date - wanted.start).days // 7
        repeated = [id for id in day.method_ids if id in weekly and (week, id) in seen]
        assert not repeated or len(day.methods) == 1
        seen.update((week, id) for id in day.method_ids)


@given(st.data())
def test_repairing_a_plan_again_changes_nothing(data: st.DataObject) -> None:
    wanted = data.draw(briefs())
    try:
        plan = repair(data.draw(answers(wanted)), wanted)
    except UnusableAnswerError:
        return
    assert repair(read_answer(as_answered(plan)), wanted) == plan


def as_answered(plan: Plan) -> object:
    """The plan in the words of the service."""
    return {
        "programName": plan.name,
        "programSummary": plan.summary,
        "recommendations": list(plan.recommendations),
        "weeklySessionTime": plan.weekly_minutes,
        "schedule": msgspec.json.decode(msgspec.json.encode(plan.days)),
        "selectedOvertuigingen": [
            {"overtuigingId": chosen.id, "reason": chosen.reason} for chosen in plan.beliefs
        ],
        "selectedGoedeGewoontes": [
            {"goedeGewoonteId": chosen.id, "reason": chosen.reason} for chosen in plan.habits
        ],
    }
