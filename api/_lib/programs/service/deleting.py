"""Deleting a program; what was earned with it stays."""

from api._lib.context import Context, User
from api._lib.errors import not_found
from api._lib.notifications import service as notifications
from api._lib.outbox import enqueue
from api._lib.programs.service import events
from api._lib.programs.store import dates, reading, removing
from api._lib.rewards import service as rewards


async def delete(ctx: Context, user: User, program_id: str) -> None:
    """Delete a program with its sessions; raises a 404, also on a repeat (P24)."""
    async with ctx.db.transaction() as tx:
        await dates.hold_user(tx, user.id)
        held = await reading.hold_alone(tx, user.id, program_id)
        if held is None:
            raise not_found()
        earned = await rewards.lock_for_removal(tx, user.id, ctx.today(user))
        sessions = await removing.delete_program(tx, held.program.id)
        counted = await rewards.count(tx, user.id, ctx.today(user), earned)
        await notifications.mark_for_planning(tx, user.id, "program deleted")
        gone = events.sessions_gone(user.id, sessions, events.GONE)
        await enqueue(tx, [*gone, *events.programs_gone(user.id, [held.program.id]), *counted])
