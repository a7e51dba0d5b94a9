"""Whatever request to Airtable fails, doing the same again leads to the same programs."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec import Struct

from tasks.dev.airtable.control import Control
from tests.endpoints.asking import Answer, Asking
from tests.endpoints.programs.steps import day, review
from tests.flags.stage import Stage
from tests.programs import catalogue as c
from tests.scale import scaled

FIRST = date(2026, 3, 9)
DAYS = [c.MONDAY, c.TUESDAY, c.WEDNESDAY, c.THURSDAY, c.FRIDAY, c.SATURDAY]
METHODS = [c.BREATHE, c.SCAN, c.WALK]
OWN = ["Ik leer", "Ik groei"]


class Change(Struct, frozen=True):
    """Something that takes several requests; it starts from a program or from none."""

    act: Callable[[Asking, str, str], Awaitable[Answer]]
    status: int
    given: dict[str, Any] | None = None


async def _create(ann: Asking, start: str, _: str) -> Answer:
    return await ann.post("programs", startDate=start, duration="2 weken", **_lists())


async def _confirm(ann: Asking, start: str, _: str) -> Answer:
    first = date.fromisoformat(start)
    dates = [(first + timedelta(days=n)).isoformat() for n in range(12)]
    schedule = [day(when, c.WALK, c.SCAN) for when in dates]
    return await ann.post(
        "programs/confirm",
        **review(start=start, editedSchedule=schedule, customOvertuigingen=OWN),
    )


async def _fill(ann: Asking, _: str, program: str) -> Answer:
    return await ann.patch(f"programs/{program}", methods=METHODS)


async def _extend(ann: Asking, _: str, program: str) -> Answer:
    return await ann.post(f"programs/{program}/extend", weeks=2)


async def _regenerate(ann: Asking, _: str, program: str) -> Answer:
    path = f"programs/{program}/regenerate-schedule"
    return await ann.post(path, daysOfWeek=DAYS[1:], force=True)


async def _delete(ann: Asking, _: str, program: str) -> Answer:
    return await ann.delete(f"programs/{program}")


def _lists(**changes: Any) -> dict[str, Any]:
    return {"goals": [c.STRESS], "methods": METHODS, "daysOfWeek": DAYS, **changes}


CHANGES = {
    "create": Change(_create, 201),
    "confirm": Change(_confirm, 201),
    "fill": Change(_fill, 200, _lists(methods=[])),
    "extend": Change(_extend, 200, _lists()),
    "regenerate": Change(_regenerate, 200, _lists()),
    "delete": Change(_delete, 200, _lists()),
}
LOST = {"create": (201, 409), "confirm": (201, 409), "delete": (200, 404)}
"""How the second try ends where the first one may have been done, only its answer was lost."""


async def _looked(ann: Asking, start: date) -> list[Any]:
    """What the person has in these four weeks, without ids."""
    until = (start + timedelta(days=28)).isoformat()
    found = []
    for item in (await ann.get("programs")).data:
        if start.isoformat() <= item["startDate"] < until:
            detail = (await ann.get(f"programs/{item['id']}")).data
            days = sorted((date.fromisoformat(s["date"]) - start).days for s in detail["schedule"])
            found.append((days, detail["duration"], detail["methods"], detail["daysOfWeek"]))
    return found


async def _beliefs(ann: Asking) -> list[str]:
    """Own beliefs, which are then deleted."""
    found = (await ann.get("persoonlijke-overtuigingen")).data
    for belief in found:
        await ann.delete(f"persoonlijke-overtuigingen/{belief['id']}")
    return sorted(belief["name"] for belief in found)


class Attempt(Struct):
    """One change that is broken off at one of its requests, and then made again."""

    ann: Asking
    change: Change
    start: date
    lost: bool

    async def made(self, airtable: Control, number: int) -> tuple[bool, int, Any]:
        """Whether anything failed, how the last try ended, and what the person has then."""
        ann, start, program = self.ann, self.start.isoformat(), ""
        if self.change.given is not None:
            period = {"startDate": start, "duration": "2 weken"}
            program = (await ann.post("programs", **period, **self.change.given)).data["id"]
        airtable.clear_requests()
        if number >= 0:
            when = {"when": "after", "count": 1} if self.lost else {"count": 0}
            airtable.fault(status=503, skip=number, **when)
        answer = await self.change.act(ann, start, program)
        is_hit = 0 <= number < len(airtable.requests())
        airtable.clear_faults()
        if is_hit and answer.status != self.change.status:
            assert answer.status == 503, (number, answer.body)
            answer = await self.change.act(ann, start, program)
        return is_hit, answer.status, (await _looked(ann, self.start), await _beliefs(ann))


@pytest.mark.soak
@pytest.mark.parametrize("lost", [False, True], ids=["outage", "lost-answer"])
async def test_doing_it_again_mends_what_was_broken_off(stage: Stage, lost: bool) -> None:
    """Request after request of every change fails, for good or only its answer."""
    periods = (FIRST + timedelta(days=28 * n) for n in range(600))
    async with stage.server("airtable_only") as server:
        for name, change in CHANGES.items():
            ends = LOST.get(name, (change.status,)) if lost else (change.status,)
            _, status, expected = await Attempt(server.ann, change, next(periods), lost).made(
                stage.airtable.control, -1
            )
            assert status == change.status
            is_hit, number = True, 0
            while is_hit:
                attempt = Attempt(server.ann, change, next(periods), lost)
                is_hit, status, found = await attempt.made(stage.airtable.control, number)
                assert status in ends, (name, number)
                if name == "extend" and lost:
                    assert all(len(days) == len(set(days)) for days, *_ in found[0]), number
                else:
                    assert found == expected, (name, number)
                number += scaled(9, soak=1)
            assert number > 3
