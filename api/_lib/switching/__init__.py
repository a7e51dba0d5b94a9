"""Which store serves an entity: flags decide here, and nowhere else while a request runs."""

from api._lib.switching.switch import Switch

__all__ = ["Switch"]
