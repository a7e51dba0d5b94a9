"""What reading JSON from elsewhere may raise."""

import msgspec

UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)
"""The last is what msgspec raises for brackets within brackets within brackets."""
