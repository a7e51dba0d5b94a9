"""Content for the tests of programs: a week, goals, methods, beliefs, habits and prompts."""

from api._lib.db import Database
from tests.programs.strategies import WEEKDAYS

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = (day.id for day in WEEKDAYS)
STRESS, FOCUS, SLEEP, HABITS_GOAL = (
    "recGoalStress0001",
    "recGoalFocus00001",
    "recGoalSleep00001",
    "recGoalHabits0001",
)
BREATHE, SCAN, WALK, WRITE, TIDY = (
    "recMethBreathe001",
    "recMethScan000001",
    "recMethWalk000001",
    "recMethWrite00001",
    "recMethTidy000001",
)
REST, CAN, ENOUGH, EXPERT = (
    "recBeliefRest0001",
    "recBeliefCan00001",
    "recBeliefEnough01",
    "recBeliefExpert01",
)
WATER, STRETCH, READ, OUTSIDE = (
    "recHabitWater0001",
    "recHabitStretch01",
    "recHabitRead00001",
    "recHabitOutside01",
)
UNKNOWN = "recUnknown0000001"

CONTENT = f"""
INSERT INTO goals (id, name, description, status, sort_order) VALUES
  ('{STRESS}', 'Stress verminderen', 'Rustiger worden', 'Actief', 1),
  ('{FOCUS}', 'Focus', NULL, NULL, 0), ('{SLEEP}', 'Slapen', NULL, NULL, 2),
  ('{HABITS_GOAL}', 'Goede gewoontes', NULL, NULL, 3);
INSERT INTO experience_levels (id, name) VALUES ('recLevelBegin0001', 'Beginner');
INSERT INTO methods (id, name, duration_minutes, description, optimal_frequency, sort_order)
VALUES
  ('{BREATHE}', 'Ademen', 10, 'Adem rustig', '{{Dagelijks}}', 0),
  ('{SCAN}', 'Bodyscan', 5, NULL, '{{}}', 1), ('{WALK}', 'Wandelen', 10, NULL, '{{}}', 2),
  ('{WRITE}', 'Schrijven', 15, NULL, '{{Wekelijks}}', 3),
  ('{TIDY}', 'Opruimen', 5, NULL, '{{}}', 4);
INSERT INTO method_experience_levels (method_id, experience_level_id, position)
VALUES ('{BREATHE}', 'recLevelBegin0001', 0);
INSERT INTO method_goals (method_id, goal_id, position) VALUES
  ('{BREATHE}', '{STRESS}', 0), ('{SCAN}', '{FOCUS}', 0), ('{WALK}', '{STRESS}', 0),
  ('{WALK}', '{FOCUS}', 1), ('{TIDY}', '{STRESS}', 0), ('{TIDY}', '{HABITS_GOAL}', 1);
INSERT INTO mindset_categories (id, name) VALUES ('recCategorySelf01', 'Zelfvertrouwen');
INSERT INTO category_goals (category_id, goal_id, position)
VALUES ('recCategorySelf01', '{STRESS}', 0);
INSERT INTO beliefs (id, name, display_order, levels) VALUES
  ('{REST}', 'Ik mag rusten', 3, '{{Niveau 1}}'), ('{CAN}', 'Ik kan dit', 1, '{{Niveau 1}}'),
  ('{ENOUGH}', 'Ik ben genoeg', 2, '{{Niveau 1,Niveau 2}}'),
  ('{EXPERT}', 'Ik ken mezelf', 0, '{{Niveau 3}}');
INSERT INTO belief_categories (belief_id, category_id, belief_position, category_position)
VALUES ('{REST}', 'recCategorySelf01', 0, 0), ('{EXPERT}', 'recCategorySelf01', 0, 1);
INSERT INTO belief_goals (belief_id, goal_id, position) VALUES
  ('{CAN}', '{STRESS}', 0), ('{ENOUGH}', '{FOCUS}', 0);
INSERT INTO habits (id, name, notes, sort_order) VALUES
  ('{WATER}', 'Water drinken', '2 liter', 0), ('{STRETCH}', 'Rekken', NULL, 1),
  ('{READ}', 'Lezen', NULL, 2), ('{OUTSIDE}', 'Naar buiten', NULL, 3);
INSERT INTO program_prompts (id, name, prompt, prompt_type, sort_order) VALUES
  ('recPromptIntro001', 'intro', 'Wees een milde coach.', 'Systeem', 0),
  ('recPromptStress01', 'stress', 'Begin met ademen.', 'Programmaopbouw', 1),
  ('recPromptSleep001', 'slaap', 'Enkel in de avond.', 'Programmaopbouw', 2),
  ('recPromptBlank001', 'leeg', '  ', 'Programmaopbouw', 3);
INSERT INTO prompt_goals (prompt_id, goal_id, position) VALUES
  ('recPromptStress01', '{STRESS}', 0), ('recPromptSleep001', '{SLEEP}', 0),
  ('recPromptBlank001', '{STRESS}', 0);
"""


async def add_library(db: Database) -> None:
    """Store all of it."""
    async with db.connection() as connection:
        await connection.execute(CONTENT)
        await connection.executemany(
            "INSERT INTO weekdays (id, name, iso_weekday) VALUES ($1, $2, $3)",
            [(day.id, day.name, number) for number, day in enumerate(WEEKDAYS, 1)],
        )
