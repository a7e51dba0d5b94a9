"""The webhooks API."""

from typing import Any

import msgspec

from tasks.dev.airtable.base import Base
from tasks.dev.airtable.call import Call
from tasks.dev.airtable.requests import decode, decode_query
from tasks.dev.airtable.webhooks.model import NewWebhook
from tasks.dev.airtable.webhooks.registry import describe, document, expiration


class Enable(msgspec.Struct):
    """The body that turns pings on or off."""

    enable: bool


class PayloadQuery(msgspec.Struct):
    """From where and how many payloads are asked for."""

    cursor: int = 1
    limit: int = 50


def create_webhook(base: Base, call: Call) -> Any:
    """Register a webhook; the answer is the only place that shows its secret."""
    hook = base.webhooks.create(decode(call.body, NewWebhook))
    base.save([document(hook)])
    return {
        "id": hook.id,
        "macSecretBase64": hook.secret,
        "expirationTime": expiration(hook),
    }


def list_webhooks(base: Base, call: Call) -> Any:
    """List the living webhooks."""
    return {"webhooks": [describe(hook) for hook in base.webhooks.active()]}


def delete_webhook(base: Base, call: Call) -> Any:
    """Remove a webhook; the answer is empty."""
    base.save(base.webhooks.delete(call.path["webhook"]))
    return None


def refresh_webhook(base: Base, call: Call) -> Any:
    """Give a webhook seven more days."""
    hook = base.webhooks.refresh(call.path["webhook"])
    base.save([document(hook)])
    return {"expirationTime": expiration(hook)}


def enable_notifications(base: Base, call: Call) -> Any:
    """Turn the pings of a webhook on or off; the answer is empty."""
    hook = base.webhooks.get(call.path["webhook"])
    hook.notifying = decode(call.body, Enable).enable
    base.save([document(hook)])
    return None


def list_payloads(base: Base, call: Call) -> Any:
    """Answer the payloads from a cursor on."""
    query = decode_query(call.query, PayloadQuery)
    answer = base.webhooks.payloads(call.path["webhook"], query.cursor, query.limit)
    base.save([document(base.webhooks.get(call.path["webhook"]))])
    return answer
