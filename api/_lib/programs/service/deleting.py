"""Deleting a program; what was earned with it stays."""

from api._lib.context import Context, User
from api._lib.errors import not_found
from api._lib.programs.service.choosing import PROGRAMS
from api._lib.rewards import service as rewards


async def delete(ctx: Context, user: User, program_id: str) -> None:
    """Delete a program with its sessions; raises a 404, also on a repeat (P24)."""
    async with PROGRAMS.store(ctx).work(ctx, user, "program deleted") as work:
        held = await work.hold(program_id, alone=True)
        if held is None:
            raise not_found()
        await work.delete(held.program)
    rewards.publish(ctx, user)
