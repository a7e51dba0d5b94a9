"""Identifiers in Airtable's form: a three-letter prefix and fourteen letters or digits."""

import re
import secrets
import string

ALPHABET = string.ascii_letters + string.digits
BASE_ID = re.compile(r"app[A-Za-z0-9]{14}")
RECORD_ID = re.compile(r"rec[A-Za-z0-9]{14}")


def new_id(prefix: str) -> str:
    """Return a fresh random id such as `recA1b2C3d4E5f6G7`."""
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(14))


def is_base_id(value: str) -> bool:
    """Tell whether a text has the form of a base id."""
    return BASE_ID.fullmatch(value) is not None


def is_record_id(value: object) -> bool:
    """Tell whether a value has the form of a record id."""
    return isinstance(value, str) and RECORD_ID.fullmatch(value) is not None
