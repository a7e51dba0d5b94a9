"""Use cases of tracking; other domains and the endpoints come in here."""

from api._lib.tracking.service.habits import habits_of_day, tick_habit, untick_habit

__all__ = ["habits_of_day", "tick_habit", "untick_habit"]
