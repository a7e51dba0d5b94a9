"""Bad weather on demand: a queue of rules, each spoiling the next requests that match it."""

from typing import Any, Final, Literal

import msgspec

from tasks.dev.airtable.errors import (
    AirtableError,
    no_access,
    not_found,
    rate_limited,
    unauthorized,
)

MESSAGES: Final = {
    422: ("INVALID_REQUEST_UNKNOWN", "Invalid request: parameter validation failed."),
    500: ("SERVER_ERROR", "Try again. If the problem persists, contact support."),
    502: ("BAD_GATEWAY", "The server received an invalid response."),
    503: ("SERVICE_UNAVAILABLE", "The server could not process your request in time."),
}


class Fault(msgspec.Struct, rename="camel", omit_defaults=True):
    """One rule: which requests (`method`, `table`, `contains` in path, query or body), which of
    them (`skip` first, then `count` times, 0 = always) and what happens to them."""

    status: int | None = None
    kind: str | None = None
    message: str | None = None
    drop: bool = False
    when: Literal["before", "after"] = "before"
    latency: float = 0.0
    retry_after: int | None = None
    method: str | None = None
    table: str | None = None
    contains: str | None = None
    skip: int = 0
    count: int = 1

    def matches(self, method: str, table: str | None, text: str) -> bool:
        """Tell whether the rule is about this request."""
        return (
            self.method in (None, method)
            and self.table in (None, table)
            and (self.contains is None or self.contains in text)
        )

    def error(self) -> AirtableError | None:
        """Return the refusal to answer with, if the rule has one."""
        if self.status is None:
            return None
        if self.kind is not None:
            return AirtableError(self.status, self.kind, self.message)
        usual = {401: unauthorized, 403: no_access, 404: not_found, 429: rate_limited}
        if self.status in usual:
            return usual[self.status]()
        kind, message = MESSAGES.get(self.status, ("ERROR", "Something went wrong."))
        return AirtableError(self.status, kind, self.message or message)


class Faults:
    """The queue; the first rule that matches a request is the one that spoils it."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []

    def add(self, rule: dict[str, Any]) -> None:
        """Put a rule at the end of the queue."""
        self.rules.append(msgspec.convert(rule, Fault))

    def take(self, method: str, table: str | None, text: str) -> Fault | None:
        """Use up one turn of the first matching rule."""
        for rule in self.rules:
            if rule.matches(method, table, text):
                return self._use(rule)
        return None

    def _use(self, rule: Fault) -> Fault | None:
        if rule.skip:
            rule.skip -= 1
            return None
        if rule.count == 1:
            self.rules.remove(rule)
        rule.count -= rule.count > 0
        return rule
