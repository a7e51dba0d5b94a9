"""Convictions by what they serve."""

from api._lib.content import rules
from api._lib.content import service as content
from api._lib.content.model import Belief
from api._lib.context import Context, User
from api._lib.errors import bad_request
from api._lib.wire import Body


class Goals(Body):
    goal_ids: str


async def get(ctx: Context, user: User, query: Goals) -> list[Belief]:
    """Convictions that serve any of the goals, themselves or through a category."""
    if rules.is_too_long(query.goal_ids):
        raise bad_request("field_too_long", field="goalIds", limit=rules.MOST_IDS)
    return await content.beliefs_for_goals(ctx, rules.record_ids(query.goal_ids))
