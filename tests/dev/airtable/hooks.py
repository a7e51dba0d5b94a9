"""The webhooks API as the tests call it."""

from typing import Any

import httpx


class Hooks:
    """The webhooks API of one base."""

    def __init__(self, root: httpx.Client, base_id: str) -> None:
        self.root = root
        self.path = f"/v0/bases/{base_id}/webhooks"

    def post(self, url: str | None = None, includes: Any = None, **filters: Any) -> httpx.Response:
        options = {"filters": {"dataTypes": ["tableData"], **filters}}
        if includes:
            options["includes"] = includes
        body = {"notificationUrl": url, "specification": {"options": options}}
        return self.root.post(self.path, json=body)

    def create(self, url: str | None = None, includes: Any = None, **filters: Any) -> str:
        return str(self.post(url, includes, **filters).json()["id"])

    def payloads(self, hook: str, **query: Any) -> dict[str, Any]:
        answer = self.root.get(f"{self.path}/{hook}/payloads", params=query)
        assert answer.status_code == 200, answer.text
        content: dict[str, Any] = answer.json()
        return content

    def changes(self, hook: str) -> list[dict[str, Any]]:
        return [payload["changedTablesById"] for payload in self.payloads(hook)["payloads"]]
