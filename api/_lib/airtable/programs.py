"""Mapping of programs, their sessions and what was done in them."""

from api._lib.airtable.entities import EntityType
from api._lib.airtable.model import Entity, Field, Kind, Owner, Parent, Table

OURS = Owner.POSTGRES

PROGRAMS = Table(
    key="programs",
    title="Mentale Fitnessprogramma's",
    fields=(
        Field("fld7SqVd72a02Ss7y", "Programma naam", "name", owner=OURS),
        Field("fldDc1mJUjBl2y7Hy", "Gebruiker", "user", Kind.LINKS, OURS, "users"),
        Field("fldY5UGS0XSd1eUxu", "Startdatum", "startDate", Kind.DATE, OURS),
        Field(
            "fld3mrRTtqPX2a1fX", "Duur van programma", "duration", Kind.SELECT, OURS, typecast=True
        ),
        Field(
            "fldC9mH8v5UjLSPVU", "Dagen van de week", "daysOfWeek", Kind.LINKS, OURS, "daysOfWeek"
        ),
        Field("fldo1Lc26dqEkUkwU", "Doelstellingen", "goals", Kind.LINKS, OURS, "goals"),
        Field("fldvcpSF78ATEk12U", "Mentale methode", "methods", Kind.LINKS, OURS, "methods"),
        Field(
            "fldSAAnhuQZG4f5N9", "Overtuigingen", "overtuigingen", Kind.LINKS, OURS, "overtuigingen"
        ),
        Field("fldAUf1ENHtF8NRPl", "Notities", "notes", owner=OURS),
        Field("fldQu0mHYeNj4mury", "Behaalde Mijlpalen", "milestonesAwarded", Kind.JSON_LIST, OURS),
        Field("fldJcgvXDr2LDin14", "Status", "status", Kind.SELECT, OURS, typecast=True),
        Field(
            "fldC7QjG65RAnplH2",
            "Type Programma Creatie",
            "creationType",
            Kind.SELECT,
            OURS,
            typecast=True,
        ),
        Field("fldKHAHbREuKbbi1N", "Programma ID", "programId", computed=True),
        Field("fld2zTiRAKOXTenP4", "Einddatum Programma", "endDate", computed=True),
    ),
)

SESSIONS = Table(
    key="programmaplanning",
    title="Programmaplanning",
    fields=(
        Field("fldufZbBLil7jDKnj", "Planning ID", "planningId"),
        Field(
            "fldTPzVYhmSBxYRa3", "Mentale Fitnessprogramma", "program", Kind.LINKS, OURS, "programs"
        ),
        Field("fldvqnZDdjaVxB25H", "Datum", "date", Kind.DATE, OURS),
        Field("fldxC8uxRqMdS7InU", "Dag van de week", "dayOfWeek", Kind.LINKS, OURS, "daysOfWeek"),
        Field("fldnY9fKqbItJVxel", "Beschrijving van sessie(s)", "sessionDescription", owner=OURS),
        Field("fldxQn8r2ySIFs4pg", "Beoogde methodes", "methods", Kind.LINKS, OURS, "methods"),
        Field("fld2Xyx6dzgSMR7Yy", "Doelstelling(en)", "goals", Kind.LINKS, OURS, "goals"),
        Field("fld28cHcjefZFQr9P", "Opmerkingen", "notes", owner=OURS),
    ),
)

METHOD_USAGES = Table(
    key="methodUsage",
    title="Methodegebruik",
    fields=(
        Field("fldlJtJOwZ4poOcoN", "Gebruiker", "user", Kind.LINKS, OURS, "users"),
        Field("fldPyWglLXgXVO0ru", "Methode", "method", Kind.LINKS, OURS, "methods"),
        Field(
            "fldVyFTiTqVZ3BVoH",
            "Programmaplanning",
            "programmaplanning",
            Kind.LINKS,
            OURS,
            "programmaplanning",
        ),
        Field(
            "fld18WcaPR8nXNr4a",
            "Mentale Fitnessprogramma's",
            "program",
            Kind.LINKS,
            OURS,
            "programs",
        ),
        Field("fldvUGcgnwuux1bvi", "Gebruikt op", "usedAt", Kind.DATE, OURS),
        Field("fldpskQnKFWDFGRFk", "Opmerking", "remark", owner=OURS),
    ),
)

PROGRAM = Entity(
    type=EntityType.PROGRAM,
    table=PROGRAMS,
    relation="programs",
    query="""
SELECT p.id::text AS id, p.name, ARRAY[p.user_id::text] AS "user",
       p.start_date::text AS "startDate", p.duration_label AS duration, p.status,
       p.creation_type AS "creationType", p.notes,
       ARRAY(SELECT l.weekday_id::text FROM program_days AS l
             WHERE l.program_id = p.id ORDER BY l.position, l.weekday_id) AS "daysOfWeek",
       ARRAY(SELECT l.goal_id::text FROM program_goals AS l
             WHERE l.program_id = p.id ORDER BY l.position, l.goal_id) AS goals,
       ARRAY(SELECT l.method_id::text FROM program_methods AS l
             WHERE l.program_id = p.id ORDER BY l.position, l.method_id) AS methods,
       ARRAY(SELECT l.belief_id::text FROM program_beliefs AS l
             WHERE l.program_id = p.id ORDER BY l.position, l.belief_id) AS overtuigingen,
       ARRAY(SELECT m.threshold FROM (
                 SELECT DISTINCT substring(r.ref from '[0-9]+$') AS threshold
                 FROM reward_ledger AS r
                 WHERE r.program_id = p.id AND r.user_id = p.user_id AND r.kind = 'milestone') AS m
             ORDER BY m.threshold::int) AS "milestonesAwarded"
FROM programs AS p WHERE p.id = ANY($1::uuid[])""",
)

PROGRAM_SCHEDULE = Entity(
    type=EntityType.PROGRAM_SCHEDULE,
    table=SESSIONS,
    relation="program_sessions",
    parents=(Parent("program", EntityType.PROGRAM, "program_id", required=True),),
    query="""
SELECT s.id::text AS id, s.program_id::text AS program, s.session_date::text AS date,
       array_remove(ARRAY[s.weekday_id::text], NULL) AS "dayOfWeek",
       s.description AS "sessionDescription", s.notes,
       ARRAY(SELECT l.method_id::text FROM session_methods AS l
             WHERE l.session_id = s.id ORDER BY l.position, l.method_id) AS methods,
       ARRAY(SELECT l.goal_id::text FROM session_goals AS l
             WHERE l.session_id = s.id ORDER BY l.position, l.goal_id) AS goals
FROM program_sessions AS s WHERE s.id = ANY($1::uuid[])""",
)

# Of a completion in a session only the session is linked, the program follows from it.
METHOD_USAGE = Entity(
    type=EntityType.METHOD_USAGE,
    table=METHOD_USAGES,
    relation="method_completions",
    parents=(
        Parent("programmaplanning", EntityType.PROGRAM_SCHEDULE, "session_id", required=False),
        Parent("program", EntityType.PROGRAM, "program_id", required=False),
    ),
    query="""
SELECT c.id::text AS id, ARRAY[c.user_id::text] AS "user", ARRAY[c.method_id::text] AS method,
       c.session_id::text AS programmaplanning,
       CASE WHEN c.session_id IS NULL THEN c.program_id::text END AS program,
       c.completed_on::text AS "usedAt", c.remark
FROM method_completions AS c WHERE c.id = ANY($1::uuid[])""",
)
