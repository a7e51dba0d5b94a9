"""Levels: ten steps, climbed and never descended."""

from bisect import bisect_right

THRESHOLDS = (0, 50, 125, 250, 400, 600, 850, 1150, 1500, 2000)
"""Points from which level 1, 2, … 10 is reached; the web client holds the same table."""


def level_for(points: int) -> int:
    """The highest level whose threshold is reached, 1 below the first."""
    return max(1, bisect_right(THRESHOLDS, points))


def level_after(stored: int, points: int) -> int:
    """The level after a recount: it never drops, whatever the points do."""
    return max(stored, level_for(points))
