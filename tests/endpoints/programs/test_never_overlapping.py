"""Whatever people do in whatever order, no two of their programs share a day."""

import asyncio
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api._lib.db import Database
from tests.endpoints.asking import Answer, Asking
from tests.endpoints.programs.steps import day, review
from tests.programs.catalogue import BREATHE, MONDAY, STRESS
from tests.scale import scaled

FIRST = 9
OVERLAPPING = """
SELECT count(*) FROM programs AS a JOIN programs AS b
  ON a.user_id = b.user_id AND a.id < b.id
 AND a.start_date <= b.end_date AND b.start_date <= a.end_date
WHERE EXISTS (SELECT FROM program_goals WHERE program_id = a.id)
  AND EXISTS (SELECT FROM program_goals WHERE program_id = b.id)"""

starts = st.integers(FIRST, 28).map(lambda day: f"2026-03-{day:02d}")
durations = st.sampled_from(["1 week", "2 weken"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("draft"), starts, durations),
        st.tuples(st.just("create"), starts, durations),
        st.tuples(st.just("confirm"), starts, durations),
        st.tuples(st.just("fill"), st.integers(0, 5), st.none()),
        st.tuples(st.just("extend"), st.integers(0, 5), st.none()),
        st.tuples(st.just("delete"), st.integers(0, 5), st.none()),
    ),
    min_size=2,
    max_size=8,
)


async def take(person: Asking, kind: str, what: Any, duration: Any) -> Answer:
    """One step of somebody; those on a program take one of the list."""
    if kind == "draft":
        return await person.post("programs", startDate=what, duration=duration)
    if kind == "create":
        return await person.post(
            "programs",
            startDate=what,
            duration=duration,
            goals=[STRESS],
            methods=[BREATHE],
            daysOfWeek=[MONDAY],
        )
    if kind == "confirm":
        schedule = [day(what, BREATHE)]
        return await person.post(
            "programs/confirm",
            **review(start=what, duration=duration, editedSchedule=schedule),
        )
    listed = (await person.get("programs")).data
    if not listed:
        return Answer(404, {})
    path = f"programs/{listed[what % len(listed)]['id']}"
    if kind == "fill":
        return await person.patch(path, goals=[STRESS], methods=[BREATHE], daysOfWeek=[MONDAY])
    if kind == "extend":
        return await person.post(f"{path}/extend", weeks=1)
    return await person.delete(path)


@given(steps)
@settings(
    max_examples=scaled(10, soak=200),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_P2_no_program_overlaps_another_whatever_the_order_of_calls(
    ann: Asking, db: Database, walk: list[tuple[str, Any, Any]]
) -> None:
    await db.execute("DELETE FROM programs")
    for step in walk:
        answer = await take(ann, *step)
        assert answer.status in (200, 201, 400, 404, 409), (step, answer)
        assert await db.fetchval(OVERLAPPING) == 0


@given(steps)
@settings(
    max_examples=scaled(8, soak=100),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_P2_nor_when_everything_comes_at_once(
    ann: Asking, db: Database, walk: list[tuple[str, Any, Any]]
) -> None:
    await db.execute("DELETE FROM programs")
    answers = await asyncio.gather(*(take(ann, *step) for step in walk))
    assert {answer.status for answer in answers} <= {200, 201, 400, 404, 409}
    assert await db.fetchval(OVERLAPPING) == 0
