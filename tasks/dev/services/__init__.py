"""PostgreSQL 16 and Redis on loopback, from the wheels that carry their programs."""

from tasks.dev.services.ports import HOST, free_port, taken
from tasks.dev.services.postgres import FLEETING, Postgres, unprivileged_user
from tasks.dev.services.redis import Redis
from tasks.dev.services.service import Service, write_secret

__all__ = [
    "FLEETING",
    "HOST",
    "Postgres",
    "Redis",
    "Service",
    "free_port",
    "taken",
    "unprivileged_user",
    "write_secret",
]
