"""A small world in both stores: people and content, and what people do in the app."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from redis.asyncio import Redis

from api._lib.airtable.entities import EntityType
from api._lib.airtable.mapping import ENTITIES
from api._lib.context import User
from api._lib.db import Database, Transaction
from api._lib.outbox import Event, enqueue
from api._lib.settings import Settings
from tasks.dev.airtable.testing import AirtableServer

E = EntityType
MONDAY = date(2026, 3, 2)


class World:
    """Writes as the app does: rows and event in one transaction."""

    def __init__(self, db: Database, airtable: AirtableServer, settings: Settings) -> None:
        self.db = db
        self.airtable = airtable
        self.settings = settings
        self.user = ""
        self.habits: list[str] = []
        self.methods: list[str] = []
        self.goals: list[str] = []
        self.days: list[str] = []
        self.beliefs: list[str] = []

    async def begin(self) -> None:
        """One person and three of each kind of content."""
        self.user = await self.person("An")
        self.habits = await self.content("Goede gewoontes", "habits", "Name")
        self.methods = await self.content("Methodes", "methods", "Methode Naam")
        self.goals = await self.content("Doelstellingen", "goals", "Doelstelling Naam")
        self.days = await self.content("Dagen van de week", "weekdays", "Name")
        self.beliefs = await self.content("Overtuigingen", "beliefs", "Name")

    async def person(self, name: str) -> str:
        """Somebody who exists in both stores."""
        email = f"{uuid4().hex[:10]}@voorbeeld.test"
        fields = {"Naam": name, "E-mailadres": email, "Taalcode": "nl"}
        user_id = self.airtable.control.create("Gebruikers", fields)
        await self.db.execute(
            "INSERT INTO users (id, email, name, language_code) VALUES ($1, $2, $3, 'nl')",
            user_id,
            email,
            name,
        )
        await self.db.execute("INSERT INTO user_rewards (user_id) VALUES ($1)", user_id)
        return user_id

    async def content(self, table: str, relation: str, title: str) -> list[str]:
        """Three records of a content table."""
        ids = [self.airtable.control.create(table, {title: f"{table} {n}"}) for n in range(3)]
        await self.db.executemany(
            f"INSERT INTO {relation} (id, name, sort_order) VALUES ($1, $2, $3)",
            [(record_id, f"{table} {n}", n) for n, record_id in enumerate(ids)],
        )
        return ids

    async def tick(self, day: int = 0, habit: int = 0, user: str | None = None) -> UUID:
        """A habit is ticked."""
        async with self.db.transaction() as tx:
            return await self.tick_in(tx, day, habit, user)

    async def tick_in(
        self, tx: Transaction, day: int = 0, habit: int = 0, user: str | None = None
    ) -> UUID:
        """A habit is ticked in an open transaction."""
        owner = user or self.user
        tick_id: UUID = await tx.fetchval(
            """INSERT INTO habit_completions (user_id, habit_id, completed_on)
               VALUES ($1, $2, $3) RETURNING id""",
            owner,
            self.habits[habit],
            MONDAY + timedelta(days=day),
        )
        await enqueue(
            tx, [Event(entity_type=E.GOEDE_GEWOONTE_USAGE, entity_id=tick_id, user_id=owner)]
        )
        return tick_id

    async def tick_with_rewards(self, day: int) -> UUID:
        """A habit is ticked and pays, as the app does it."""
        async with self.db.transaction() as tx:
            tick = await self.tick_in(tx, day)
            await tx.execute("UPDATE user_rewards SET total_points = total_points + 5")
            await tx.execute(
                "UPDATE user_rewards SET current_streak = 1, longest_streak = $1", day + 1
            )
            event = Event(entity_type=E.USER, entity_id=self.user, user_id=self.user, priority=10)
            await enqueue(tx, [event])
        return tick

    async def untick(self, tick_id: UUID) -> None:
        """A tick is taken back."""
        async with self.db.transaction() as tx:
            await tx.execute("DELETE FROM habit_completions WHERE id = $1", tick_id)
            await enqueue(tx, [self.deletion(E.GOEDE_GEWOONTE_USAGE, tick_id)])

    def deletion(self, kind: EntityType, entity_id: UUID) -> Event:
        """The event of a removed record."""
        return Event(
            entity_type=kind,
            entity_id=entity_id,
            user_id=self.user,
            operation="delete",
            priority=20,
        )

    def event(self, kind: EntityType, entity_id: UUID | str) -> Event:
        """The event of a changed record."""
        return Event(entity_type=kind, entity_id=entity_id, user_id=self.user)

    async def program(self, sessions: int = 0) -> tuple[UUID, list[UUID]]:
        """A program with sessions, one a day, is made in one transaction."""
        async with self.db.transaction() as tx:
            program: UUID = await tx.fetchval(
                """INSERT INTO programs
                   (user_id, name, start_date, end_date, duration_weeks, duration_label, status)
                   VALUES ($1, 'Rust', $2, $3, 4, '4 weken', 'Actief') RETURNING id""",
                self.user,
                MONDAY,
                MONDAY + timedelta(days=27),
            )
            for table, column, ids in (
                ("program_goals", "goal_id", self.goals),
                ("program_methods", "method_id", self.methods),
                ("program_days", "weekday_id", self.days),
                ("program_beliefs", "belief_id", self.beliefs),
            ):
                await tx.executemany(
                    f"INSERT INTO {table} (program_id, {column}, position) VALUES ($1, $2, $3)",
                    [(program, record_id, n) for n, record_id in enumerate(reversed(ids))],
                )
            made = [await self._session(tx, program, day) for day in range(sessions)]
            await enqueue(
                tx,
                [
                    Event(entity_type=E.PROGRAM, entity_id=program, user_id=self.user, priority=30),
                    *(
                        Event(entity_type=E.PROGRAM_SCHEDULE, entity_id=i, user_id=self.user)
                        for i in made
                    ),
                ],
            )
        return program, made

    async def _session(self, tx: Transaction, program: UUID, day: int) -> UUID:
        session: UUID = await tx.fetchval(
            """INSERT INTO program_sessions (program_id, session_date, weekday_id, description)
               VALUES ($1, $2, $3, 'Ademen (5 min)') RETURNING id""",
            program,
            MONDAY + timedelta(days=day),
            self.days[day % 3],
        )
        for table, column, ids in (
            ("session_methods", "method_id", self.methods[:2]),
            ("session_goals", "goal_id", self.goals[:1]),
        ):
            await tx.executemany(
                f"INSERT INTO {table} (session_id, {column}, position) VALUES ($1, $2, $3)",
                [(session, record_id, n) for n, record_id in enumerate(ids)],
            )
        return session

    async def remove_program(self, program: UUID) -> None:
        """A program is deleted with its sessions; what was done stays."""
        async with self.db.transaction() as tx:
            rows = await tx.fetch("SELECT id FROM program_sessions WHERE program_id = $1", program)
            await tx.execute("DELETE FROM programs WHERE id = $1", program)
            events = [self.deletion(E.PROGRAM_SCHEDULE, row["id"]) for row in rows]
            await enqueue(tx, [self.deletion(E.PROGRAM, program), *events])

    async def add(self, kind: EntityType, **values: Any) -> UUID:
        """A row of any other kind is made."""
        columns = {"user_id": self.user, **values}
        names = ", ".join(columns)
        marks = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
        async with self.db.transaction() as tx:
            entity_id: UUID = await tx.fetchval(
                f"INSERT INTO {ENTITIES[kind].relation} ({names}) VALUES ({marks}) RETURNING id",
                *columns.values(),
            )
            await enqueue(tx, [Event(entity_type=kind, entity_id=entity_id, user_id=self.user)])
        return entity_id

    async def change(self, kind: EntityType, entity_id: UUID, **values: Any) -> None:
        """A row is changed."""
        sets = ", ".join(f"{name} = ${n}" for n, name in enumerate(values, 2))
        async with self.db.transaction() as tx:
            await tx.execute(
                f"UPDATE {ENTITIES[kind].relation} SET {sets} WHERE id = $1",
                entity_id,
                *values.values(),
            )
            await enqueue(
                tx,
                [
                    Event(
                        entity_type=kind,
                        entity_id=entity_id,
                        user_id=self.user,
                        changed_fields=tuple(values),
                    )
                ],
            )

    async def change_user(self, *fields: str, **values: Any) -> None:
        """Something about the person changes; `fields` is what the event names."""
        sets = ", ".join(f"{name} = ${n}" for n, name in enumerate(values, 2))
        async with self.db.transaction() as tx:
            if values:
                await tx.execute(
                    f"UPDATE users SET {sets} WHERE id = $1", self.user, *values.values()
                )
            event = Event(
                entity_type=E.USER,
                entity_id=self.user,
                user_id=self.user,
                changed_fields=fields or None,
                priority=10,
            )
            await enqueue(tx, [event])

    async def queue_deletion(self, kind: EntityType, entity_id: UUID) -> None:
        """The deletion of a record is queued."""
        async with self.db.transaction() as tx:
            await enqueue(tx, [self.deletion(kind, entity_id)])

    async def queue_change(self, kind: EntityType, entity_id: UUID) -> None:
        """A change of a record is queued."""
        async with self.db.transaction() as tx:
            await enqueue(tx, [Event(entity_type=kind, entity_id=entity_id, user_id=self.user)])

    async def let_go(self) -> None:
        """What waits for its next try need not wait any longer."""
        await self.db.execute("UPDATE outbox_events SET next_attempt_at = now()")

    async def redis_forgets(self) -> None:
        """Pauses and breakers are over."""
        client = Redis.from_url(self.settings.redis_url or "")
        await client.flushall()
        await client.aclose()

    async def records(self, kind: EntityType) -> dict[str, dict[str, Any]]:
        """Records of a kind in Airtable, by our id, with cells by field name."""
        title = ENTITIES[kind].table.title
        found = self.airtable.control.records(title)
        return {r["fields"].get("App ID", r["id"]): r["fields"] for r in found}

    async def record_id(self, kind: EntityType, entity_id: UUID) -> str | None:
        """The record a row is linked to."""
        found: str | None = await self.db.fetchval(
            """SELECT airtable_record_id FROM airtable_links
               WHERE entity_type = $1 AND entity_id = $2""",
            kind,
            str(entity_id),
        )
        return found

    async def events(self) -> list[dict[str, Any]]:
        """All events, oldest first."""
        rows = await self.db.fetch("SELECT * FROM outbox_events ORDER BY id")
        return [dict(row) for row in rows]

    async def statuses(self) -> list[str]:
        """Status of all events, oldest first."""
        return [event["status"] for event in await self.events()]

    def writes(self) -> list[dict[str, Any]]:
        """The requests that changed something, oldest first."""
        return [r for r in self.airtable.control.requests() if r["method"] in ("PATCH", "DELETE")]


def signed_in(row: dict[str, Any]) -> User:
    """A person as a use case sees them."""
    return User(
        id=row["id"],
        presented_id=row["id"],
        email=row["email"],
        name=row["name"],
        role=row["role"],
        language=row["language_code"],
        zone="Europe/Brussels",
        sid=None,
        token_issued_at=0,
        created_at=row["created_at"],
        last_login_on=row["last_login_on"],
    )
