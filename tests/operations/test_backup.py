"""A backup brings everything back, and a restore never destroys by accident."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from tasks.db.backups import checksum_path
from tests.operations.tools import executable, postgres_programs, run_task

SAMPLE = Path(__file__).parent.parent / "schema" / "sample.sql"
TABLES = """
    SELECT relname FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"""
DIGEST = "SELECT count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM {} AS t"
SCHEMA = """
    SELECT md5(string_agg(line, chr(10) ORDER BY line)) FROM (
        SELECT attrelid::regclass::text || attname || atttypid::regtype || attnotnull
            FROM pg_attribute WHERE attrelid::regclass::text IN
                (SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace)
        UNION ALL SELECT pg_get_constraintdef(oid) || conname FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    ) AS found (line)"""


@pytest.fixture
def seeded_url(database_url: str) -> str:
    """A database with at least a row in every table that tests know to fill."""
    psql = [str(postgres_programs() / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-1"]
    subprocess.run([*psql, "-f", str(SAMPLE), database_url], check=True)
    return database_url


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Nothing but a PATH with Postgres' programs."""
    return {"PATH": f"{postgres_programs()}:/usr/bin:/bin", "HOME": str(tmp_path)}


async def digests(url: str) -> dict[str, tuple[int, str | None]]:
    """Row count and checksum of every table, and a checksum of the schema."""
    connection = await asyncpg.connect(url)
    try:
        found = {"": (0, await connection.fetchval(SCHEMA))}
        for row in await connection.fetch(TABLES):
            count, checksum = await connection.fetchrow(DIGEST.format(f'"{row[0]}"')) or (0, None)
            found[row[0]] = (count, checksum)
        return found
    finally:
        await connection.close()


def create(environ: dict[str, str], url: str, folder: Path, *more: str) -> Path:
    """Make a backup of a database."""
    done = run_task(
        environ | {"DATABASE_URL": url}, "backup.py", "create", "--folder", folder, *more
    )
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.split()[0])


async def test_G7_a_backup_restored_into_an_empty_database_is_identical_in_every_table(
    environ: dict[str, str], seeded_url: str, empty_database_url: str, tmp_path: Path
) -> None:
    before = await digests(seeded_url)
    assert len(before) > 40
    assert sum(count for count, _ in before.values()) > 30
    path = create(environ, seeded_url, tmp_path / "backups")
    target = environ | {"DATABASE_URL": empty_database_url}
    done = run_task(target, "backup.py", "restore", path)
    assert (done.returncode, done.stdout) == (0, f"restored {path.name}\n"), done.stderr
    assert await digests(empty_database_url) == before


def test_two_runs_in_one_second_never_write_into_one_file(
    environ: dict[str, str], seeded_url: str, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    names = {f"mfa-{now + timedelta(seconds=s):%Y%m%dT%H%M%SZ}.dump.part" for s in range(120)}
    for name in names:
        (tmp_path / name).write_text("of another run")
    target = environ | {"DATABASE_URL": seeded_url}
    done = run_task(target, "backup.py", "create", "--folder", tmp_path)
    assert done.returncode == 1
    assert "another run is writing" in done.stderr
    assert {path.name for path in tmp_path.glob("mfa-*")} == names
    assert all((tmp_path / name).read_text() == "of another run" for name in names)


async def test_a_restore_over_a_database_with_tables_is_refused_and_changes_nothing(
    environ: dict[str, str], seeded_url: str, tmp_path: Path
) -> None:
    path = create(environ, seeded_url, tmp_path)
    connection = await asyncpg.connect(seeded_url)
    await connection.execute("INSERT INTO translations (key, nl) VALUES ('later', 'later')")
    await connection.close()
    before = await digests(seeded_url)
    done = run_task(environ | {"DATABASE_URL": seeded_url}, "backup.py", "restore", path)
    assert done.returncode == 1
    assert "not empty" in done.stderr
    assert await digests(seeded_url) == before


async def test_force_replaces_everything_also_what_the_backup_never_had(
    environ: dict[str, str], seeded_url: str, tmp_path: Path
) -> None:
    before = await digests(seeded_url)
    path = create(environ, seeded_url, tmp_path)
    connection = await asyncpg.connect(seeded_url)
    await connection.execute(
        "CREATE TABLE newer (user_id text REFERENCES users (id)); DELETE FROM outbox_events"
    )
    await connection.close()
    done = run_task(environ | {"DATABASE_URL": seeded_url}, "backup.py", "restore", path, "--force")
    assert done.returncode == 0, done.stderr
    assert await digests(seeded_url) == before


async def test_a_restored_database_can_be_backed_up_and_restored_again(
    environ: dict[str, str], seeded_url: str, empty_database_url: str, tmp_path: Path
) -> None:
    before = await digests(seeded_url)
    first = create(environ, seeded_url, tmp_path / "one")
    target = environ | {"DATABASE_URL": seeded_url}
    assert run_task(target, "backup.py", "restore", first, "--force").returncode == 0
    second = create(environ, seeded_url, tmp_path / "two")
    into = environ | {"DATABASE_URL": empty_database_url}
    done = run_task(into, "backup.py", "restore", second)
    assert done.returncode == 0, done.stderr
    assert await digests(empty_database_url) == before


async def test_a_damaged_backup_is_refused(
    environ: dict[str, str], seeded_url: str, empty_database_url: str, tmp_path: Path
) -> None:
    path = create(environ, seeded_url, tmp_path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    target = environ | {"DATABASE_URL": empty_database_url}
    done = run_task(target, "backup.py", "restore", path, "--force")
    assert done.returncode == 1
    assert "does not match its checksum" in done.stderr
    assert len(await digests(empty_database_url)) == 1
    listed = run_task(environ, "backup.py", "list", "--folder", tmp_path)
    assert (listed.returncode, "DAMAGED" in listed.stdout) == (1, True)


async def test_a_restore_that_fails_in_its_middle_leaves_the_database_as_it_was(
    environ: dict[str, str], seeded_url: str, tmp_path: Path
) -> None:
    path = create(environ, seeded_url, tmp_path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    checksum_path(path).write_text(f"{sha256(path)}  {path.name}\n")
    before = await digests(seeded_url)
    done = run_task(environ | {"DATABASE_URL": seeded_url}, "backup.py", "restore", path, "--force")
    assert done.returncode == 1
    assert "nothing was restored" in done.stderr
    assert await digests(seeded_url) == before


def test_only_the_newest_backups_are_kept(
    environ: dict[str, str], seeded_url: str, tmp_path: Path
) -> None:
    for number in range(4):
        old = tmp_path / f"mfa-2026010{number + 1}T000000Z.dump"
        old.touch()
        checksum_path(old).touch()
    (tmp_path / "notes.txt").touch()
    newest = create(environ, seeded_url, tmp_path, "--keep", "2")
    kept = {"mfa-20260104T000000Z.dump", newest.name}
    assert {p.name for p in tmp_path.iterdir()} == (
        kept | {f"{name}.sha256" for name in kept} | {"notes.txt"}
    )
    checked = subprocess.run(["sha256sum", "--check", f"{newest.name}.sha256"], cwd=tmp_path)
    assert checked.returncode == 0
    assert newest.stat().st_mode & 0o077 == 0


def test_a_backup_that_fails_leaves_no_file_and_names_no_password(
    environ: dict[str, str], tmp_path: Path
) -> None:
    away = environ | {"DATABASE_URL": "postgresql://mfa:hush@127.0.0.1:9/mfa"}
    done = run_task(away, "backup.py", "create", "--folder", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("backup: pg_dump failed")
    assert "hush" not in done.stderr
    assert list(tmp_path.iterdir()) == []


async def test_without_own_programs_those_of_the_running_container_are_used(
    environ: dict[str, str], seeded_url: str, tmp_path: Path
) -> None:
    """`docker` is a stand-in here: it runs the command itself, as the container of the id would."""
    executable(
        tmp_path / "bin" / "docker",
        f"""#!/bin/sh
        case "$1 $2" in
            "ps --quiet") [ "$4" = name=mfa_postgres ] && echo 0123456789ab ;;
            "exec -i") [ "$3" = 0123456789ab ] || exit 1
                shift 3
                export POSTGRES_USER=mfa POSTGRES_DB={seeded_url.rpartition("/")[2]}
                export PATH={postgres_programs()}:$PATH {in_environment(seeded_url)}
                exec "$@" ;;
            *) exit 1 ;;
        esac
        """,
    )
    before = await digests(seeded_url)
    host = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "HOME": str(tmp_path)}
    made = run_task(host, "backup.py", "create", "--folder", tmp_path / "backups")
    assert made.returncode == 0, made.stderr
    path = Path(made.stdout.split()[0])
    assert run_task(host, "backup.py", "restore", path).returncode == 1
    done = run_task(host, "backup.py", "restore", path, "--force")
    assert done.returncode == 0, done.stderr
    assert await digests(seeded_url) == before


def test_without_any_programs_it_says_so(tmp_path: Path) -> None:
    executable(tmp_path / "docker", "#!/bin/sh\nexit 0\n")
    done = run_task({"PATH": f"{tmp_path}:/bin"}, "backup.py", "create", "--folder", tmp_path)
    assert done.returncode == 1
    assert "no container of mfa_postgres runs here" in done.stderr


def in_environment(url: str) -> str:
    """libpq's variables for a connection, as the container's local socket needs none."""
    rest = url.removeprefix("postgresql://")
    user, _, rest = rest.partition(":")
    password, _, rest = rest.partition("@")
    host, _, rest = rest.partition(":")
    port = rest.partition("/")[0]
    return f"PGUSER={user} PGPASSWORD={password} PGHOST={host} PGPORT={port}"


def sha256(path: Path) -> str:
    """The checksum as the system computes it."""
    done = subprocess.run(["sha256sum", str(path)], capture_output=True, text=True, check=True)
    return done.stdout.split()[0]
