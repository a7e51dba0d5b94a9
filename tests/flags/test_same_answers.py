"""One sequence of requests over every flagged endpoint is answered alike in all four modes."""

import pytest

from api._lib.clock import ManualClock
from tests.flags.conftest import MakeStage
from tests.flags.recording import Exchange, Recorder
from tests.flags.sequence import CONTENT_IDS, everything
from tests.flags.stage import Stage


async def recorded(stage: Stage, mode: str, clock: ManualClock) -> list[Exchange]:
    async with stage.server(mode) as server:
        people = {server.ann.id: "<ann>", server.bob.id: "<bob>"}
        recorder = Recorder(people | {id: id for id in CONTENT_IDS}, clock)
        await everything(recorder, server)
    return recorder.exchanges


@pytest.mark.parametrize("mode", ["airtable_only", "postgres_shadow_read", "postgres_only"])
async def test_answers_are_those_of_postgres_primary(
    make_stage: MakeStage, mode: str, clock: ManualClock
) -> None:
    expected = await recorded(await make_stage(), "postgres_primary", clock)
    found = await recorded(await make_stage(), mode, clock)
    for ours, theirs in zip(expected, found, strict=True):
        assert theirs == ours
