"""Settings: every environment variable of the server, typed, validated once at the start."""

from collections.abc import Mapping
from enum import Enum
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal

from msgspec import Meta, Struct, field, structs

Network = IPv4Network | IPv6Network
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Millis = Annotated[int, Meta(ge=0, le=86_400_000)]
ClaimSize = Annotated[int, Meta(ge=1, le=5_000)]
Seconds = Annotated[int, Meta(ge=1, le=31_536_000)]
Port = Annotated[int, Meta(ge=0, le=65_535)]
Factor = Annotated[float, Meta(ge=0, le=1_000)]
Share = Annotated[float, Meta(ge=0, le=1)]


class Role(Enum):
    """Which process reads the settings; each has its own required ones."""

    APP = "app"
    WORKER = "worker"
    TASK = "task"


class Backend(Enum):
    """Which store serves an entity (a `DATA_BACKEND_*` flag)."""

    AIRTABLE_ONLY = "airtable_only"
    POSTGRES_SHADOW_READ = "postgres_shadow_read"
    POSTGRES_PRIMARY = "postgres_primary"
    POSTGRES_ONLY = "postgres_only"


BACKEND_FLAGS = (
    "PROGRAMS",
    "HABIT_USAGE",
    "METHOD_USAGE",
    "PERSONAL_GOAL_USAGE",
    "OVERTUIGING_USAGE",
    "REWARDS",
    "METHODS",
    "OVERTUIGINGEN",
    "PERSONAL_GOALS",
)

AIRTABLE_TABLES = {
    "companies": "tblUIwqUiARc2VZPU",
    "users": "tbl6i8jw3DNSzcHgE",
    "methods": "tblB0QvbGg3zWARt4",
    "goals": "tbl6ngkyNrv0LFzGb",
    "measurements": "tblNPRorF4HnosENA",
    "programs": "tblqW4xeCx1tprNgX",
    "methodUsage": "tblktNOXF3yPPavXU",
    "content": "tblrGcoPeuqTiXOcM",
    "media": "tblwzDUwtnhFKw4kA",
    "daysOfWeek": "tblS3gleG8cSlWOJ3",
    "programPrompts": "tblHmI6cSujof3KHu",
    "translations": "tblTi6uz4PdwOaMe9",
    "programmaplanning": "tbl2PHUaonvs1MYRx",
    "experienceLevels": "tblt5lzx2Msw1aKxv",
    "habitUsage": "tblpWiRiseAZ7jfHm",
    "personalGoals": "tblbjDv35B50ZKG9w",
    "personalGoalUsage": "tbl8eJeQtMnIF5EJo",
    "overtuigingen": "tbl42zgwzkwq3s0cO",
    "mindsetCategories": "tblFTnF8xCReN2Sk3",
    "persoonlijkeOvertuigingen": "tbl6RJteNCCcelyfR",
    "overtuigingenGebruik": "tblsPtnIlTezVacxv",
    "goedeGewoontes": "tblg0lHLnqYIkfvPV",
    "goedeGewoonteGebruik": "tbl3PAonRhbzyIe0o",
}

SECRET_FILES = frozenset(
    {
        "AIRTABLE_ACCESS_TOKEN",
        "AIRTABLE_BASE_ID",
        "AIRTABLE_INBOUND_SYNC_SECRET",
        "AIRTABLE_USER_SYNC_SECRET",
        "CACHE_INVALIDATION_SECRET",
        "DATABASE_DIRECT_URL",
        "DATABASE_URL",
        "JWT_SECRET",
        "METRICS_TOKEN",
        "OPENAI_API_KEY",
        "REDIS_URL",
        "SMTP_FROM",
        "SMTP_PASSWORD",
        "SMTP_PORT",
        "SMTP_SERVER",
        "SMTP_USER",
        "WEB_PUSH_SUBJECT",
        "WEB_PUSH_VAPID_PRIVATE_KEY",
        "WEB_PUSH_VAPID_PUBLIC_KEY",
    }
)


class SettingsError(Exception):
    """The environment cannot be used; the text names every variable concerned, never a value."""


class Settings(Struct, frozen=True, kw_only=True):
    """All settings; a field is the lower-case name of its variable."""

    app_env: Literal["development", "test", "production"] = "development"
    app_version: str = "dev"
    app_commit: str | None = None
    listen_host: str = "0.0.0.0"
    port: Port = 3000
    app_url: str = ""
    static_dir: str = "dist"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    trusted_proxies: tuple[Network, ...] = ()
    rate_limit_factor: Factor = 1.0
    cookie_secure: bool = True

    jwt_secret: str = ""
    metrics_token: str | None = None
    metrics_port: Port | None = None
    cache_invalidation_secret: str | None = None
    airtable_inbound_sync_secret: str | None = None
    airtable_user_sync_secret: str | None = None

    database_url: str
    database_direct_url: str | None = None
    pgsslmode: Literal["disable", "require", "verify-ca", "verify-full"] | None = None
    pgsslrootcert: str | None = None
    pg_pool_max: Count = 10
    pg_idle_timeout_ms: Millis = 10_000
    pg_connect_timeout_ms: Annotated[int, Meta(ge=1, le=86_400_000)] = 5_000
    pg_statement_cache: bool = True
    redis_url: str | None = None

    airtable_access_token: str | None = None
    airtable_base_id: str | None = None
    airtable_endpoint_url: str = "https://api.airtable.com"
    airtable_min_interval_ms: Annotated[int, Meta(ge=1, le=60_000)] = 210
    airtable_max_concurrency: Annotated[int, Meta(ge=1, le=16)] = 4
    airtable_pause_seconds: Seconds = 30
    airtable_webhooks_enabled: bool | None = None
    airtable_webhook_url: str | None = None
    airtable_monthly_call_budget: Count | None = None
    airtable_sync_require_signature: bool = False

    user_webhook_sync_enabled: bool = False
    user_readthrough_fallback_enabled: bool = True
    user_fast_lane_enabled: bool = True
    full_airtable_poll_sync_enabled: bool = True
    sync_user_fallback_poll_seconds: Seconds = 60
    sync_full_poll_seconds: Seconds = 120
    sync_claim_size: ClaimSize = 200
    sync_lease_seconds: Seconds = 120
    sync_linger_ms: Millis = 200
    sync_ambiguous_seconds: Seconds = 30
    sync_max_retries: Annotated[int, Meta(ge=1, le=100)] = 6
    sync_poll_interval_ms: Annotated[int, Meta(ge=100, le=3_600_000)] = 2_000
    sync_retry_base_seconds: Seconds = 5
    sync_retention_days: Annotated[int, Meta(ge=1, le=3_650)] = 14
    sync_inbound_trust_payload: bool = False
    sync_export_password_hash: bool = False
    dead_letter_replay_seconds: Seconds = 300
    saq_concurrency: Annotated[int, Meta(ge=1, le=1_000)] = 10
    worker_heartbeat_file: str | None = None
    data_backend_shadow_sample_rate: Share = 0.05
    data_backend_allow_mixed: bool = False

    smtp_server: str | None = None
    smtp_port: Port = 587
    smtp_user: str | None = None
    smtp_password: str | None = None
    smtp_from: str | None = None

    openai_api_key: str | None = None
    openai_model: str = "gpt-4o"
    openai_base_url: str | None = None
    openai_org_id: str | None = None
    openai_project_id: str | None = None

    push_notifications_enabled: bool = True
    push_notifications_test_mode: bool = False
    web_push_vapid_public_key: str | None = None
    web_push_vapid_private_key: str | None = None
    web_push_subject: str | None = None
    web_push_allowed_hosts: tuple[str, ...] = ()
    notification_default_timezone: str = "Europe/Brussels"
    notification_batch_size: Count = 20
    notification_max_retries: Annotated[int, Meta(ge=1, le=100)] = 6
    notification_retry_base_seconds: Seconds = 5
    notification_reconcile_seconds: Seconds = 120

    airtable_tables: Mapping[str, str] = field(default_factory=lambda: dict(AIRTABLE_TABLES))
    backends: Mapping[str, Backend] = field(
        default_factory=lambda: dict.fromkeys(BACKEND_FLAGS, Backend.POSTGRES_PRIMARY)
    )
    warnings: tuple[str, ...] = ()

    @property
    def production(self) -> bool:
        """Whether the strict rules of a live deployment apply."""
        return self.app_env == "production"

    @property
    def session_database_url(self) -> str:
        """Postgres itself, past any pooler: LISTEN, session locks and migrations need it."""
        return self.database_direct_url or self.database_url


def without_secrets(settings: Settings) -> dict[str, object]:
    """The settings as a log may show them; what can come from a secret file is left out."""
    return {
        name: value
        for name, value in structs.asdict(settings).items()
        if name.upper() not in SECRET_FILES
    }
