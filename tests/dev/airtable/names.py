"""Tables and fields the tests speak of."""

import httpx

USERS = "tbl6i8jw3DNSzcHgE"
PROGRAMS = "tblqW4xeCx1tprNgX"
SESSIONS = "tbl2PHUaonvs1MYRx"
METHOD_USAGE = "tblktNOXF3yPPavXU"
METHODS = "tblB0QvbGg3zWARt4"
GOALS = "tbl6ngkyNrv0LFzGb"
DAYS = "tblS3gleG8cSlWOJ3"
PERSONAL_GOALS = "tblbjDv35B50ZKG9w"
BELIEFS = "tbl42zgwzkwq3s0cO"
HABITS = "tblg0lHLnqYIkfvPV"
TICKS = "tbl3PAonRhbzyIe0o"
TRANSLATIONS = "tblTi6uz4PdwOaMe9"

USER_NAME = "fldIK4uXpJluMZwEg"
USER_STATUS = "fld6B6DCJblZpC5wq"
BONUS = "fldnTqsjBrzV37WPG"
GOAL_NAME = "fldJgnovQb0fukTHy"
TICK_USER = "fldLIzVxJ5TmPtwBJ"
TICK_HABIT = "fld23ht8gYEFQ3r4U"
TICK_DATE = "fldLDuoW175HMOl4W"
TICK_NAME = "fld0M8vf1Tx20OomS"

NOWHERE = "recDoesNotExist00"


def kind(answer: httpx.Response) -> str:
    """Return the type of a refusal, whichever shape its body has."""
    error = answer.json()["error"]
    return str(error if isinstance(error, str) else error["type"])
