"""What an activity is worth."""

from msgspec import Struct

from api._lib.rewards.model import Tally

HABIT_POINTS = 5
PERSONAL_GOAL_POINTS = 5
BELIEF_POINTS = 1


class Scores(Struct, frozen=True):
    """The three scores; the total is always their sum."""

    mental_fitness: int
    personal_goals: int
    good_habits: int

    @property
    def total(self) -> int:
        """All points together."""
        return self.mental_fitness + self.personal_goals + self.good_habits


def scores(tally: Tally) -> Scores:
    """The scores that follow from what was counted; bonuses belong to mental fitness.

    An operator's adjustment may take points away, but no score goes below 0.
    """
    return Scores(
        mental_fitness=max(0, tally.method_points + tally.bonus_points),
        personal_goals=tally.goals * PERSONAL_GOAL_POINTS,
        good_habits=tally.habits * HABIT_POINTS,
    )
