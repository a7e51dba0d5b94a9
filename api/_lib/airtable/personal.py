"""Mapping of habits, personal goals and convictions of people."""

from api._lib.airtable.entities import EntityType
from api._lib.airtable.model import Entity, Field, Kind, Owner, Parent, Table

OURS = Owner.POSTGRES
NAMELESS_GOAL = "Persoonlijk doel"
"""What a goal is called that somebody made in Airtable without a name."""

HABIT_USAGES = Table(
    key="goedeGewoonteGebruik",
    title="Goede gewoontes gebruik",
    fields=(
        Field("fldLIzVxJ5TmPtwBJ", "Gebruikers", "user", Kind.LINKS, OURS, "users"),
        Field(
            "fld23ht8gYEFQ3r4U",
            "Goede gewoontes",
            "goedeGewoonte",
            Kind.LINKS,
            OURS,
            "goedeGewoontes",
        ),
        Field("fldLDuoW175HMOl4W", "Datum", "date", Kind.DATE, OURS),
    ),
)

PERSONAL_GOALS = Table(
    key="personalGoals",
    title="Persoonlijke doelen",
    fields=(
        Field("fldJgnovQb0fukTHy", "Naam", "name", owner=OURS),
        Field("fldIa30JSumth6urq", "Beschrijving", "description", owner=OURS),
        Field("fld430TQiorQDQqfT", "Gebruikers", "user", Kind.LINKS, OURS, "users"),
        Field("fldppY7CetkUqYeTU", "Status", "status", Kind.SELECT, OURS, typecast=True),
        Field("fldCKc9Y7SZtbusdK", "Planningdagen", "scheduleDays", owner=OURS, cleared=""),
        Field("fldVYfcER59IGdFg8", "Aangemaakt op", "createdAt", Kind.MOMENT, computed=True),
    ),
)

GOAL_USAGES = Table(
    key="personalGoalUsage",
    title="Persoonlijk Doelgebruik",
    fields=(
        Field("fldlSHZh0ECrWMRV9", "Gebruikers", "user", Kind.LINKS, OURS, "users"),
        Field(
            "fldGwiJAk7FRirOqY",
            "Persoonlijke doelen",
            "personalGoal",
            Kind.LINKS,
            OURS,
            "personalGoals",
        ),
        Field("fldC2lY17qPmMsI5x", "Datum", "date", Kind.DATE, OURS),
    ),
)

BELIEF_USAGES = Table(
    key="overtuigingenGebruik",
    title="Overtuigingen Gebruik",
    fields=(
        Field("fldaIsUSdHWmcVu8Q", "Gebruikers", "user", Kind.LINKS, OURS, "users"),
        Field(
            "fldr3astKAHFdvpB1", "Overtuigingen", "overtuiging", Kind.LINKS, OURS, "overtuigingen"
        ),
        Field(
            "fldgVFIiB0nGZnvaT",
            "Mentale Fitnessprogramma's",
            "program",
            Kind.LINKS,
            OURS,
            "programs",
        ),
        Field("fldaDnnhvJ8H9gjB3", "Datum", "date", Kind.DATE, OURS),
    ),
)

PERSONAL_BELIEFS = Table(
    key="persoonlijkeOvertuigingen",
    title="Persoonlijke Overtuigingen",
    fields=(
        Field("fldhC3aEqBm8r75yU", "Name", "name", owner=OURS),
        Field("fldRyZuScA8s2KnTb", "Gebruikers", "user", Kind.LINKS, OURS, "users"),
        Field(
            "flduA8HPmhFwbdEOx",
            "Mentale Fitnessprogramma's",
            "program",
            Kind.LINKS,
            OURS,
            "programs",
        ),
        Field("fldVQ58SdPHbyDleA", "Datum afgerond", "completedDate", Kind.DATE, OURS),
        Field("fldCuM6OvK3D9yNsB", "Status", "status", Kind.SELECT, OURS),
    ),
)

GOEDE_GEWOONTE_USAGE = Entity(
    type=EntityType.GOEDE_GEWOONTE_USAGE,
    table=HABIT_USAGES,
    relation="habit_completions",
    query="""
SELECT c.id::text AS id, ARRAY[c.user_id::text] AS "user",
       ARRAY[c.habit_id::text] AS "goedeGewoonte", c.completed_on::text AS date
FROM habit_completions AS c WHERE c.id = ANY($1::uuid[])""",
)

PERSONAL_GOAL = Entity(
    type=EntityType.PERSONAL_GOAL,
    table=PERSONAL_GOALS,
    relation="personal_goals",
    query="""
SELECT g.id::text AS id, g.name, g.description, ARRAY[g.user_id::text] AS "user", g.status,
       array_to_string(g.schedule_days, ', ') AS "scheduleDays"
FROM personal_goals AS g WHERE g.id = ANY($1::uuid[]) AND g.status <> 'Verwijderd'""",
)

PERSONAL_GOAL_USAGE = Entity(
    type=EntityType.PERSONAL_GOAL_USAGE,
    table=GOAL_USAGES,
    relation="personal_goal_completions",
    parents=(Parent("personalGoal", EntityType.PERSONAL_GOAL, "personal_goal_id", required=True),),
    query="""
SELECT c.id::text AS id, ARRAY[c.user_id::text] AS "user",
       c.personal_goal_id::text AS "personalGoal", c.completed_on::text AS date
FROM personal_goal_completions AS c WHERE c.id = ANY($1::uuid[])""",
)

OVERTUIGING_USAGE = Entity(
    type=EntityType.OVERTUIGING_USAGE,
    table=BELIEF_USAGES,
    relation="belief_completions",
    parents=(Parent("program", EntityType.PROGRAM, "program_id", required=False),),
    query="""
SELECT c.id::text AS id, ARRAY[c.user_id::text] AS "user",
       ARRAY[c.belief_id::text] AS overtuiging, c.program_id::text AS program,
       c.completed_on::text AS date
FROM belief_completions AS c WHERE c.id = ANY($1::uuid[])""",
)

PERSOONLIJKE_OVERTUIGING = Entity(
    type=EntityType.PERSOONLIJKE_OVERTUIGING,
    table=PERSONAL_BELIEFS,
    relation="personal_beliefs",
    parents=(Parent("program", EntityType.PROGRAM, "program_id", required=False),),
    query="""
SELECT b.id::text AS id, b.name, ARRAY[b.user_id::text] AS "user", b.program_id::text AS program,
       b.completed_on::text AS "completedDate", b.status
FROM personal_beliefs AS b WHERE b.id = ANY($1::uuid[]) AND b.status <> 'Verwijderd'""",
)
