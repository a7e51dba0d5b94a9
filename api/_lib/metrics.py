"""Figures for operators, in Prometheus' text format."""

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
mails = Counter("mails", "Mails by outcome", ("outcome",), registry=REGISTRY)
pushes = Counter("pushes", "Push messages by outcome", ("outcome",), registry=REGISTRY)
reminders = Counter(
    "reminders", "Due reminders by what became of them", ("status",), registry=REGISTRY
)
ai_calls = Counter("ai_calls", "AI calls by outcome", ("outcome",), registry=REGISTRY)
ai_tokens = Counter("ai_tokens", "AI tokens", ("kind",), registry=REGISTRY)


def render() -> bytes:
    """The current figures of this process."""
    return generate_latest(REGISTRY)
