"""Use cases of programs; other domains and the endpoints come in here."""

from api._lib.programs.rules.edited_schedule import EditedDay
from api._lib.programs.service.changing import Changes, change
from api._lib.programs.service.confirming import Confirmation, confirm
from api._lib.programs.service.creating import NewProgram, create
from api._lib.programs.service.deleting import delete
from api._lib.programs.service.editing import SessionEdit, edit_session
from api._lib.programs.service.extending import extend
from api._lib.programs.service.generating import Request, generate, preview
from api._lib.programs.service.reading import detail, methods, programs
from api._lib.programs.service.regenerating import Regeneration, regenerate
from api._lib.programs.service.upkeep import delete_old_drafts, roll_program_status

__all__ = [
    "Changes",
    "Confirmation",
    "EditedDay",
    "NewProgram",
    "Regeneration",
    "Request",
    "SessionEdit",
    "change",
    "confirm",
    "create",
    "delete",
    "delete_old_drafts",
    "detail",
    "edit_session",
    "extend",
    "generate",
    "methods",
    "preview",
    "programs",
    "regenerate",
    "roll_program_status",
]
