"""SQL of the texts that editors write for a language model."""

from msgspec import Struct

from api._lib.db import Queries

PROMPTS = """
SELECT p.name, p.prompt, p.prompt_type,
       ARRAY(SELECT g.goal_id::text FROM prompt_goals AS g
             WHERE g.prompt_id = p.id ORDER BY g.position, g.goal_id) AS goal_ids
FROM program_prompts AS p
WHERE p.is_listed AND p.archived_at IS NULL AND btrim(p.prompt) <> ''
ORDER BY p.sort_order, p.id"""


class Prompt(Struct, frozen=True):
    """A text for a language model: by name for all programs, or for some goals."""

    name: str
    text: str
    is_system: bool
    goal_ids: tuple[str, ...]


async def read_prompts(q: Queries) -> list[Prompt]:
    """All prompts in their order; blank ones say nothing and are left out."""
    return [
        Prompt(row["name"], row["prompt"], row["prompt_type"] == "Systeem", tuple(row["goal_ids"]))
        for row in await q.fetch(PROMPTS)
    ]
