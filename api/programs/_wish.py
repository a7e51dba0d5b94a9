"""What a program is to be planned from."""

from datetime import date
from typing import Annotated

from msgspec import Meta

from api._lib.programs import service as programs
from api._lib.wire import Body, RecordId


class Wish(Body, kw_only=True):
    """What to plan for, from when, how long and on which days."""

    goals: Annotated[list[RecordId], Meta(min_length=1, max_length=200)]
    start_date: date
    duration: Annotated[str, Meta(max_length=64)]
    days_of_week: Annotated[list[RecordId], Meta(min_length=1, max_length=200)]

    def request(self) -> programs.Request:
        """The wish in the words of the use case."""
        return programs.Request(
            goals=self.goals, start=self.start_date, duration=self.duration, days=self.days_of_week
        )
