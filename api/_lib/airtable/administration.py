"""Looking at and changing the base itself: its schema and its webhooks."""

from collections.abc import Mapping
from typing import Any

from api._lib.airtable.calls import Calls
from api._lib.airtable.limiter import Lane
from api._lib.airtable.model import Table


class Administration(Calls):
    """Requests that need scopes of their own; without them they raise ConfigurationError."""

    async def schema(self, lane: Lane) -> list[dict[str, Any]]:
        """Tables and fields of the base; raises ConfigurationError without the scope for it."""
        answer = await self.scoped("GET", f"meta/bases/{self._base}/tables", lane)
        tables: list[dict[str, Any]] = answer["tables"]
        return tables

    async def create_field(self, table: Table, body: Mapping[str, object], lane: Lane) -> None:
        """Add a field to a table."""
        path = f"meta/bases/{self._base}/tables/{self.table_id(table)}/fields"
        await self.scoped("POST", path, lane, body)

    async def webhooks(self, lane: Lane) -> list[dict[str, Any]]:
        """The webhooks of this token."""
        answer = await self.scoped("GET", f"bases/{self._base}/webhooks", lane)
        webhooks: list[dict[str, Any]] = answer["webhooks"]
        return webhooks

    async def create_webhook(self, body: Mapping[str, object], lane: Lane) -> dict[str, Any]:
        """Register a webhook; its secret is told this once."""
        answer: dict[str, Any] = await self.scoped(
            "POST", f"bases/{self._base}/webhooks", lane, body
        )
        return answer

    async def refresh_webhook(self, webhook_id: str, lane: Lane) -> dict[str, Any]:
        """Let a webhook live another seven days."""
        path = f"bases/{self._base}/webhooks/{webhook_id}/refresh"
        answer: dict[str, Any] = await self.scoped("POST", path, lane)
        return answer

    async def delete_webhook(self, webhook_id: str, lane: Lane) -> None:
        """Remove a webhook."""
        await self.scoped("DELETE", f"bases/{self._base}/webhooks/{webhook_id}", lane)

    async def webhook_payloads(self, webhook_id: str, cursor: int, lane: Lane) -> dict[str, Any]:
        """Up to fifty notices of changes, from a cursor on."""
        path = f"bases/{self._base}/webhooks/{webhook_id}/payloads"
        params = {"cursor": cursor, "limit": 50}
        answer: dict[str, Any] = await self.scoped("GET", path, lane, params=params)
        return answer
