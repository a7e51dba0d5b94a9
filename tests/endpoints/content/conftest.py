"""A small library: methods, goals, convictions, habits, texts."""

import pytest

from api._lib.app import App
from api._lib.db import Database

CONTENT = """
INSERT INTO goals (id, name, description, status, sort_order) VALUES
  ('recGoalStress0001', 'Stress verminderen', 'Rustiger', 'Actief', 1),
  ('recGoalFocus00001', 'Focus', NULL, NULL, 0),
  ('recGoalBlank00001', '  ', NULL, NULL, 2);
INSERT INTO experience_levels (id, name) VALUES ('recLevelBegin0001', 'Beginner');
INSERT INTO methods
  (id, name, duration_minutes, description, points_value, photo_url, photo_filename,
   photo_fetched_at, sort_order, is_listed, archived_at)
VALUES
  ('recMethBreath0001', 'Ademruimte', 5, '# Adem', 8, 'https://files.test/a', 'a b.svg', now(),
   1, true, NULL),
  ('recMethScan000001', 'Bodyscan', 10, NULL, 5, NULL, NULL, NULL, 0, true, NULL),
  ('recMethHidden0001', 'Verborgen', 1, NULL, 5, NULL, NULL, NULL, 2, false, NULL),
  ('recMethGone000001', 'Vroeger', 1, NULL, 5, NULL, NULL, NULL, 3, true, now());
INSERT INTO method_goals (method_id, goal_id, position) VALUES
  ('recMethBreath0001', 'recGoalStress0001', 0), ('recMethBreath0001', 'recGoalFocus00001', 1);
INSERT INTO method_experience_levels (method_id, experience_level_id, position) VALUES
  ('recMethBreath0001', 'recLevelBegin0001', 0);
INSERT INTO media (id, filename, media_type, url, url_filename, url_fetched_at) VALUES
  ('recMediaSound0001', 'Adem', 'audio', 'https://files.test/adem', 'adem.mp3', now()),
  ('recMediaEmpty0001', 'Leeg', 'video', NULL, NULL, NULL);
INSERT INTO method_media (method_id, media_id, position) VALUES
  ('recMethBreath0001', 'recMediaEmpty0001', 0), ('recMethBreath0001', 'recMediaSound0001', 1);
INSERT INTO weekdays (id, name, iso_weekday) VALUES
  ('recDayZondag00001', 'Zondag', 7), ('recDayMaandag0001', 'Maandag', 1),
  ('recDayFeestdag001', 'Feestdag', NULL);
INSERT INTO mindset_categories (id, name, display_order, content) VALUES
  ('recCategorySelf01', 'Zelfvertrouwen', 2, 'Tekst');
INSERT INTO category_goals (category_id, goal_id, position) VALUES
  ('recCategorySelf01', 'recGoalStress0001', 0);
INSERT INTO beliefs (id, name, display_order) VALUES
  ('recBeliefRust0001', 'Ik mag rusten', 3), ('recBeliefKan00001', 'Ik kan het', 0),
  ('recBeliefAlone001', 'Ik ben genoeg', 1);
INSERT INTO belief_categories (belief_id, category_id, belief_position, category_position) VALUES
  ('recBeliefRust0001', 'recCategorySelf01', 0, 0);
INSERT INTO belief_goals (belief_id, goal_id, position) VALUES
  ('recBeliefKan00001', 'recGoalFocus00001', 0);
INSERT INTO habits (id, name, notes, sort_order) VALUES
  ('recHabitWater0001', '💧 Water drinken', '2 liter', 0),
  ('recHabitWalk00001', 'Wandelen', NULL, 1);
INSERT INTO companies (id, name) VALUES
  ('recCompanyOne0001', 'Eerste'), ('recCompanyTwo0001', 'Tweede');
INSERT INTO translations (key, nl, fr, en) VALUES
  ('a.b', 'Hallo', NULL, 'Hello'), ('a.c', 'Hallo', 'Salut', NULL), ('a.d', 'Dag', '', 'Day'),
  ('wizard.review.subtitle', '<strong>Kijk</strong> <img src=x onerror=y> na', NULL, NULL);
"""


@pytest.fixture
def database(app: App) -> Database:
    """The database of the running application."""
    assert app.resources is not None
    return app.resources.db


@pytest.fixture
async def library(database: Database) -> Database:
    """The database, filled with the small library."""
    async with database.connection() as connection:
        await connection.execute(CONTENT)
    return database
