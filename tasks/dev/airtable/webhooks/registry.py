"""The webhooks of the base: at most ten, each alive for seven days after its last use."""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from tasks.dev.airtable.clock import iso
from tasks.dev.airtable.errors import bad_request, invalid, not_found
from tasks.dev.airtable.ids import new_id
from tasks.dev.airtable.records import RecordChange
from tasks.dev.airtable.schema import Field, Table
from tasks.dev.airtable.state import State
from tasks.dev.airtable.store import Document
from tasks.dev.airtable.webhooks.model import NewWebhook, Payload, Webhook
from tasks.dev.airtable.webhooks.payloads import new_field_payload, payload_for

WEEK_SECONDS: Final = 7 * 86_400
MAX_WEBHOOKS: Final = 10
MAX_PAYLOADS: Final = 50


class Webhooks:
    """The registered webhooks; `dirty` names those that wait for a ping."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.hooks: dict[str, Webhook] = {}
        self.dirty: set[str] = set()

    def active(self) -> list[Webhook]:
        """List the webhooks that are not expired; expired ones are forgotten."""
        now = self.state.clock.seconds()
        self.hooks = {h.id: h for h in self.hooks.values() if h.expires > now}
        return list(self.hooks.values())

    def get(self, hook_id: str) -> Webhook:
        """Return a living webhook or answer 404."""
        found = next((hook for hook in self.active() if hook.id == hook_id), None)
        if found is None:
            raise not_found()
        return found

    def create(self, body: NewWebhook) -> Webhook:
        """Register a webhook; the caller is the only one ever shown its secret."""
        if len(self.active()) >= MAX_WEBHOOKS:
            raise invalid("TOO_MANY_WEBHOOKS_IN_BASE", f"A base has at most {MAX_WEBHOOKS}")
        if not body.specification.options.filters.data_types:
            raise bad_request("dataTypes must not be empty")
        if body.notification_url and not body.notification_url.startswith(("http://", "https://")):
            raise bad_request("notificationUrl must be a web address")
        self._check_ids(body)
        hook = Webhook(new_id("ach"), body.specification, self._expiry(), body.notification_url)
        self.hooks[hook.id] = hook
        return hook

    def refresh(self, hook_id: str) -> Webhook:
        """Give a webhook seven more days."""
        hook = self.get(hook_id)
        hook.expires = self._expiry()
        return hook

    def delete(self, hook_id: str) -> list[Document]:
        """Remove a webhook and its payloads; return what leaves the store."""
        hook = self.get(hook_id)
        del self.hooks[hook.id]
        gone: list[Document] = [("payload", _payload_key(hook, p), None) for p in hook.payloads]
        return [("webhook", hook.id, None), *gone]

    def payloads(self, hook_id: str, cursor: int, limit: int) -> dict[str, Any]:
        """Answer the payloads from a cursor on; asking counts as use."""
        hook = self.refresh(hook_id)
        if cursor < 1 or not 1 <= limit <= MAX_PAYLOADS:
            raise bad_request(f"cursor starts at 1, limit lies within 1 and {MAX_PAYLOADS}")
        self._drop_old(hook)
        waiting = [payload for payload in hook.payloads if payload.number >= cursor]
        page = waiting[:limit]
        return {
            "payloads": [payload.body for payload in page],
            "cursor": page[-1].number + 1 if page else max(cursor, hook.next_number),
            "mightHaveMore": len(waiting) > len(page),
            "payloadFormat": "v0",
        }

    def record(self, changes: list[RecordChange], source: str) -> list[Document]:
        """Tell every webhook about a transaction; return what is to be stored."""
        told: list[Document] = []
        for hook in self.active() if changes else []:
            body = payload_for(self.state, hook.specification.options, changes, source)
            told += self._append(hook, body)
        return told

    def record_field(self, table: Table, field: Field, source: str) -> list[Document]:
        """Tell every webhook about a new field; return what is to be stored."""
        told: list[Document] = []
        for hook in self.active():
            options = hook.specification.options
            told += self._append(hook, new_field_payload(self.state, options, table, field, source))
        return told

    def load(self, hooks: list[bytes], payloads: list[tuple[str, bytes]]) -> None:
        """Take over what an earlier run stored."""
        for hook in (msgspec.json.decode(body, type=Webhook) for body in hooks):
            own = [body for key, body in payloads if key.startswith(hook.id)]
            hook.payloads = [msgspec.json.decode(body, type=Payload) for body in own]
            self.hooks[hook.id] = hook

    def _append(self, hook: Webhook, body: dict[str, Any] | None) -> list[Document]:
        if body is None:
            return []
        self._drop_old(hook)
        payload = Payload(hook.next_number, self.state.clock.seconds(), body)
        hook.payloads.append(payload)
        hook.next_number += 1
        self.dirty.add(hook.id)
        key = _payload_key(hook, payload)
        return [document(hook), ("payload", key, msgspec.json.encode(payload))]

    def _drop_old(self, hook: Webhook) -> None:
        oldest = self.state.clock.seconds() - WEEK_SECONDS
        hook.payloads = [payload for payload in hook.payloads if payload.time > oldest]

    def _expiry(self) -> float:
        return self.state.clock.seconds() + WEEK_SECONDS

    def _check_ids(self, body: NewWebhook) -> None:
        filters, schema = body.specification.options.filters, self.state.schema
        if unknown := set(filters.watch_data_in_field_ids) - set(schema.fields):
            raise bad_request(f"unknown field ids {sorted(unknown)}")
        scope = filters.record_change_scope
        scopes = {t.id for t in schema.tables} | {v.id for t in schema.tables for v in t.views}
        if scope is not None and scope not in scopes:
            raise bad_request(f"unknown recordChangeScope {scope}")


def document(hook: Webhook) -> Document:
    """Return a webhook as a document for the store; its payloads are documents of their own."""
    return "webhook", hook.id, msgspec.json.encode(msgspec.structs.replace(hook, payloads=[]))


def _payload_key(hook: Webhook, payload: Payload) -> str:
    return f"{hook.id}/{payload.number:09d}"


def describe(hook: Webhook) -> dict[str, Any]:
    """Return a webhook as the list shows it, without its secret."""
    return {
        "id": hook.id,
        "specification": msgspec.to_builtins(hook.specification),
        "notificationUrl": hook.notification_url,
        "cursorForNextPayload": hook.next_number,
        "areNotificationsEnabled": hook.notifying,
        "isHookEnabled": True,
        "lastSuccessfulNotificationTime": hook.last_success,
        "lastNotificationResult": hook.last_result,
        "expirationTime": expiration(hook),
    }


def expiration(hook: Webhook) -> str:
    """Return the moment a webhook expires, as text."""
    return iso(datetime.fromtimestamp(hook.expires, UTC))
