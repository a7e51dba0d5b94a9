"""Names of people in requests."""

from api._lib.errors import bad_request

LONGEST = 200


def trimmed(name: str) -> str:
    """A name without surrounding spaces; raises a 400 when nothing or too much is left."""
    name = name.strip()
    if not name:
        raise bad_request("field_required", field="name")
    if len(name) > LONGEST:
        raise bad_request("field_too_long", field="name", limit=LONGEST)
    return name
