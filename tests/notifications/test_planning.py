"""Planning against the table: what is written, what is not, and who is planned for."""

from datetime import date, time, timedelta

import pytest

from api._lib.clock import ManualClock
from api._lib.context import Context, Resources
from api._lib.db import Database
from api._lib.notifications import service as notifications
from api._lib.notifications.service import Planned
from tests.notifications.cases import moment
from tests.notifications.planner import TODAY, TONIGHT, WEDNESDAY, add_ann, plan
from tests.notifications.seed import (
    add_device,
    add_goal,
    add_program,
    add_user,
    do_goal,
    do_methods,
    jobs,
    set_preferences,
    some_device,
    states,
)


async def versions(db: Database) -> list[tuple[int, str]]:
    """Each stored reminder with the transaction that wrote it last."""
    rows = await db.fetch("SELECT id, xmin::text AS writer FROM notification_jobs ORDER BY id")
    return [(row["id"], row["writer"]) for row in rows]


async def test_plan_1_is_stored(ctx: Context, db: Database) -> None:
    ann = await add_ann(db)
    assert await plan(ctx, ann) == Planned(users=1, written=4)
    assert await states(db, ann) == [
        ("daily_summary", "02-23", "pending"),
        ("daily_summary", "02-25", "pending"),
        ("session", "02-23", "pending"),
        ("session", "02-25", "pending"),
    ]
    first = (await jobs(db, ann))[1]
    assert first["fire_at"] == first["next_attempt_at"] == TONIGHT
    assert first["expires_at"] == moment("2026-02-23T23:00")
    assert first["payload"]["programScheduleId"] == str(first["session_id"])
    assert first["payload"]["programId"] == str(first["program_id"])
    assert first["dedupe_key"] == f"session:{first['session_id']}:user:{ann}"


async def test_F5_planning_again_writes_no_row(ctx: Context, db: Database) -> None:
    ann = await add_ann(db, quiet_hours_start=time(17))
    await add_goal(db, ann, ["Maandag", "Zondag"])
    await plan(ctx, ann)
    before = await versions(db)
    assert await plan(ctx, ann) == Planned(users=1, written=0)
    assert await notifications.reconcile(ctx) == Planned(users=1, written=0)
    assert await versions(db) == before


async def test_plan_2_completing_a_session_cancels_its_reminders(
    ctx: Context, db: Database
) -> None:
    ann = await add_ann(db)
    await plan(ctx, ann)
    today = await db.fetchval("SELECT id FROM program_sessions WHERE session_date = $1", TODAY)
    await do_methods(db, today)
    await plan(ctx, ann)
    assert [state for _, _, state in await states(db, ann)] == [
        *("cancelled", "pending", "cancelled", "pending")
    ]
    assert (await jobs(db, ann))[0]["processed_at"] is not None


async def test_F9_doing_one_method_twice_completes_no_session_of_two(
    ctx: Context, db: Database
) -> None:
    ann = await add_ann(db)
    today = await db.fetchval("SELECT id FROM program_sessions WHERE session_date = $1", TODAY)
    await do_methods(db, today, 1)
    await do_methods(db, today, 1)
    await plan(ctx, ann)
    assert ("session", "02-23", "pending") in await states(db, ann)


async def test_plan_3_goals_of_the_week_and_F9_done_ones_not(ctx: Context, db: Database) -> None:
    ann = await add_ann(db, reminder_mode="session")
    goal = await add_goal(db, ann, ["Maandag", "Donderdag"])
    await add_goal(db, ann, None, "Nooit gepland")
    await do_goal(db, goal, date(2026, 2, 26))
    await plan(ctx, ann)
    assert await states(db, ann) == [
        ("personal_goal", "02-23", "pending"),
        ("personal_goal", "03-02", "pending"),
        ("personal_goal", "03-05", "pending"),
        ("session", "02-23", "pending"),
        ("session", "02-25", "pending"),
    ]


async def test_plan_4_F6_a_changed_lead_moves_what_waits_only(
    ctx: Context, db: Database, clock: ManualClock
) -> None:
    ann = await add_ann(db)
    await plan(ctx, ann)
    await db.execute("UPDATE notification_jobs SET status = 'sent' WHERE reminder_date = $1", TODAY)
    clock.moment = moment("2026-02-23T17:05")
    await set_preferences(db, ann, lead_minutes=30)
    assert await plan(ctx, ann) == Planned(users=1, written=2)
    assert [(job["status"], job["fire_at"]) for job in await jobs(db, ann)] == [
        ("sent", TONIGHT),
        ("sent", TONIGHT),
        ("pending", moment("2026-02-25T17:30")),
        ("pending", moment("2026-02-25T17:30")),
    ]


async def test_plan_5_F6_a_device_of_the_evening_gets_tomorrow_only(
    ctx: Context, db: Database, clock: ManualClock
) -> None:
    clock.moment = moment("2026-02-23T20:00")
    ann = await add_ann(db)
    await plan(ctx, ann)
    assert {day for _, day, _ in await states(db, ann)} == {"02-25"}


async def test_F5_attempts_and_waits_survive_planning(ctx: Context, db: Database) -> None:
    ann = await add_ann(db)
    await plan(ctx, ann)
    later = moment("2026-02-25T17:00:45")
    await db.execute(
        "UPDATE notification_jobs SET attempt_count = 3, next_attempt_at = $1, last_error = 'x'"
        " WHERE reminder_date = $2",
        later,
        WEDNESDAY,
    )
    await db.execute("UPDATE users SET language_code = 'fr' WHERE id = $1", ann)
    await plan(ctx, ann)
    kept = (await jobs(db, ann))[2]
    assert kept["payload"]["title"] == "Rappel quotidien"
    assert (kept["attempt_count"], kept["next_attempt_at"], kept["last_error"]) == (3, later, "x")
    await set_preferences(db, ann, lead_minutes=90)
    await plan(ctx, ann)
    moved = (await jobs(db, ann))[2]
    assert (moved["attempt_count"], moved["next_attempt_at"]) == (0, moved["fire_at"])


@pytest.mark.parametrize("status", ["sent", "dead_letter", "processing"])
async def test_F5_ended_and_running_reminders_survive_planning(
    ctx: Context, db: Database, status: str
) -> None:
    ann = await add_ann(db)
    await plan(ctx, ann)
    await db.execute(
        "UPDATE notification_jobs SET status = $1,"
        " lease_token = CASE $1 WHEN 'processing' THEN gen_random_uuid() END",
        status,
    )
    await set_preferences(db, ann, lead_minutes=0, enabled=False)
    assert (await plan(ctx, ann)).written == 0
    await set_preferences(db, ann, enabled=True)
    assert (await plan(ctx, ann)).written == 0
    assert {state for _, _, state in await states(db, ann)} == {status}


async def test_F8_quiet_hours_are_never_postponed(ctx: Context, db: Database) -> None:
    ann = await add_ann(db, preferred_time_local=time(7, 30), reminder_mode="session")
    await plan(ctx, ann)
    assert await states(db, ann) == [("session", "02-25", "skipped_quiet_hours")]
    assert (await jobs(db, ann))[0]["processed_at"] is not None
    await set_preferences(db, ann, quiet_hours_start=time(0), quiet_hours_end=time(0))
    await plan(ctx, ann)
    assert await states(db, ann) == [("session", "02-25", "pending")]
    assert (await jobs(db, ann))[0]["processed_at"] is None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE users SET status = 'disabled'",
        "UPDATE push_subscriptions SET status = 'expired'",
        "INSERT INTO notification_preferences (user_id, enabled) SELECT id, false FROM users",
    ],
)
async def test_F19_who_can_no_longer_receive_has_nothing_waiting(
    ctx: Context, db: Database, change: str
) -> None:
    ann = await add_ann(db)
    await plan(ctx, ann)
    await db.execute(change)
    assert (await notifications.reconcile(ctx)).written == 4
    assert {state for _, _, state in await states(db, ann)} == {"cancelled"}
    assert (await notifications.reconcile(ctx)).written == 0


async def test_F10_people_without_a_device_are_not_planned(ctx: Context, db: Database) -> None:
    user = await add_user(db)
    await add_program(db, user, [(TODAY, [0])])
    await notifications.reconcile(ctx)
    assert await plan(ctx, user) == Planned(users=1)
    assert await jobs(db) == []


async def test_F18_reconcile_sees_people_who_have_goals_and_a_device_only(
    ctx: Context, db: Database
) -> None:
    user = await add_user(db)
    await add_device(db, user, some_device())
    await add_goal(db, user, ["Woensdag"])
    await notifications.reconcile(ctx)
    assert [kind for kind, _, _ in await states(db, user)] == ["personal_goal"] * 2


@pytest.mark.parametrize(
    ("status", "end", "planned"),
    [
        ("Actief", None, True),
        ("Gepland", None, True),
        ("Afgewerkt", None, False),
        ("Actief", TODAY - timedelta(days=1), False),
        ("Actief", TODAY, True),
    ],
)
async def test_the_effective_status_of_the_program_counts(
    ctx: Context, db: Database, status: str, end: date | None, planned: bool
) -> None:
    user = await add_user(db)
    await add_device(db, user, some_device())
    first = TODAY - timedelta(days=9)
    await add_program(db, user, [(first, [0]), (TODAY, [0])], status, end)
    await plan(ctx, user)
    assert bool(await jobs(db)) is planned


async def test_F13_a_broken_zone_in_the_table_falls_back_to_the_default(
    ctx: Context, db: Database
) -> None:
    ann = await add_ann(db, timezone="Mars/Olympus")
    await plan(ctx, ann)
    assert (await jobs(db, ann))[0]["fire_at"] == TONIGHT


async def test_each_person_has_a_day_of_their_own(ctx: Context, db: Database) -> None:
    """At ten in the evening in Honolulu it is tomorrow in Auckland."""
    there = await add_ann(db, timezone="Pacific/Honolulu")
    here = await add_ann(db, timezone="Pacific/Auckland")
    ctx.clock.moment = moment("2026-02-23T00:00")  # type: ignore[attr-defined]  # a manual clock
    await notifications.reconcile(ctx)
    assert "02-22" in {day for _, day, _ in await states(db, there)}
    assert "02-22" not in {day for _, day, _ in await states(db, here)}


async def test_a_session_moved_in_airtable_takes_its_reminder_along(
    ctx: Context, db: Database, clock: ManualClock
) -> None:
    ann = await add_ann(db, reminder_mode="session")
    await plan(ctx, ann)
    await db.execute("UPDATE notification_jobs SET status = 'cancelled'")
    clock.moment = moment("2026-02-26T09:00")
    await db.execute(
        "UPDATE program_sessions SET session_date = '2026-03-04' WHERE session_date = $1", TODAY
    )
    await plan(ctx, ann)
    assert ("session", "03-04", "pending") in await states(db, ann)
    assert (await plan(ctx, ann)).written == 0


async def test_F10_planning_is_a_handful_of_statements_for_any_number_of_people(
    ctx: Context, db: Database, resources: Resources
) -> None:
    for _ in range(5):
        await add_goal(db, await add_ann(db), ["Maandag"])
    await notifications.reconcile(ctx)
    await db.execute(
        "INSERT INTO notification_preferences (user_id, lead_minutes) SELECT id, 5 FROM users"
    )
    await db.execute(
        "UPDATE program_sessions SET session_date = session_date + 7 WHERE session_date > $1", TODAY
    )
    seen: list[str] = []
    resources.db.observe(seen.append)
    assert (await notifications.reconcile(ctx)).written > 20
    assert len([sql for sql in seen if not sql.startswith(("BEGIN", "COMMIT"))]) <= 9


async def test_F10_one_person_who_fails_does_not_stop_the_others(
    ctx: Context, db: Database
) -> None:
    people = [await add_ann(db) for _ in range(3)]
    await db.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'no room'; END $$"
    )
    await db.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON notification_jobs FOR EACH ROW"
        f" WHEN (new.user_id = '{people[1]}') EXECUTE FUNCTION refuse()"
    )
    await db.execute("INSERT INTO notification_planning (user_id) SELECT id FROM users ORDER BY id")
    assert await notifications.plan_dirty_users(ctx) == Planned(users=3, written=8, failed=1)
    assert [len(await jobs(db, user)) for user in people] == [4, 0, 4]
    left = await db.fetch("SELECT user_id FROM notification_planning")
    assert [row["user_id"] for row in left] == [people[1]]


async def test_deleting_a_program_takes_its_reminders_and_the_next_plan_the_summary(
    ctx: Context, db: Database
) -> None:
    """F18: the summary of a day belongs to no program."""
    ann = await add_ann(db)
    await plan(ctx, ann)
    await db.execute("DELETE FROM programs")
    await plan(ctx, ann)
    assert await states(db, ann) == [
        ("daily_summary", "02-23", "cancelled"),
        ("daily_summary", "02-25", "cancelled"),
    ]


async def test_F24_a_new_id_of_a_person_keeps_what_was_sent_recognisable(
    ctx: Context, db: Database
) -> None:
    ann = await add_ann(db)
    await add_goal(db, ann, ["Maandag"])
    await plan(ctx, ann)
    await db.execute("UPDATE notification_jobs SET status = 'sent' WHERE reminder_date = $1", TODAY)
    renamed = "recRenamed0000001"
    async with db.transaction() as tx:
        await tx.execute("UPDATE users SET id = $2 WHERE id = $1", ann, renamed)
        await notifications.follow_rekey(tx, ann, renamed)
    assert (await notifications.plan_dirty_users(ctx)).written == 0
    assert {job["user_id"] for job in await jobs(db)} == {renamed}
    assert len(await jobs(db)) == 6


async def test_F19_silencing_people_ends_devices_and_reminders(ctx: Context, db: Database) -> None:
    ann, bob = await add_ann(db), await add_ann(db)
    await notifications.reconcile(ctx)
    async with db.transaction() as tx:
        await notifications.silence(tx, [ann])
    assert {state for _, _, state in await states(db, ann)} == {"cancelled"}
    assert {state for _, _, state in await states(db, bob)} == {"pending"}
    active = await db.fetch("SELECT user_id FROM push_subscriptions WHERE status = 'active'")
    assert [row["user_id"] for row in active] == [bob]
