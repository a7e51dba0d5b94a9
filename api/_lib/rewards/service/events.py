"""What Airtable must learn of a recount."""

from api._lib.airtable.entities import EntityType
from api._lib.backend import rewards_are_sent
from api._lib.outbox import Event
from api._lib.rewards.model import Account, Kind, Settlement
from api._lib.settings import Settings

USER_PRIORITY = 10
PROGRAM_PRIORITY = 30


def reward_events(
    settings: Settings,
    user_id: str,
    before: Account,
    result: Settlement,
    priority: int = USER_PRIORITY,
) -> list[Event]:
    """An event of the user when a mirrored value changed, and one per program with a milestone."""
    if not rewards_are_sent(settings):
        return []
    earned = {e.program_id: None for e in result.entries if e.kind is Kind.MILESTONE}
    events = [
        Event(
            entity_type=EntityType.PROGRAM,
            entity_id=program_id,
            user_id=user_id,
            changed_fields=("milestones",),
            priority=PROGRAM_PRIORITY,
        )
        for program_id in earned
        if program_id is not None
    ]
    if fields := changed_fields(before, result):
        events.append(
            Event(
                entity_type=EntityType.USER,
                entity_id=user_id,
                user_id=user_id,
                changed_fields=fields,
                priority=priority,
            )
        )
    return events


def changed_fields(before: Account, result: Settlement) -> list[str]:
    """The mirrored columns that differ after a recount."""
    fields = [
        name
        for name in Account.__struct_fields__
        if getattr(before, name) != getattr(result.account, name) and name != "streak_anchor_on"
    ]
    new_badge = any(entry.kind is Kind.BADGE for entry in result.entries)
    return [*fields, "badges"] if new_badge else fields
