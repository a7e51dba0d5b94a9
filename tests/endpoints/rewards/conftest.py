"""The same people as in the tests of tracking."""

from tests.endpoints.tracking.conftest import ann, bob

__all__ = ["ann", "bob"]
