"""Methods to propose for a program that has goals but no methods yet."""

from collections.abc import Collection, Sequence

from msgspec import Struct

MAX_SUGGESTIONS = 6


class GoalMethod(Struct, frozen=True):
    """A listed method with the goals it is linked to."""

    id: str
    goal_ids: tuple[str, ...]


def suggestions(
    methods: Sequence[GoalMethod], goals: Collection[str], habits_goal: str | None
) -> list[str]:
    """Up to six linked methods, most shared goals first; `methods` come in reference order."""
    shared = {m.id: len(set(m.goal_ids) & set(goals)) for m in methods}
    fitting = [m.id for m in methods if shared[m.id] and habits_goal not in m.goal_ids]
    return sorted(fitting, key=lambda id: -shared[id])[:MAX_SUGGESTIONS]
