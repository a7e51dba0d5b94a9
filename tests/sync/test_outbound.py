"""Every kind of record arrives as its row says."""

from datetime import date

from api._lib.airtable.entities import EntityType as E
from api._lib.sync.outbound import Outbound
from tests.sync.world import MONDAY, World


async def test_a_tick_arrives(world: World, outbound: Outbound) -> None:
    tick = await world.tick()
    assert await outbound.drain() == 1
    fields = (await world.records(E.GOEDE_GEWOONTE_USAGE))[str(tick)]
    assert fields["Gebruikers"] == [world.user]
    assert fields["Goede gewoontes"] == [world.habits[0]]
    assert fields["Datum"] == "2026-03-02"
    assert await world.statuses() == ["processed"]


async def test_O13_a_program_with_sessions_arrives_with_all_links(
    world: World, outbound: Outbound
) -> None:
    program, sessions = await world.program(sessions=28)
    await outbound.drain()
    fields = (await world.records(E.PROGRAM))[str(program)]
    assert fields["Programma naam"] == "Rust"
    assert fields["Gebruiker"] == [world.user]
    assert fields["Startdatum"] == "2026-03-02"
    assert fields["Duur van programma"] == "4 weken"
    assert fields["Mentale methode"] == list(reversed(world.methods))
    assert fields["Status"] == "Actief"
    made = await world.records(E.PROGRAM_SCHEDULE)
    assert made.keys() == {str(session) for session in sessions}
    first = made[str(sessions[0])]
    assert first["Mentale Fitnessprogramma"] == [await world.record_id(E.PROGRAM, program)]
    assert first["Dag van de week"] == [world.days[0]]
    assert first["Beoogde methodes"] == world.methods[:2]
    assert set(await world.statuses()) == {"processed"}


async def test_example_2_thirty_two_events_in_five_requests(
    world: World, outbound: Outbound
) -> None:
    async def belief(text: str) -> None:
        await world.add(E.PERSOONLIJKE_OVERTUIGING, name=text, program_id=program)

    program, _ = await world.program(sessions=28)
    for text in ("Ik kan dit", "Ik mag rusten", "Ik ben genoeg"):
        await belief(text)
    await outbound.drain()
    assert len(world.writes()) == 5


async def test_O10_O12_usages_link_to_session_else_program(
    world: World, outbound: Outbound
) -> None:
    program, (session,) = await world.program(sessions=1)
    common = {"method_id": world.methods[0], "completed_on": MONDAY, "points": 5}
    planned = await world.add(E.METHOD_USAGE, **common, program_id=program, session_id=session)
    extra = await world.add(E.METHOD_USAGE, **common, program_id=program, remark="Fijn")
    belief = await world.add(
        E.OVERTUIGING_USAGE,
        belief_id=world.beliefs[0],
        program_id=program,
        completed_on=MONDAY,
    )
    await outbound.drain()
    program_record = await world.record_id(E.PROGRAM, program)
    usages = await world.records(E.METHOD_USAGE)
    session_record = await world.record_id(E.PROGRAM_SCHEDULE, session)
    assert usages[str(planned)]["Programmaplanning"] == [session_record]
    assert "Mentale Fitnessprogramma's" not in usages[str(planned)]
    assert usages[str(extra)]["Mentale Fitnessprogramma's"] == [program_record]
    assert usages[str(extra)]["Opmerking"] == "Fijn"
    beliefs = await world.records(E.OVERTUIGING_USAGE)
    assert beliefs[str(belief)]["Mentale Fitnessprogramma's"] == [program_record]


async def test_a_usage_moves_from_its_deleted_session_to_the_program(
    world: World, outbound: Outbound
) -> None:
    program, (session,) = await world.program(sessions=1)
    common = {"method_id": world.methods[0], "completed_on": MONDAY, "points": 5}
    usage = await world.add(E.METHOD_USAGE, **common, program_id=program, session_id=session)
    await outbound.drain()
    await world.change(E.METHOD_USAGE, usage, session_id=None)
    await outbound.drain()
    fields = (await world.records(E.METHOD_USAGE))[str(usage)]
    assert "Programmaplanning" not in fields
    assert fields["Mentale Fitnessprogramma's"] == [await world.record_id(E.PROGRAM, program)]


async def test_goals_and_their_completions(world: World, outbound: Outbound) -> None:
    goal = await world.add(
        E.PERSONAL_GOAL,
        name="Wandelen",
        description="Elke dag",
        schedule_days=["Maandag", "Vrijdag"],
    )
    done = await world.add(
        E.PERSONAL_GOAL_USAGE, personal_goal_id=goal, completed_on=date(2026, 3, 3)
    )
    await outbound.drain()
    fields = (await world.records(E.PERSONAL_GOAL))[str(goal)]
    assert fields["Planningdagen"] == "Maandag, Vrijdag"
    assert fields["Status"] == "Actief"
    usage = (await world.records(E.PERSONAL_GOAL_USAGE))[str(done)]
    assert usage["Persoonlijke doelen"] == [await world.record_id(E.PERSONAL_GOAL, goal)]
    assert usage["Datum"] == "2026-03-03"


async def test_6_3_emptied_values_are_cleared(world: World, outbound: Outbound) -> None:
    goal = await world.add(
        E.PERSONAL_GOAL, name="Wandelen", description="Elke dag", schedule_days=["Maandag"]
    )
    program, _ = await world.program()
    await outbound.drain()
    await world.change(E.PERSONAL_GOAL, goal, description=None, schedule_days=None)
    await world.db.execute("DELETE FROM program_goals")
    await world.change(E.PROGRAM, program, notes=None)
    await outbound.drain()
    fields = (await world.records(E.PERSONAL_GOAL))[str(goal)]
    assert fields.keys().isdisjoint({"Beschrijving", "Planningdagen"})
    assert "Doelstellingen" not in (await world.records(E.PROGRAM))[str(program)]


async def test_personal_beliefs(world: World, outbound: Outbound) -> None:
    program, _ = await world.program()
    belief = await world.add(E.PERSOONLIJKE_OVERTUIGING, name="Ik kan dit", program_id=program)
    await outbound.drain()
    await world.change(E.PERSOONLIJKE_OVERTUIGING, belief, status="Afgerond", completed_on=MONDAY)
    await outbound.drain()
    fields = (await world.records(E.PERSOONLIJKE_OVERTUIGING))[str(belief)]
    assert fields["Status"] == "Afgerond"
    assert fields["Datum afgerond"] == "2026-03-02"
    assert fields["Mentale Fitnessprogramma's"] == [await world.record_id(E.PROGRAM, program)]


async def test_O11_rewards_arrive_without_the_computed_scores(
    world: World, outbound: Outbound
) -> None:
    await world.db.execute(
        """UPDATE user_rewards SET bonus_points = 26, current_streak = 4, longest_streak = 9,
           last_active_on = '2026-03-02', level = 2, total_points = 77""",
    )
    await world.db.execute(
        "INSERT INTO reward_ledger (user_id, kind, ref) VALUES ($1, 'badge', 'eerste_sessie')",
        world.user,
    )
    await world.change_user(last_login_on=MONDAY)
    await outbound.drain()
    fields = world.airtable.control.record("Gebruikers", world.user)["fields"]
    assert fields["Bonus Punten"] == 26
    assert fields["Huidige Streak"] == 4
    assert fields["Badges"] == '["eerste_sessie"]'
    assert fields["Laatste login"] == "2026-03-02"
    assert fields["Niveau"] == 2
    assert fields["Totaal Punten"] != 77
    assert await world.statuses() == ["processed"]


async def test_O21_milestones_of_a_program_come_from_the_ledger(
    world: World, outbound: Outbound
) -> None:
    program, _ = await world.program()
    for threshold in ("100", "25", "50"):
        await world.db.execute(
            """INSERT INTO reward_ledger (user_id, kind, ref, points, program_id)
               VALUES ($1, 'milestone', $2, 25, $3)""",
            world.user,
            f"{program}:{threshold}",
            program,
        )
    await outbound.drain()
    fields = (await world.records(E.PROGRAM))[str(program)]
    assert fields["Behaalde Mijlpalen"] == '["25","50","100"]'


async def test_deleting_a_program_leaves_what_was_done(world: World, outbound: Outbound) -> None:
    program, sessions = await world.program(sessions=3)
    usage = await world.add(
        E.METHOD_USAGE,
        method_id=world.methods[0],
        completed_on=MONDAY,
        points=5,
        program_id=program,
        session_id=sessions[0],
    )
    await outbound.drain()
    await world.remove_program(program)
    await outbound.drain()
    assert await world.records(E.PROGRAM) == {}
    assert await world.records(E.PROGRAM_SCHEDULE) == {}
    assert list(await world.records(E.METHOD_USAGE)) == [str(usage)]
    open_tombstones = "SELECT count(*) FROM sync_tombstones WHERE purged_at IS NULL"
    assert await world.db.fetchval(open_tombstones) == 0
    assert await world.db.fetchval("SELECT count(*) FROM sync_tombstones") == 4
