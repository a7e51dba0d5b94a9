"""SQL of what people were granted and told before: an import pays and tells none of it again."""

from collections.abc import Sequence

from api._lib.db import Transaction
from api._lib.sync.inbound.activity_model import Activity, Draft


async def grant(tx: Transaction, drafts: Sequence[Draft]) -> None:
    """Note what was granted before, worth nothing and told already."""
    if rows := _granted(drafts):
        await tx.execute(
            """INSERT INTO reward_ledger (user_id, kind, ref, program_id, announced_at)
               SELECT user_id, kind, ref, program_id, now()
               FROM jsonb_to_recordset($1::jsonb)
                   AS r(user_id text, kind text, ref text, program_id uuid)
               ON CONFLICT (user_id, kind, ref) DO NOTHING""",
            rows,
        )


async def ungrant(tx: Transaction, drafts: Sequence[Draft]) -> None:
    """Forget beliefs noted as granted before; what was paid stays."""
    if rows := _granted(drafts):
        await tx.execute(
            """DELETE FROM reward_ledger AS l
               USING jsonb_to_recordset($1::jsonb) AS r(user_id text, kind text, ref text)
               WHERE l.user_id = r.user_id AND l.kind = r.kind AND l.ref = r.ref AND l.points = 0
                 AND l.kind IN ('belief', 'personal_belief')""",
            rows,
        )


async def untell(tx: Transaction, activity: Activity, drafts: Sequence[Draft]) -> None:
    """Let rows count as not yet told to their person."""
    if drafts:
        await tx.execute(
            f"""UPDATE {activity.entity.relation} SET announced_at = NULL
                WHERE id = ANY ($1::text[]::uuid[])""",
            [draft.id for draft in drafts],
        )


def _granted(drafts: Sequence[Draft]) -> list[dict[str, str | None]]:
    return [
        {
            "user_id": draft.user_id,
            "kind": granted.kind,
            "ref": granted.ref.format(id=draft.id),
            "program_id": granted.program_id and granted.program_id.format(id=draft.id),
        }
        for draft in drafts
        for granted in draft.granted
    ]
