"""A method completion on the wire."""

from datetime import date

from msgspec import UNSET, UnsetType

from api._lib.tracking.model import MethodCompletion
from api._lib.wire import EntityId, Wire, filled, present, text_of


class Usage(Wire):
    id: EntityId
    user_id: str
    method_id: str
    used_at: date
    program_id: EntityId | UnsetType = UNSET
    programmaplanning_id: EntityId | UnsetType = UNSET
    remark: str | UnsetType = UNSET
    method_name: str | UnsetType = UNSET
    points_awarded: int | UnsetType = UNSET


def usage(done: MethodCompletion, points: int | UnsetType = UNSET) -> Usage:
    """A method completion as the client sees it."""
    return Usage(
        id=str(done.id),
        user_id=done.user_id,
        method_id=done.method_id,
        program_id=present(text_of(done.program_id)),
        programmaplanning_id=present(text_of(done.session_id)),
        used_at=done.completed_on,
        remark=filled(done.remark),
        method_name=filled(done.method_name),
        points_awarded=points,
    )
