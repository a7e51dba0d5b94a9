"""Mapping of people and companies."""

from api._lib.airtable.entities import EntityType
from api._lib.airtable.model import Entity, Field, Kind, Owner, Table

USERS = Table(
    key="users",
    title="Gebruikers",
    fields=(
        Field("fldIK4uXpJluMZwEg", "Naam", "name", owner=Owner.SHARED, column="name"),
        Field("fldybwT82FkYEDN2j", "E-mailadres", "email"),
        Field("fldjzJzy8mvpU39Jz", "Paswoord Hash", "passwordHash", owner=Owner.EXPORT),
        Field("fldGQhjGFIdZMY5Xj", "Aangemaakt op", "createdAt", Kind.MOMENT, computed=True),
        Field("fldMlP3KCqMwJeXbN", "Laatste login", "lastLogin", Kind.DATE, Owner.POSTGRES),
        Field("fldnaYqcZHVHpH1RT", "Bedrijf", "company", Kind.LINKS, links_to="companies"),
        Field("fldu0CiOBgfDlZ7HI", "Rol", "role"),
        Field(
            "fldMQEv7JI5PjNeyk",
            "Taalcode",
            "languageCode",
            owner=Owner.SHARED,
            column="language_code",
        ),
        Field("fldDsfIZH929xN30H", "Huidige Streak", "currentStreak", Kind.NUMBER, Owner.REWARDS),
        Field("fldUI14lfcoJAI329", "Langste Streak", "longestStreak", Kind.NUMBER, Owner.REWARDS),
        Field(
            "fldwl4wC7pT4hKZVN", "Laatste Actieve Dag", "lastActiveDate", Kind.DATE, Owner.REWARDS
        ),
        Field("fldnTqsjBrzV37WPG", "Bonus Punten", "bonusPoints", Kind.NUMBER, Owner.REWARDS),
        Field("fldMbIUw4uzjNKYy9", "Badges", "badges", Kind.JSON_LIST, Owner.REWARDS),
        Field("fldBp9BHyhbiGxK8V", "Niveau", "level", Kind.NUMBER, Owner.REWARDS),
        # Formulas in the base as far as anybody knows; written only if they are not (O11).
        Field(
            "fldRcrVTHrvSUe1Mh",
            "Totaal Punten",
            "totalPoints",
            Kind.NUMBER,
            Owner.REWARDS,
            computed=True,
        ),
        Field(
            "fldMTUjMC2vcY0HWA",
            "Mental Fitness Score",
            "mentalFitnessScore",
            Kind.NUMBER,
            Owner.REWARDS,
            computed=True,
        ),
        Field(
            "fldVDpa3GOFSWTYly",
            "Persoonlijke Doelen Score",
            "personalGoalsScore",
            Kind.NUMBER,
            Owner.REWARDS,
            computed=True,
        ),
        Field(
            "fldpW5r0j9aHREqaK",
            "Goede Gewoontes Score",
            "goodHabitsScore",
            Kind.NUMBER,
            Owner.REWARDS,
            computed=True,
        ),
        Field("fld6B6DCJblZpC5wq", "Status", "status", Kind.SELECT),
    ),
)

COMPANIES = Table(
    key="companies",
    title="Bedrijven",
    fields=(Field("fldvltZfImwnHz66Y", "Bedrijfsnaam", "name"),),
)

USER = Entity(
    type=EntityType.USER,
    table=USERS,
    relation="users",
    created=False,
    query="""
SELECT u.id::text AS id, u.name, u.language_code AS "languageCode",
       u.password_hash AS "passwordHash", u.last_login_on::text AS "lastLogin",
       coalesce(r.current_streak, 0) AS "currentStreak",
       coalesce(r.longest_streak, 0) AS "longestStreak",
       r.last_active_on::text AS "lastActiveDate",
       coalesce(r.bonus_points, 0) AS "bonusPoints",
       coalesce(r.level, 1) AS level,
       coalesce(r.total_points, 0) AS "totalPoints",
       coalesce(r.mental_fitness_score, 0) AS "mentalFitnessScore",
       coalesce(r.personal_goals_score, 0) AS "personalGoalsScore",
       coalesce(r.good_habits_score, 0) AS "goodHabitsScore",
       ARRAY(SELECT l.ref FROM reward_ledger AS l
             WHERE l.user_id = u.id AND l.kind = 'badge'
             ORDER BY l.created_at, l.id) AS badges
FROM users AS u LEFT JOIN user_rewards AS r ON r.user_id = u.id
WHERE u.id = ANY($1::text[]) AND u.status <> 'deleted'""",
)
