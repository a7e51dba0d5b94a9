"""Brings the database to the schema of this version; `--help` lists what it can do."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import asyncpg

# Started as a script, Python looks for modules beside this file only.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from api._lib.settings import Role, Settings, SettingsError
from api._lib.settings_loader import load_settings
from tasks.command_line import EXIT_CONFIGURATION
from tasks.db.failure import MigrationFailedError
from tasks.db.files import Migration, RefusedError, read_folder
from tasks.db.options import Options, parse
from tasks.db.report import Report
from tasks.db.runner import ConnectError, LockedError, Runner, connected, exclusive
from tasks.db.state import State, check, compare, prepare_table, read_recorded

EXIT_FAILED = 1
EXIT_REFUSED = 2
EXIT_LOCKED = 3
EXIT_PENDING = 10
EXIT_INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments ask; the exit code is explained in the help text."""
    options = parse(arguments)
    report = Report(options.command, as_json=options.as_json)
    exit_code = _guarded(options, report)
    report.end(exit_code)
    return exit_code


def _guarded(options: Options, report: Report) -> int:
    """Turns every expected trouble into words and an exit code."""
    try:
        settings = load_settings(os.environ, Role.TASK)
        return asyncio.run(_run(options, settings, report))
    except SettingsError as error:
        report.problem(str(error))
        return EXIT_CONFIGURATION
    except RefusedError as error:
        for problem in error.problems:
            report.problem(problem)
        return EXIT_REFUSED
    except LockedError:
        report.problem(f"another run is still active after {options.lock_wait:g} s")
        return EXIT_LOCKED
    except ConnectError as error:
        report.problem(f"cannot connect to the database of DATABASE_URL ({error})")
        return EXIT_FAILED
    except MigrationFailedError as error:
        report.failed(error.failure)
        return EXIT_FAILED
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        report.problem(f"the database failed: {type(error).__name__}, {error}")
        return EXIT_FAILED
    except KeyboardInterrupt:
        report.problem("interrupted")
        return EXIT_INTERRUPTED


async def _run(options: Options, settings: Settings, report: Report) -> int:
    files = read_folder(options.folder)
    if options.to is not None and options.to > len(files):
        raise RefusedError([f"there is no number {options.to:04}"])
    if options.command == "status":
        return await _status(options, settings, files, report)
    if options.command == "plan" and not options.execute_and_rollback:
        return await _plan(options, settings, files, report)
    async with exclusive(settings, options.lock_wait):
        return await _execute(options, settings, files, report)


async def _status(
    options: Options, settings: Settings, files: list[Migration], report: Report
) -> int:
    state = await _read_state(settings, files, report)
    report.is_applied(state)
    report.is_pending([file.name for file in state.pending])
    report.summary(f"{len(state.applied)} applied, {len(state.pending)} pending")
    if options.check and (state.changed or state.missing):
        return EXIT_REFUSED
    return EXIT_PENDING if options.check and state.pending else 0


async def _plan(
    options: Options, settings: Settings, files: list[Migration], report: Report
) -> int:
    state = await _read_state(settings, files, report)
    check(state, allow_out_of_order=options.allow_out_of_order)
    names = [file.name for file in _wanted(state, options)]
    report.is_pending(names)
    report.summary(f"{len(names)} would be applied")
    return 0


async def _execute(
    options: Options, settings: Settings, files: list[Migration], report: Report
) -> int:
    async with connected(settings) as connection:
        state = compare(files, await read_recorded(connection))
        report.found(state)
        check(state, allow_out_of_order=options.allow_out_of_order)
        for row in state.applied:
            report.skips(row.name)
        runner = Runner(
            connection,
            report,
            statement_timeout_seconds=options.statement_timeout,
            version=settings.app_version,
        )
        wanted = _wanted(state, options)
        if options.execute_and_rollback:
            await runner.rehearse(wanted)
            report.summary(f"{len(report.document.rehearsed)} tried, nothing kept")
            return 0
        await prepare_table(connection)
        await runner.apply(wanted)
        report.summary(f"{len(wanted)} applied, {len(state.applied)} skipped")
        return 0


async def _read_state(settings: Settings, files: list[Migration], report: Report) -> State:
    async with connected(settings) as connection:
        state = compare(files, await read_recorded(connection))
    report.found(state)
    return state


def _wanted(state: State, options: Options) -> list[Migration]:
    return [file for file in state.pending if options.to is None or file.number <= options.to]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
