"""Databases for tests: cleaned and used again, because making one takes five times as long."""

from itertools import count

from tasks.dev.child import ChildError
from tasks.dev.services import Postgres
from tests.console import Console

# Rows go without triggers and cascades; whoever still does something or holds a lock goes first.
# A table nobody ever wrote to has no pages, which costs less to see than looking for rows.
EMPTY = """
    do $$
    declare
        name regclass;
    begin
        perform pg_terminate_backend(pid, 5000) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid()
                and (state <> 'idle' or pid in (select pid from pg_locks where pid is not null));
        set local session_replication_role = replica;
        for name in
            select oid from pg_class
            where relkind = 'r' and relnamespace = 'public'::regnamespace
                and relname <> 'schema_migrations' and pg_relation_size(oid) > 0
        loop
            execute format('delete from %s', name);
        end loop;
    end $$
"""

# As template0 is, whatever a test has made of it.
BARE = """
    do $$
    declare
        name text;
    begin
        perform pg_terminate_backend(pid, 5000) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid();
        for name in
            select nspname from pg_namespace where nspname !~ '^(pg_|information_schema$)'
        loop
            execute format('drop schema %I cascade', name);
        end loop;
        create schema public authorization pg_database_owner;
        grant usage on schema public to public;
    end $$
"""

# Differs after any change of tables, constraints, indexes, triggers or recorded migrations: what is
# new or changed has a later transaction, what is gone is missed in the count.
FINGERPRINT = """
    select count(*) || ' ' || max(xmin::text::bigint) from (
        select xmin from pg_attribute where attrelid >= 16384
        union all select xmin from pg_constraint where oid >= 16384
        union all select xmin from pg_index where indexrelid >= 16384
        union all select xmin from pg_trigger
        union all select xmin from pg_proc where oid >= 16384
        union all select xmin from pg_namespace
        union all select xmin from schema_migrations
    ) found
"""


class Databases:
    """Copies of a migrated template, one per test at a time."""

    def __init__(self, server: Postgres, template: str) -> None:
        self._server = server
        self._template = template
        self._numbers = count()
        self._clean: list[str] = []
        self._bare: str | None = None
        self._consoles: dict[str, Console] = {}
        self._untouched = server.run(FINGERPRINT, database=template)

    def borrow(self) -> str:
        """Name of a database that no test has left anything in."""
        self._server.start()
        return self._clean.pop() if self._clean else self.make(self._template)

    def give_back(self, name: str) -> None:
        """Empty a database for the next test; one with a changed schema is thrown away."""
        self._server.start()
        if self._is_clean(name):
            self._clean.append(name)
        else:
            self.drop(name)

    def _is_clean(self, name: str) -> bool:
        for _ in range(2):  # the session of the last time may be gone with its server
            console = self._consoles.pop(name, None) or Console(self._server, name)
            try:
                found = console.run(EMPTY, FINGERPRINT)
            except ChildError:
                console.close()
                continue
            self._consoles[name] = console
            return found == self._untouched
        return False  # not even the table of migrations is left

    def empty(self) -> str:
        """Name of a database without any table, for one test at a time."""
        self._server.start()
        if self._bare is not None:
            try:
                self._server.run(BARE, database=self._bare)
                return self._bare
            except ChildError:
                self.drop(self._bare)
        self._bare = self.make("template0")
        return self._bare

    def make(self, template: str) -> str:
        """Make a new database."""
        name = f"test_{next(self._numbers)}"
        # Without fsync, copying files is cheaper than writing every page to the WAL.
        self._server.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._server.start()
        if name in self._consoles:
            self._consoles.pop(name).close()
        self._server.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def close(self) -> None:
        """End what was kept running."""
        for console in self._consoles.values():
            console.close()
