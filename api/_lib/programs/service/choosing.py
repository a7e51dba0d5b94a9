"""The two stores of programs, and which one serves."""

from api._lib.airtable.entities import EntityType
from api._lib.programs.airtable import InAirtable
from api._lib.programs.contracts import Programs
from api._lib.programs.postgres import InPostgres
from api._lib.switching import Switch

PROGRAMS: Switch[Programs] = Switch(
    "PROGRAMS",
    postgres=InPostgres(),
    airtable=InAirtable(),
    with_kinds=(EntityType.METHOD_USAGE,),
)
