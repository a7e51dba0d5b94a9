"""Invented programs, methods and answers to prove the rules with."""

from datetime import date, timedelta

from hypothesis import strategies as st

from api._lib.programs.rules.answer import Answer, AnsweredDay, AnsweredMethod, Choice
from api._lib.programs.rules.brief import Brief, BriefMethod, GoalBrief, Option
from api._lib.programs.rules.calendar import DAY_NAMES, Weekday, end_date, training_dates

WEEKDAYS = tuple(Weekday(f"recDag{name:0<11}", name) for name in DAY_NAMES)
BY_NAME = {day.name: day for day in WEEKDAYS}
LABELS = ("Dagelijks", "Wekelijks", "Meermaals per dag", "Ad-hoc")

days = st.dates(date(2000, 1, 1), date(2100, 12, 31))
week_counts = st.integers(1, 52)
weekday_sets = st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=7, unique=True)


def record_id(prefix: str, number: int) -> str:
    """An id of the form the content store gives its records."""
    return f"rec{prefix}{number:0>{14 - len(prefix)}}"


def methods(min_size: int = 1) -> st.SearchStrategy[tuple[BriefMethod, ...]]:
    """Distinct methods of all lengths and frequencies."""

    def numbered(entries: list[tuple[int, list[str], bool]]) -> tuple[BriefMethod, ...]:
        return tuple(
            BriefMethod(
                record_id("Meth", n), f"Methode {n}", minutes, "", tuple(labels), "", recommended
            )
            for n, (minutes, labels, recommended) in enumerate(entries)
        )

    labels = st.lists(st.sampled_from(LABELS), max_size=2, unique=True)
    entry = st.tuples(st.integers(0, 40), labels, st.booleans())
    return st.lists(entry, min_size=min_size, max_size=12).map(numbered)


@st.composite
def briefs(draw: st.DrawFn, max_weeks: int = 12) -> Brief:
    """Requests with at least one training date."""
    start = draw(days)
    weeks = draw(st.integers(1, max_weeks))
    chosen = draw(weekday_sets)
    options = tuple(Option(record_id("Keuze", n), f"Keuze {n}") for n in range(5))
    return Brief(
        start=start,
        weeks=weeks,
        dates=tuple(training_dates(start, end_date(start, weeks), chosen)),
        goals=(GoalBrief("Rust"),),
        methods=draw(methods()),
        beliefs=options,
        habits=options[:2],
    )


@st.composite
def answers(draw: st.DrawFn, brief: Brief) -> Answer:
    """Answers with every defect: strange dates and ids, repeats, gaps, too much of anything."""
    known = [method.id for method in brief.methods]
    names = [method.name for method in brief.methods]
    method = st.builds(
        AnsweredMethod,
        st.sampled_from([*known, *known, "recOnbekend000001", ""]),
        st.sampled_from([*names, "Onbekend"]),
    )
    stray = [(brief.dates[-1].date + timedelta(days=400)).isoformat(), "geen datum"]
    when = st.sampled_from([*(d.date.isoformat() for d in brief.dates), *stray])
    planned = st.lists(method, max_size=9).map(tuple)
    whole = [AnsweredDay(d.date.isoformat(), draw(planned)) for d in brief.dates]
    extra = draw(st.lists(st.builds(AnsweredDay, when, planned), max_size=5))
    choice = st.builds(Choice, st.sampled_from([o.id for o in brief.beliefs] + ["x"]), st.text())
    return Answer(
        days=tuple(draw(st.permutations([*whole, *extra]))),
        name=draw(st.text(max_size=80)),
        summary=draw(st.text()),
        recommendations=tuple(draw(st.lists(st.text(), max_size=8))),
        beliefs=tuple(draw(st.lists(choice, max_size=6))),
        habits=tuple(draw(st.lists(choice, max_size=6))),
    )
