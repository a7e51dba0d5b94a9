"""The worker as a process, where what people do lives in Airtable."""

from pathlib import Path

from api._lib.sync.schedule import Poll
from api.workers.sync_worker import JOBS
from tests.flags.stage import FLAGS, Stage
from tests.programs import catalogue as library
from tests.sync.workers import eventually, prepared_worker

STARTED = """
INSERT INTO sync_gates (key, last_started_at) VALUES ($1, now())
ON CONFLICT (key) DO UPDATE SET last_started_at = now()"""
TICKS = "Goede gewoontes gebruik"


async def test_the_worker_follows_what_is_made_and_deleted_in_airtable(
    stage: Stage, tmp_path: Path
) -> None:
    flags = {f"DATA_BACKEND_{flag}": "airtable_only" for flag in FLAGS}
    control, days = stage.airtable.control, ("2026-03-03", "2026-03-04")
    owner = await stage.db.fetchval("SELECT min(id::text) FROM users")
    fields = {"Gebruikers": [owner], "Goede gewoontes": [library.WATER]}
    records = [control.create(TICKS, fields | {"Datum": day}) for day in days]

    async def are(count: int) -> bool:
        found: int = await stage.db.fetchval("SELECT count(*) FROM habit_completions")
        return found == count

    async def make_due() -> None:
        """Nothing but the mirroring, so that it comes at the next look."""
        gates = [(job.gate,) for job in JOBS if job.gate and job.gate != Poll.TRACKING]
        await stage.db.executemany(STARTED, gates)
        await stage.db.execute("DELETE FROM sync_gates WHERE key = 'tracking'")

    await make_due()
    with prepared_worker(stage.environ | flags, tmp_path) as worker:
        await eventually(lambda: are(2), what="the arrival of both ticks")
        control.delete(TICKS, records[0])
        await make_due()
        await eventually(lambda: are(1), what="the end of one")
        assert "Traceback" not in worker.log
