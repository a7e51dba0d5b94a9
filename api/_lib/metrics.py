"""Figures for operators, in Prometheus' text format."""

import hmac

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry()
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

requests = Histogram(
    "http_request_seconds",
    "Requests by route template, method and status",
    ("route", "method", "status"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 90),
    registry=REGISTRY,
)
pool_connections = Gauge("postgres_connections", "Open connections", ("state",), registry=REGISTRY)
cache_reads = Counter("cache_reads", "Reads of cached lists", ("outcome",), registry=REGISTRY)
airtable_calls = Counter("airtable_calls", "Airtable requests", ("outcome",), registry=REGISTRY)
user_events = Counter(
    "webhook_user_events", "News of people from outside by outcome", ("outcome",), registry=REGISTRY
)
user_provisioning = Histogram(
    "user_provisioning_seconds",
    "From the making of a person in Airtable to the row here",
    buckets=(1, 2.5, 5, 10, 15, 30, 60, 120, 300, 3_600, 86_400),
    registry=REGISTRY,
)
readthrough_attempts = Counter(
    "auth_readthrough_attempts", "People looked for in Airtable", ("outcome",), registry=REGISTRY
)
readthrough_success = Counter(
    "auth_readthrough_success", "People found in Airtable while logging in", registry=REGISTRY
)
shadow_compared = Counter(
    "shadow_compared", "Answers of both stores that were compared", ("entity",), registry=REGISTRY
)
shadow_diff = Counter(
    "shadow_diff", "Differences between both stores", ("entity", "kind"), registry=REGISTRY
)
shadow_error = Counter(
    "shadow_error", "Comparisons that could not be made", ("entity",), registry=REGISTRY
)
mails = Counter("mails", "Mails by outcome", ("outcome",), registry=REGISTRY)
pushes = Counter("pushes", "Push messages by outcome", ("outcome",), registry=REGISTRY)
reminders = Counter(
    "reminders", "Due reminders by what became of them", ("status",), registry=REGISTRY
)
ai_calls = Counter("ai_calls", "AI calls by outcome", ("outcome",), registry=REGISTRY)
ai_tokens = Counter("ai_tokens", "AI tokens", ("kind",), registry=REGISTRY)

postgres_up = Gauge("postgres_up", "Whether Postgres answered at this look", registry=REGISTRY)
outbox_events = Gauge(
    "outbox_events", "Events that wait or are sent", ("state",), registry=REGISTRY
)
outbox_lag = Gauge("outbox_lag_seconds", "Age of the oldest event on its way", registry=REGISTRY)
outbox_delivery = Gauge(
    "outbox_delivery_seconds",
    "From commit to Airtable, 15 minutes",
    ("quantile",),
    registry=REGISTRY,
)
dead_letters = Gauge("dead_letters", "Open dead letters", registry=REGISTRY)
late_erasures = Gauge(
    "late_erasures",
    "Erased people whose records are still in Airtable after an hour",
    registry=REGISTRY,
)
reminder_jobs = Gauge("reminder_jobs", "Due and failed reminders", ("state",), registry=REGISTRY)
inbound_lag = Gauge(
    "inbound_lag_seconds",
    "Since a table was last listed, or the webhook heard",
    ("table",),
    registry=REGISTRY,
)
workers = Gauge("workers", "Workers heard of in the last 30 seconds", registry=REGISTRY)
tables_without_app_id = Gauge(
    "airtable_tables_without_app_id", "Writable tables that lack App ID", registry=REGISTRY
)
breaker_open = Gauge("airtable_breaker_open", "Whether sending is suspended", registry=REGISTRY)
calls_this_month = Gauge("airtable_calls_this_month", "Calls to the base", registry=REGISTRY)
jobs = Histogram(
    "worker_job_seconds",
    "Runs of the worker's jobs by outcome",
    ("job", "outcome"),
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 15, 45, 60, 120, 300, 600, 3_600),
    registry=REGISTRY,
)


def may_read(authorization: str, token: str | None, *, production: bool) -> bool:
    """Whether this header opens the figures; without a token they are open outside production."""
    if not token:
        return not production
    given = authorization.removeprefix("Bearer ")
    return hmac.compare_digest(given.encode(), token.encode())


def render() -> bytes:
    """The current figures of this process."""
    return generate_latest(REGISTRY)
