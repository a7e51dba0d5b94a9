"""Every route of the server and who may call it, as data."""

from enum import Enum

from msgspec import Struct


class Who(Enum):
    """Who may call a route."""

    PUBLIC = "public"
    COOKIE = "refresh cookie"
    USER = "user"
    ADMIN = "admin"
    CACHE_SECRET = "CACHE_INVALIDATION_SECRET"
    SYNC_SECRET = "AIRTABLE_INBOUND_SYNC_SECRET"
    PEOPLE_SECRET = "AIRTABLE_USER_SYNC_SECRET"
    NOBODY = "405"
    """The path exists, but not with this method."""
    FRAME = "the frame"
    """Served without an endpoint module: documents, figures, the web client."""


SECRETS = {
    Who.CACHE_SECRET: "x-cache-secret",
    Who.SYNC_SECRET: "x-sync-secret",
    Who.PEOPLE_SECRET: "x-sync-secret",
}


class Route(Struct, frozen=True):
    """One row of the table."""

    number: int
    method: str
    path: str
    who: Who

    @property
    def label(self) -> str:
        """How a test of this row is called."""
        return f"{self.number} {self.method} {self.path}"


def _rows(who: Who, *rows: tuple[int, str, str]) -> list[Route]:
    return [Route(number, method, path, who) for number, method, path in rows]


ROUTES = sorted(
    [
        *_rows(
            Who.PUBLIC,
            (1, "POST", "/api/auth/login"),
            (2, "POST", "/api/auth/logout"),
            (5, "POST", "/api/auth/set-password"),
            (6, "POST", "/api/auth/magic-link"),
            (7, "GET", "/api/auth/verify"),
            (8, "POST", "/api/auth/verify-code"),
            (9, "GET", "/api/translations/{lang}"),
            (29, "GET", "/api/methods"),
            (31, "GET", "/api/methods/{id}"),
            (32, "GET", "/api/goals"),
            (33, "GET", "/api/days"),
            (51, "GET", "/api/overtuigingen"),
            (53, "GET", "/api/mindset-categories"),
            (70, "GET", "/api/health"),
            (75, "POST", "/api/sync/airtable/webhook"),
            (79, "GET", "/api/attachments/{recordId}/{filename}"),
        ),
        *_rows(Who.COOKIE, (3, "POST", "/api/auth/refresh")),
        *_rows(
            Who.USER,
            (4, "GET", "/api/auth/me"),
            (12, "GET", "/api/users/lookup"),
            (13, "POST", "/api/users/change-password"),
            (15, "PATCH", "/api/users/{id}"),
            (16, "GET", "/api/companies/lookup"),
            (17, "GET", "/api/programs"),
            (18, "POST", "/api/programs"),
            (19, "POST", "/api/programs/generate"),
            (20, "POST", "/api/programs/preview"),
            (21, "POST", "/api/programs/confirm"),
            (22, "GET", "/api/programs/{id}"),
            (23, "PATCH", "/api/programs/{id}"),
            (24, "DELETE", "/api/programs/{id}"),
            (25, "GET", "/api/programs/{id}/methods"),
            (26, "POST", "/api/programs/{id}/regenerate-schedule"),
            (27, "POST", "/api/programs/{id}/extend"),
            (28, "PATCH", "/api/programs/{id}/schedule/{planningId}"),
            (30, "GET", "/api/methods/habits"),
            (35, "POST", "/api/method-usage"),
            (36, "PATCH", "/api/method-usage/{id}"),
            (37, "GET", "/api/method-usage/by-program"),
            (38, "GET", "/api/rewards"),
            (39, "POST", "/api/rewards/award"),
            (41, "GET", "/api/habit-usage"),
            (42, "POST", "/api/habit-usage"),
            (43, "DELETE", "/api/habit-usage"),
            (44, "GET", "/api/personal-goals"),
            (45, "POST", "/api/personal-goals"),
            (47, "PATCH", "/api/personal-goals/{id}"),
            (48, "DELETE", "/api/personal-goals/{id}"),
            (49, "GET", "/api/personal-goal-usage"),
            (50, "POST", "/api/personal-goal-usage"),
            (52, "GET", "/api/overtuigingen/by-goals"),
            (54, "GET", "/api/overtuiging-usage"),
            (55, "POST", "/api/overtuiging-usage"),
            (56, "GET", "/api/persoonlijke-overtuigingen"),
            (57, "POST", "/api/persoonlijke-overtuigingen"),
            (58, "PATCH", "/api/persoonlijke-overtuigingen/{id}"),
            (59, "DELETE", "/api/persoonlijke-overtuigingen/{id}"),
            (64, "POST", "/api/notifications/subscribe"),
            (65, "DELETE", "/api/notifications/subscribe"),
            (66, "GET", "/api/notifications/preferences"),
            (67, "PATCH", "/api/notifications/preferences"),
            (68, "POST", "/api/notifications/test"),
            (69, "POST", "/api/account/nuke"),
        ),
        *_rows(Who.ADMIN, (11, "POST", "/api/users"), (40, "POST", "/api/rewards/backfill")),
        *_rows(Who.CACHE_SECRET, (60, "POST", "/api/cache/invalidate")),
        *_rows(
            Who.SYNC_SECRET,
            (61, "POST", "/api/sync/inbound"),
            (62, "POST", "/api/sync/replay-dead-letter"),
            (76, "GET", "/api/sync/dead-letters"),
        ),
        *_rows(Who.PEOPLE_SECRET, (63, "POST", "/api/sync/users/inbound")),
        *_rows(
            Who.NOBODY,
            (10, "GET", "/api/users"),
            (14, "GET", "/api/users/{id}"),
            (34, "GET", "/api/method-usage"),
            (46, "GET", "/api/personal-goals/{id}"),
        ),
        *_rows(
            Who.FRAME,
            (71, "GET", "/sw.js"),
            (71, "GET", "/registerSW.js"),
            (72, "GET", "/assets/index-1.js"),
            (73, "GET", "/manifest.webmanifest"),
            (73, "GET", "/"),
            (74, "GET", "/programs"),
            (77, "GET", "/api/openapi.json"),
            (77, "GET", "/api/docs"),
            (78, "GET", "/metrics"),
        ),
    ],
    key=lambda route: route.number,
)


def routes(*who: Who) -> list[Route]:
    """The rows that these may call."""
    return [route for route in ROUTES if route.who in who]
