"""A webhook, its wishes and the payloads that wait for it."""

import base64
import secrets
from typing import Any, Literal

import msgspec

DataType = Literal["tableData", "tableFields", "tableMetadata"]
Source = Literal["client", "publicApi", "formSubmission", "automation", "system", "sync", "anonymousUser", "unknown"]  # fmt: skip # noqa: E501  # one list, one line
ChangeType = Literal["add", "remove", "update"]


class Filters(msgspec.Struct, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """Which changes are reported; an empty list means no restriction."""

    data_types: list[DataType]
    record_change_scope: str | None = None
    change_types: list[ChangeType] = []
    from_sources: list[Source] = []
    watch_data_in_field_ids: list[str] = []
    watch_schemas_of_field_ids: list[str] = []
    source_options: dict[str, Any] | None = None


class Includes(msgspec.Struct, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """What a payload carries beside the changed cells."""

    include_cell_values_in_field_ids: list[str] | Literal["all"] | None = None
    include_previous_cell_values: bool = False
    include_previous_field_definitions: bool = False


class WishOptions(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Filters and includes together."""

    filters: Filters
    includes: Includes | None = None


class Specification(msgspec.Struct, forbid_unknown_fields=True):
    """The specification of a webhook."""

    options: WishOptions


class NewWebhook(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The body that creates a webhook."""

    specification: Specification
    notification_url: str | None = None


class Payload(msgspec.Struct):
    """One reported transaction; `time` in seconds since the epoch."""

    number: int
    time: float
    body: dict[str, Any]


def _new_secret() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


class Webhook(msgspec.Struct):
    """A registered webhook; `expires` in seconds since the epoch."""

    id: str
    specification: Specification
    expires: float
    notification_url: str | None = None
    secret: str = msgspec.field(default_factory=_new_secret)
    notifying: bool = True
    next_number: int = 1
    payloads: list[Payload] = []
    last_success: str | None = None
    last_result: dict[str, Any] | None = None
