"""Time that passes in a moment: everything the sending half remembers moves into the past."""

import msgspec
from redis.asyncio import Redis

from tests.sync.world import World

COLUMNS = {
    "outbox_events": (
        "created_at",
        "updated_at",
        "next_attempt_at",
        "first_attempt_at",
        "lease_until",
        "processed_at",
    ),
    "outbox_dead_letters": ("created_at", "last_replayed_at", "resolved_at"),
    "sync_gates": ("last_started_at", "last_ok_at"),
}


async def let_pass(world: World, seconds: float) -> None:
    """Let that many seconds pass for the queue, for the limiter and for Airtable."""
    for table, columns in COLUMNS.items():
        sets = ", ".join(f"{name} = {name} - make_interval(secs => $1)" for name in columns)
        await world.db.execute(f"UPDATE {table} SET {sets}", seconds)
    world.airtable.control.advance(seconds)
    client = Redis.from_url(world.settings.redis_url or "")
    await _age(client, world.settings.airtable_base_id or "", round(seconds * 1000))
    await client.aclose()


async def _age(client: Redis, base: str, milliseconds: int) -> None:
    """Slots, pause and breaker hold moments, and all of them end when nobody needs them."""
    for name in ("rl", "pause", "breaker"):
        key = f"sync:{name}:{base}"
        stored, life = await client.get(key), await client.pttl(key)
        if not isinstance(stored, bytes):
            continue
        if life <= milliseconds:
            await client.delete(key)
        else:
            await client.set(key, _older(stored, milliseconds), px=life - milliseconds)


def _older(stored: bytes, milliseconds: int) -> bytes:
    if not stored.startswith(b"{"):
        moments = (round(float(moment)) - milliseconds for moment in stored.split())
        return b" ".join(b"%d" % moment for moment in moments)
    breaker = msgspec.json.decode(stored)
    if "until" in breaker:
        breaker["until"] -= milliseconds
    return msgspec.json.encode(breaker)
