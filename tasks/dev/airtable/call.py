"""One request to the API, read completely before anything is decided."""

from dataclasses import dataclass

from starlette.datastructures import QueryParams

from tasks.dev.airtable.base import Base
from tasks.dev.airtable.schema import Table


@dataclass(frozen=True)
class Call:
    """A request: its method, path parameters, query and raw body."""

    method: str
    path: dict[str, str]
    query: QueryParams
    body: bytes

    def table(self, base: Base) -> Table:
        """Find the table the path names."""
        return base.table(self.path["table"])
