"""How the migration tool finds its database, and that it never shows the way there."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.ground.smtp import certificate
from tests.tasks.migrations import Tool

SECRET = "hidden-phrase"


@pytest.fixture(autouse=True)
def one_file(tool: Tool) -> None:
    """A folder with one file."""
    tool.write(n0001_first="create table first (id int);")


async def test_the_url_may_stand_in_a_file(tool: Tool, tmp_path: Path) -> None:
    secret = tmp_path / "database_url"
    secret.write_text(tool.url + "\n")
    done = await tool.run(DATABASE_URL="", DATABASE_URL_FILE=str(secret))
    assert done.code == 0
    assert await tool.tables() == ["first", "schema_migrations"]


async def test_without_a_url_the_variable_is_named(tool: Tool, tmp_path: Path) -> None:
    missing = await tool.run(DATABASE_URL="")
    assert missing.code == 4
    assert "DATABASE_URL is missing" in missing.err
    unreadable = await tool.run(DATABASE_URL="", DATABASE_URL_FILE=str(tmp_path / "nowhere"))
    assert unreadable.code == 4
    assert "DATABASE_URL_FILE cannot be read" in unreadable.err
    empty = tmp_path / "empty"
    empty.write_text("\n")
    assert (await tool.run(DATABASE_URL="", DATABASE_URL_FILE=str(empty))).code == 4


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (f"mysql://{SECRET}:{SECRET}@127.0.0.1/{SECRET}", 4),
        (f"postgresql://{SECRET}:{SECRET}@127.0.0.1:{SECRET}/{SECRET}", 4),
        (f"postgresql://127.0.0.1/{SECRET}?sslmode={SECRET}", 4),
        (f"postgresql://{SECRET}:{SECRET}@127.0.0.1:1/{SECRET}", 1),
        (f"postgresql://{SECRET}:{SECRET}@{SECRET}.invalid/{SECRET}", 1),
    ],
)
async def test_a_url_that_does_not_work_is_never_shown(tool: Tool, url: str, code: int) -> None:
    for arguments in ((), ("status",), ("plan", "--json")):
        failed = await tool.run(*arguments, DATABASE_URL=url)
        assert failed.code == code
        assert SECRET not in failed.out + failed.err
        assert "DATABASE_URL" in failed.out + failed.err


async def test_a_refused_login_shows_no_name_and_no_password(tool: Tool) -> None:
    parts = urlsplit(tool.url)
    url = parts._replace(netloc=f"{SECRET}:{SECRET}@{parts.hostname}:{parts.port}").geturl()
    failed = await tool.run(DATABASE_URL=url)
    assert failed.code == 1
    assert "28P01" in failed.err
    assert SECRET not in failed.out + failed.err


async def test_a_database_that_may_not_be_changed_is_told_in_one_sentence(tool: Tool) -> None:
    database = urlsplit(tool.url).path.removeprefix("/")
    await tool.execute(f"alter database {database} set default_transaction_read_only = on")
    failed = await tool.run()
    assert failed.code == 1
    assert "the database failed: ReadOnlySQLTransactionError" in failed.err
    assert "Traceback" not in failed.err


async def test_verify_full_checks_the_certificate_and_the_name(tool: Tool, tmp_path: Path) -> None:
    server, _ = certificate(tmp_path)
    trusted = f"sslmode=verify-full&sslrootcert={tmp_path / 'server.pem'}"
    async with behind_tls(tool.url, server) as url:
        assert (await tool.run(DATABASE_URL=f"{url}?{trusted}")).code == 0
        misnamed = url.replace("127.0.0.1", "localhost")
        assert (await tool.run(DATABASE_URL=f"{misnamed}?{trusted}")).code == 1
        by_variable = {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": str(tmp_path / "server.pem")}
        assert (await tool.run(DATABASE_URL=url, **by_variable)).code == 0
        assert (await tool.run(DATABASE_URL=url, PGSSLMODE="require")).code == 0
    stranger, _ = certificate(tmp_path)
    async with behind_tls(tool.url, stranger) as url:
        certificate(tmp_path)
        assert (await tool.run(DATABASE_URL=f"{url}?{trusted}")).code == 1


@asynccontextmanager
async def behind_tls(database_url: str, tls: ssl.SSLContext) -> AsyncIterator[str]:
    """The database behind a relay that speaks TLS, which the embedded server cannot."""
    target = urlsplit(database_url)

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)
        writer.write(b"S")
        with suppress(OSError):
            await writer.start_tls(tls)
            inner_reader, inner_writer = await asyncio.open_connection(target.hostname, target.port)
            await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield target._replace(netloc=target.netloc.replace(f":{target.port}", f":{port}")).geturl()
    server.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()
