"""What the database says of a record that it will never take."""

import asyncpg

POISON = (
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.DataError,
    asyncpg.ProgramLimitExceededError,
)
"""Trying again does not help; one such record spoils only itself (N8)."""
