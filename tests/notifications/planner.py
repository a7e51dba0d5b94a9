"""The person of the worked plans, and planning for her."""

from datetime import date
from typing import Any

from api._lib.context import Context
from api._lib.db import Database
from api._lib.notifications import service as notifications
from api._lib.notifications.service import Planned
from tests.notifications.cases import moment
from tests.notifications.seed import (
    add_device,
    add_program,
    add_user,
    do_methods,
    some_device,
)

TODAY, WEDNESDAY = date(2026, 2, 23), date(2026, 2, 25)
TONIGHT = moment("2026-02-23T17:00")


async def add_ann(db: Database, **preferences: Any) -> str:
    """Somebody with a device and the sessions of the worked plans."""
    user = await add_user(db, **preferences)
    await add_device(db, user, some_device(int(user[-4:]) + 1))
    sessions = await add_program(
        db,
        user,
        [
            (date(2026, 2, 22), [0]),
            (TODAY, [0, 1]),
            (WEDNESDAY, [0]),
            (date(2026, 2, 26), [0, 1, 2]),
            (date(2026, 2, 27), []),
        ],
    )
    await do_methods(db, sessions[3])
    return user


async def plan(ctx: Context, user: str) -> Planned:
    """Plan for one person."""
    return await notifications.plan_users(ctx, [user])
