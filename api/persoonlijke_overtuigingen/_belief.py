"""A belief of one's own on the wire."""

from datetime import date

from msgspec import UNSET, UnsetType

from api._lib.tracking.model import PersonalBelief
from api._lib.wire import EntityId, Wire, moment, present, text_of


class BeliefView(Wire):
    id: EntityId
    name: str
    user_id: str
    status: str
    created_at: str
    program_id: EntityId | UnsetType = UNSET
    completed_date: date | UnsetType = UNSET


def view(belief: PersonalBelief) -> BeliefView:
    """A belief as the client sees it."""
    return BeliefView(
        id=str(belief.id),
        name=belief.name,
        user_id=belief.user_id,
        status=belief.status,
        created_at=moment(belief.created_at),
        program_id=present(text_of(belief.program_id)),
        completed_date=present(belief.completed_on),
    )
