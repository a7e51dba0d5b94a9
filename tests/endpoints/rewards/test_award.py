"""The award call tells what was earned; it grants nothing."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from api._lib.clock import ManualClock
from api._lib.db import Database
from api._lib.rewards.service import lock
from tests.endpoints.asking import Answer, Asking, inside
from tests.endpoints.rewards.test_rewards import complete_goal, did, do_method, rewards, tick
from tests.scale import scaled
from tests.tracking.seed import UNKNOWN, add_program, link, record_id
from tests.waiting import until_somebody_waits

TODAY = date(2026, 3, 4)
AWARDS = scaled(96, soak=1_000)
BREATHE = record_id("Meth", 0)
TYPES = [
    "method", "habit", "program", "sessionBonus", "habitDayBonus", "programMilestone",
    "overtuiging", "personalGoal",
]  # fmt: skip


async def award(person: Asking, kind: str = "method", **more: Any) -> Answer:
    return await person.post("rewards/award", activityType=kind, **more)


async def told(person: Asking, method: str = BREATHE) -> Any:
    answer = await award(person, activityId=method, activityDate=str(TODAY))
    assert answer.status == 200
    return answer.data


async def program_of(db: Database, person: Asking, sessions: int = 4) -> tuple[str, list[str]]:
    plan = [(TODAY + timedelta(days=n), [0]) for n in range(sessions)]
    program, ids = await add_program(db, person.id, TODAY, plan)
    return str(program), [str(session) for session in ids]


async def test_R10_the_award_tells_the_points_of_the_method_once(ann: Asking) -> None:
    await do_method(ann)
    first, again = await told(ann), await told(ann)
    assert first == {
        "pointsAwarded": 8,
        "newTotal": 8,
        "newBadges": ["eerste_sessie"],
        "levelUp": False,
        "newLevel": 1,
        "currentStreak": 0,
        "longestStreak": 0,
    }
    assert again == first | {"pointsAwarded": 0, "newBadges": []}


async def test_R10_a_new_level_is_told_once(ann: Asking, db: Database) -> None:
    await did(db, ann.id, *[TODAY - timedelta(days=1)] * 6, points=8)
    await do_method(ann)
    first, again = await told(ann), await told(ann)
    assert (first["levelUp"], first["newLevel"], first["newTotal"]) == (True, 2, 56)
    assert (again["levelUp"], again["newLevel"]) == (False, 2)


async def test_what_other_activities_earned_is_told_with_the_next_method(ann: Asking) -> None:
    await tick(ann)
    await complete_goal(ann)
    body = {"userId": ann.id, "overtuigingId": record_id("Belief", 0), "date": str(TODAY)}
    await ann.post("overtuiging-usage", **body)
    assert (await award(ann, "habit")).data["newBadges"] == []
    await do_method(ann)
    found = await told(ann)
    assert found["pointsAwarded"] == 9
    assert found["newBadges"] == ["goede_start", "eerste_sessie", "veelzijdig"]


async def test_what_others_earned_is_told_to_them_alone(ann: Asking, bob: Asking) -> None:
    await do_method(bob)
    nothing, theirs = await told(ann), await told(bob)
    assert (nothing["pointsAwarded"], nothing["newBadges"]) == (0, [])
    assert (theirs["pointsAwarded"], theirs["newBadges"]) == (8, ["eerste_sessie"])


async def test_only_the_latest_completion_of_the_named_method_is_told(
    ann: Asking, clock: ManualClock
) -> None:
    await do_method(ann)
    await do_method(ann, methodId=record_id("Meth", 2))
    assert (await told(ann, record_id("Meth", 1)))["pointsAwarded"] == 0
    assert (await told(ann, record_id("Meth", 2)))["pointsAwarded"] == 3
    clock.advance(timedelta(minutes=9))
    assert (await told(ann))["pointsAwarded"] == 8


async def test_a_completion_older_than_ten_minutes_is_not_told(
    ann: Asking, clock: ManualClock
) -> None:
    await do_method(ann)
    clock.advance(timedelta(minutes=11))
    found = await told(ann)
    assert (found["pointsAwarded"], found["newBadges"]) == (0, ["eerste_sessie"])


async def test_racing_awards_tell_a_completion_once(ann: Asking) -> None:
    await do_method(ann)
    answers = await asyncio.gather(*(told(ann) for _ in range(8)))
    assert sorted(answer["pointsAwarded"] for answer in answers) == [0] * 7 + [8]


async def test_an_award_waits_for_another_one_under_way(ann: Asking, db: Database) -> None:
    await do_method(ann)
    async with db.transaction() as tx:
        await lock(tx, ann.id)
        telling = [asyncio.create_task(told(ann)) for _ in range(2)]
        await until_somebody_waits(db)
    assert sorted([(await one)["pointsAwarded"] for one in telling]) == [0, 8]


@pytest.mark.soak
async def test_R1_a_thousand_awards_grant_nothing(ann: Asking, db: Database) -> None:
    program, _ = await program_of(db, ann)
    await tick(ann)
    before = await rewards(ann)
    state = await db.fetchrow("SELECT *, xmin::text AS version FROM user_rewards")
    claims: list[dict[str, Any]] = [
        {"activityType": kind, "activityId": BREATHE, "milestone": 100} | program_id
        for kind in TYPES
        for program_id in ({}, {"programId": program})
    ]
    statuses = set()
    for start in range(0, AWARDS, 8):
        batch = [claims[n % len(claims)] for n in range(start, start + 8)]
        answers = await asyncio.gather(*(ann.post("rewards/award", **claim) for claim in batch))
        statuses |= {answer.status for answer in answers}
    assert statuses == {200, 400, 409}
    assert await rewards(ann) == before
    assert await db.fetchrow("SELECT *, xmin::text AS version FROM user_rewards") == state


@pytest.mark.parametrize("kind", [kind for kind in TYPES if kind not in ("method", TYPES[5])])
async def test_other_activities_are_answered_with_the_standing(ann: Asking, kind: str) -> None:
    await tick(ann)
    found = (await award(ann, kind, activityId="x" * 64, milestone=3.5)).data
    assert found == {
        "pointsAwarded": 0,
        "newTotal": 5,
        "newBadges": [],
        "levelUp": False,
        "newLevel": 1,
        "currentStreak": 0,
        "longestStreak": 0,
    }


async def test_R2_milestones_are_computed_here_and_told_once(ann: Asking, db: Database) -> None:
    program, sessions = await program_of(db, ann)
    claim = {"programId": program, "milestone": 25, "activityDate": str(TODAY)}
    assert (await award(ann, "programMilestone", **claim)).status == 409
    await do_method(ann, programmaplanningId=sessions[0])
    assert (await told(ann))["pointsAwarded"] == 8
    first = (await award(ann, "programMilestone", **claim)).data
    assert (first["pointsAwarded"], first["milestone"], first["newTotal"]) == (25, 25, 33)
    assert (first["newBadges"], first["levelUp"]) == ([], False)
    again = (await award(ann, "programMilestone", **claim)).data
    assert again["pointsAwarded"] == 0
    assert "milestone" not in again
    unreached = await award(ann, "programMilestone", **(claim | {"milestone": 50}))
    assert unreached.status == 409
    assert (await rewards(ann))["totalPoints"] == 33


async def test_one_completion_may_pass_several_milestones(ann: Asking, db: Database) -> None:
    """Two free completions count as two of four planned methods."""
    program, sessions = await program_of(db, ann)
    for method in (1, 2):
        await do_method(ann, methodId=record_id("Meth", method), programId=program)
    assert (await rewards(ann))["bonusPoints"] == 75
    for session in sessions:
        await do_method(ann, programmaplanningId=session)
    assert (await rewards(ann))["bonusPoints"] == 250


async def test_repeating_one_method_is_no_progress(ann: Asking, db: Database) -> None:
    _, sessions = await program_of(db, ann)
    for n in range(4):
        await ann.post(
            "method-usage",
            key=str(n),
            userId=ann.id,
            methodId=BREATHE,
            programmaplanningId=sessions[0],
        )
    await do_method(ann, methodId=record_id("Meth", 1), programmaplanningId=sessions[1])
    assert (await rewards(ann))["bonusPoints"] == 25


async def test_small_programs_pay_no_milestones(ann: Asking, db: Database) -> None:
    _, sessions = await program_of(db, ann, sessions=3)
    for session in sessions:
        await do_method(ann, programmaplanningId=session)
    assert (await rewards(ann))["bonusPoints"] == 0


async def test_a_milestone_is_never_paid_twice_nor_taken_back(ann: Asking, db: Database) -> None:
    _, sessions = await program_of(db, ann)
    await do_method(ann, programmaplanningId=sessions[0])
    await db.execute("DELETE FROM method_completions")
    assert (await rewards(ann))["bonusPoints"] == 25
    await do_method(ann, programmaplanningId=sessions[1])
    assert (await rewards(ann))["bonusPoints"] == 25


async def test_a_milestone_is_not_paid_again_when_its_program_comes_back(
    ann: Asking, db: Database
) -> None:
    """What was paid outlives a program that was deleted; only its name in the ledger is left."""
    program, sessions = await program_of(db, ann)
    await db.execute(
        "INSERT INTO reward_ledger (user_id, kind, ref, points) VALUES ($1, 'milestone', $2, 25)",
        ann.id,
        f"{program}:25",
    )
    await do_method(ann, programmaplanningId=sessions[0])
    assert (await rewards(ann))["bonusPoints"] == 25


async def test_a_milestone_tells_airtable_of_program_and_person(ann: Asking, db: Database) -> None:
    program, sessions = await program_of(db, ann)
    await do_method(ann, programmaplanningId=sessions[0])
    rows = await db.fetch("SELECT entity_type, entity_id, priority FROM outbox_events")
    events = {row["entity_type"]: (row["entity_id"], row["priority"]) for row in rows}
    assert events["program"] == (program, 30)
    assert events["user"] == (ann.id, 10)


async def test_R11_programs_show_the_milestones_they_reached(ann: Asking, db: Database) -> None:
    program, sessions = await program_of(db, ann)
    for session in sessions:
        await do_method(ann, programmaplanningId=session)
    milestones = ["25", "50", "75", "100"]
    assert (await ann.get(f"programs/{program}")).data["milestonesAwarded"] == milestones
    [listed] = (await ann.get("programs")).data
    assert listed["milestonesAwarded"] == milestones


async def test_milestones_of_others_are_404(ann: Asking, bob: Asking, db: Database) -> None:
    program, sessions = await program_of(db, ann)
    await link(db, "program", program, "recProgram0000001")
    await do_method(ann, programmaplanningId=sessions[0])
    for program_id in (program, "recProgram0000001", UNKNOWN, "recUnknown0000001"):
        claim = {"programId": program_id, "milestone": 25}
        assert (await award(bob, "programMilestone", **claim)).status == 404
    claim = {"programId": "recProgram0000001", "milestone": 25}
    assert (await award(ann, "programMilestone", **claim)).data["pointsAwarded"] == 25


@pytest.mark.parametrize(
    "claim",
    [
        {"activityType": "bonus"},
        {"activityType": ""},
        {},
        {"activityType": "method", "activityId": "x" * 65},
        {"activityType": "method", "programId": "mine"},
        {"activityType": "method", "programId": "' OR 1=1 OR '"},
        {"activityType": "method", "milestone": "100"},
        {"activityType": "method", "activityDate": "2026-02-30"},
        {"activityType": "programMilestone", "milestone": 25},
        {"activityType": "programMilestone", "programId": UNKNOWN},
        {"activityType": "programMilestone", "programId": UNKNOWN, "milestone": 30},
        {"activityType": "programMilestone", "programId": UNKNOWN, "milestone": 25.5},
    ],
)
async def test_R24_R20_claims_that_cannot_be_are_400(ann: Asking, claim: dict[str, Any]) -> None:
    answer = await ann.post("rewards/award", **claim)
    assert answer.status == 400
    assert answer.error


async def test_a_method_award_is_one_short_transaction(ann: Asking, statements: list[str]) -> None:
    await do_method(ann)
    statements.clear()
    await told(ann)
    assert len(inside(statements)) <= 3
